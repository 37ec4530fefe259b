"""`kerax.print`: TensorFlow's format, and its place in compiled code."""

from __future__ import annotations

import logging
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax._errors import ArgumentError


def printed(capsys, *args, **kwargs):
    kerax.print(*args, output_stream=sys.stdout, **kwargs)
    jax.effects_barrier()
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        (3, "3"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1 / 3, "0.333333343"),
        (True, "1"),
        (None, "None"),
        (np.float64(1 / 3), "0.33333333333333331"),
        (jnp.float32(3.1415927), "3.14159274"),
        (jnp.bfloat16(0.1), "0.100097656"),
        (1e10, "1e+10"),
        (1e-7, "1e-07"),
        (float("nan"), "nan"),
        (-float("inf"), "-inf"),
        (jnp.asarray(1 + 2j), "(1,2)"),
        (np.arange(3), "[1 2 3]".replace("1 2 3", "0 1 2")),
        (np.array([], "float32"), "[]"),
        (np.array([True, False]), "[1 0]"),
        (np.arange(10), "[0 1 2 ... 7 8 9]"),
        (np.arange(6).reshape(2, 3), "[[0 1 2]\n [3 4 5]]"),
        (np.arange(8).reshape(2, 2, 2), "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]"),
        (np.arange(16).reshape(8, 2), "[[0 1]\n [2 3]\n [4 5]\n ...\n [10 11]\n [12 13]\n [14 15]]"),
        ([1, 2.5], "[1, 2.5]"),
        ((np.arange(2),), "([0 1],)"),
        ((1, "a"), '(1, "a")'),
        ({"b": np.arange(2), "a": [1.0]}, "{'a': [1], 'b': [0 1]}"),
    ],
)
def test_values_look_as_in_tensorflow(capsys, value, text):
    assert printed(capsys, value) == text + "\n"


def test_separators_ends_and_summaries(capsys):
    assert printed(capsys, "a", 1, [2], sep="|", end="!") == "a|1|[2]!"
    assert printed(capsys) == "\n"
    assert printed(capsys, np.arange(10), summarize=1) == "[0 ... 9]\n"
    assert printed(capsys, np.arange(10), summarize=-1) == "[0 1 2 3 4 5 6 7 8 9]\n"


def test_variables_show_their_values(capsys):
    assert printed(capsys, kerax.Variable([1.0, 2.0]), kerax.Variable(3)) == "[1 2] 3\n"


def test_compiled_code_prints_in_order_at_each_run(capsys):
    v = kerax.Variable(0)

    @kerax.function
    def f(n):
        kerax.print("start", {"n": n}, output_stream=sys.stdout)
        for i in range(n):
            v.assign_add(1)
            if i % 2 == 0:
                kerax.print("even", i, v, output_stream=sys.stdout)
            else:
                kerax.print("odd", i, output_stream=sys.stdout)
        kerax.print("end", output_stream=sys.stdout)

    f(jnp.int32(3))
    f(jnp.int32(1))
    jax.effects_barrier()
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["start {'n': 3}", "even 0 1", "odd 1", "even 2 3", "end", "start {'n': 1}", "even 0 4", "end"]


@pytest.mark.parametrize(
    "run",
    [
        lambda f: jax.jit(f)(1.0),
        lambda f: jax.grad(f)(1.0),
        lambda f: jax.jit(jax.grad(f))(1.0),
        lambda f: jax.jit(lambda x: jax.lax.fori_loop(0, 1, lambda i, c: f(c), x))(1.0),
        lambda f: jax.grad(lambda x: jax.lax.scan(lambda c, _: (f(c), None), x, None, 1)[0])(1.0),
        lambda f: jax.vmap(f)(jnp.ones(1)),
    ],
    ids=["jit", "grad", "jit of grad", "fori_loop", "grad of scan", "vmap"],
)
def test_it_prints_once_inside_transformations(capsys, run):
    def f(x):
        kerax.print("x", x, output_stream=sys.stdout)
        return x * 2.0

    jax.block_until_ready(run(f))
    jax.effects_barrier()
    assert capsys.readouterr().out == "x 1\n"


def test_under_a_tape_it_prints_at_once(capsys):
    v = kerax.Variable(2.0)
    with kerax.GradientTape() as tape:
        y = v * v
        kerax.print("y", y, output_stream=sys.stdout)
        assert capsys.readouterr().out == "y 4\n"
    assert tape.gradient(y, v) == 4.0


def test_it_prints_in_fit(capsys):
    class Shouting(kerax.layers.Layer):
        def call(self, x):
            kerax.print("shape", x.shape, output_stream=sys.stdout)
            return x

    model = kerax.Sequential([Shouting(), kerax.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), batch_size=2, verbose=0)
    jax.effects_barrier()
    assert capsys.readouterr().out.count("shape (2, 2)\n") >= 2


def test_streams(capsys, caplog, tmp_path):
    kerax.print("plain")
    assert capsys.readouterr().err == "plain\n"
    with caplog.at_level(logging.INFO, "kerax"):
        kerax.print("logged", output_stream="log(warning)")
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [("WARNING", "logged")]
    path = tmp_path / "out.txt"
    for _ in range(2):
        kerax.print("line", np.arange(2), output_stream=f"file://{path}")
    assert path.read_text() == "line [0 1]\n" * 2
    with path.open("w") as file:
        kerax.print("open", output_stream=file)
    assert path.read_text() == "open\n"
    with pytest.raises(ArgumentError, match=r"output_stream='nowhere', expected an open file, 'log\(info\)'"):
        kerax.print("x", output_stream="nowhere")
