"""All of Python may stand in a function: converted or left as it is, it means what it says."""

from __future__ import annotations

import contextlib
import dataclasses
import enum

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax
from kerax import ops

total = 0


def walrus(x):
    if (y := x * 2) > 3:
        return y
    return x


def star_expressions(x):
    first, *rest = [x, x + 1, x + 2]
    if x > 0:
        first = first + sum(rest)
    return max(*rest, first)


def formatted(x):
    name = f"{'a'}-{1 + 1:02d}"
    if x > 0:
        x = x + len(name)
    return x


def global_statement(x):
    global total
    total = 0
    if x > 0:
        total = x
    else:
        total = x * 3
    return total


def deleted(x):
    y = x * 2
    if x > 0:
        x = x + y
    del y
    return x


def try_except_else(x):
    try:
        y = {}["missing"]
    except KeyError as error:
        y = x * 2 if x > 0 else x
        y = y + len(error.args)
    else:
        y = x
    finally:
        y = y + 1
    return y


def return_in_try(x):
    try:
        if x > 0:
            return x * 2
        return x * 3
    finally:
        pass


def return_in_with(x):
    with contextlib.nullcontext() as nothing:
        assert nothing is None
        if x > 5:
            return x
    return -x


def nested_class(x):
    @dataclasses.dataclass
    class Point:
        a: object
        b: object = 2

        def total(self):
            if self.a > 0:
                return self.a + self.b
            return self.a

    return Point(x).total()


def positional_only(a, /, b=1, *, c=2):
    if a > 0:
        return a * b + c
    return a


def lambda_defaults(x):
    f = lambda y, k=3: y * k if y > 0 else y  # noqa: E731
    return f(x) + f(x, k=2) + f(*[x], **{"k": 1})


def closure_over_loop(x):
    adders = [lambda y, i=i: y + i for i in range(3)]
    for add in adders:
        if x > 0:
            x = add(x)
    return x


def dict_and_set_comprehension(x):
    table = {k: x * k for k in range(4) if k % 2}
    return sum(table.values()) if x > 0 else len({1, 2})


def locals_and_vars(x):
    y = 3
    found = locals()["y"]
    if x > 0:
        x = x + found
    return x


def chained_assignment(x):
    a = b = x
    if x > 0:
        a, b = b + 1, a + 2
    return a * b


def swap_in_loop(x):
    a, b = x, -x
    for _ in range(3):
        if a > b:
            a, b = b, a
    return a, b


def tuple_target(x):
    total = 0.0
    for (a, b), c in zip([(x, 1.0), (x, 2.0)], [3.0, 4.0], strict=True):
        if a > 0:
            total += a * b + c
    return total


def nested_break(x):
    hits = jnp.float32(0)
    for i in range(3):
        for j in range(3):
            if i * j > x:
                break
            if j == i:
                continue
            hits = hits + 1
    return hits


def pass_and_ellipsis(x):
    if x > 0:
        pass
    elif x < -5:
        ...
    else:
        x = x - 1
    return x


def boolean_state(x):
    done = False
    n = 0
    while not done:
        n += 1
        done = n >= x
    return n


def is_and_in(x):
    y = None
    if y is None and "a" in {"a": 1} and 3 not in (1, 2):
        y = x
    if y is not None:
        if y > 0:
            y = y + 1
    return y


class Color(enum.Enum):
    RED = 1


def enums(x, color=Color.RED):
    if color is Color.RED:
        return x + color.value if x > 0 else x
    return x


def docstring_only(x):
    """Nothing but this."""


def recursion_with_tensors(x, n=4):
    if n == 0:
        return x
    return recursion_with_tensors(x / 2 if x > 1 else x * 3, n - 1)


def early_continue(x):
    result = x
    for i in range(4):
        if result > 4:
            continue
        result = result + i
    return result


def method_chains(x):
    return [x, x + 1].__getitem__(1).sum() if x > 0 else jnp.abs(x).max()


def unused_dead_branch(x):
    if x > 0:
        text = "positive"
    else:
        text = "other"  # noqa: F841
    return x


CASES = [
    walrus, star_expressions, formatted, global_statement, deleted, try_except_else, return_in_try,
    return_in_with, nested_class, positional_only, lambda_defaults, closure_over_loop, dict_and_set_comprehension,
    locals_and_vars, chained_assignment, swap_in_loop, tuple_target, nested_break, pass_and_ellipsis, boolean_state,
    is_and_in, enums, docstring_only, recursion_with_tensors, early_continue, method_chains, unused_dead_branch,
]  # fmt: skip


@pytest.mark.parametrize("value", [-2.0, 1.0, 7.0])
@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_python_means_what_it_says(fn, value):
    x = jnp.float32(value)
    expected, got = fn(x), kerax.function(fn)(x)
    for a, b in zip(kerax.tree.flatten(expected), kerax.tree.flatten(got), strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize("place", ["branch", "while", "for", "range"])
def test_layers_are_built_and_optimizers_make_slots_inside_control_flow(place):
    kerax.utils.set_random_seed(0)
    layer = kerax.layers.Dense(2, kernel_initializer="ones")
    optimizer = kerax.optimizers.Adam(0.1)

    def turn(x):
        with kerax.GradientTape() as tape:
            loss = ops.mean(layer(x) ** 2)
        optimizer.apply(tape.gradient(loss, layer.trainable_weights), layer.trainable_weights)
        return loss

    @kerax.function
    def step(x):
        loss = ops.zeros(())
        if place == "branch":
            if ops.sum(x) > 0:
                loss = turn(x)
        elif place == "while":
            i = 0
            while i < x[0, 0]:
                loss = turn(x)
                i += 1
        elif place == "for":
            for row in x:
                loss = turn(row[None])
        else:
            for _ in range(ops.cast(x[0, 0], "int32")):
                loss = turn(x)
        return loss

    x = jnp.full((3, 2), 3.0)
    losses = [float(step(x)) for _ in range(2)]
    assert losses[1] < losses[0] or place == "branch"
    assert int(optimizer.iterations) == (2 if place == "branch" else 6)
    assert len(layer.weights) == 2
    assert not np.allclose(layer.kernel, 1.0)


def test_deep_chains_of_branches_are_traced_once_each():
    visits = []

    @kerax.function
    def f(x):
        if x > 12:
            y = x
        elif x > 11:
            y = x + 1
        elif x > 10:
            y = x + 2
        elif x > 9:
            y = x + 3
        elif x > 8:
            y = x + 4
        elif x > 7:
            y = x + 5
        elif x > 6:
            y = x + 6
        else:
            visits.append(1)
            y = x + 7
        return y

    assert f(jnp.float32(7.5)) == 12.5
    assert len(visits) == 1


def test_a_match_statement_runs_as_it_is():
    def pick(x, kind):
        match kind:
            case "double":
                return x * 2
        if x > 0:
            return x
        return -x

    assert kerax.function(pick)(jnp.float32(2.0), "double") == 4.0
    with pytest.raises(jax.errors.TracerBoolConversionError) as caught:
        kerax.function(pick)(jnp.float32(2.0), "other")
    assert "it has a `match` statement" in "".join(caught.value.__notes__)
