"""Weights by name, for other tools: safetensors, msgpack, and the states of Flax."""

from __future__ import annotations

import importlib.util
import sys

import jax
import numpy as np
import pytest
from flax import nnx, serialization

import kerax
from kerax import layers as L

WITH_PACKAGE = pytest.param(
    "m.safetensors",
    marks=pytest.mark.skipif(importlib.util.find_spec("safetensors") is None, reason="needs safetensors"),
)
names = pytest.mark.parametrize("name", [WITH_PACKAGE, "m.msgpack"])


def small(units=3, dtype=None):
    return kerax.Sequential(
        [
            L.Input((4,)),
            L.Dense(units, name="first", dtype=dtype),
            L.BatchNormalization(name="norm"),
            L.Dense(2, name="second"),
        ]
    )


@names
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_weights_come_back(name, dtype, tmp_path):
    model, other = small(dtype=dtype), small(dtype=dtype)
    model.compile("adam", "mse")
    model.save_weights(tmp_path / "deep" / name)
    other.load_weights(tmp_path / "deep" / name)
    for old, new in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(new.numpy(), old.numpy())


@names
def test_names_depend_on_the_layers_alone(name, tmp_path):
    small()  # counts up the names of layers
    small().save_weights(tmp_path / name)
    if name.endswith("msgpack"):
        found = serialization.msgpack_restore((tmp_path / name).read_bytes())
    else:
        from safetensors.numpy import load_file

        found = load_file(tmp_path / name)
    shapes = {key: value.shape for key, value in found.items()}
    assert shapes == {
        "layers.dense.vars.0": (4, 3),
        "layers.dense.vars.1": (3,),
        **{f"layers.batch_normalization.vars.{index}": (3,) for index in range(4)},
        "layers.dense_1.vars.0": (3, 2),
        "layers.dense_1.vars.1": (2,),
    }


@names
def test_weights_of_another_model_change_nothing(name, tmp_path):
    small().save_weights(tmp_path / name)
    for other, text in [
        (small(5), r"layers/dense: .*shape \(4, 3\) .*expected \(4, 5\)"),
        (kerax.Sequential([L.Input((4,)), L.Dense(3)]), r"values for objects that are not in .*'layers.batch_norm"),
        (kerax.Sequential([*small().layers, L.Dense(3)]), r"layers/dense_2: Dense .*got 0 stored values"),
    ]:
        other.build((None, 4))
        before = other.get_weights()
        with pytest.raises(ValueError, match=f"(?s)The file {name}.*{text}"):
            other.load_weights(tmp_path / name)
        for old, new in zip(before, other.get_weights(), strict=True):
            np.testing.assert_array_equal(new, old)
        with pytest.warns(UserWarning, match=name):
            other.load_weights(tmp_path / name, skip_mismatch=True)


@names
def test_what_is_no_such_file_is_named(name, tmp_path):
    model = small()
    with pytest.raises(FileNotFoundError, match=name):
        model.load_weights(tmp_path / name)
    model.save_weights(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    rng = np.random.default_rng(0)
    for content in [b"", b"no", b"\xc1" * 50, b"\x81" * 5000, b"\xff" * 8 + whole[8:], whole[: len(whole) // 2]]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"The file {name}: got something that cannot be read"):
            model.load_weights(tmp_path / name)
    for _ in range(100):
        data = bytearray(whole)
        for place in rng.integers(0, 200, 3):
            data[place] ^= 1 << rng.integers(8)
        (tmp_path / name).write_bytes(bytes(data))
        try:
            model.load_weights(tmp_path / name)
        except ValueError as error:
            said = str(error)
            assert said.startswith(f"The file {name}"), said


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.delitem(sys.modules, "safetensors.numpy", raising=False)
    with pytest.raises(ImportError, match=r'safetensors.*pip install "kerax\[safetensors\]"'):
        small().save_weights(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


def test_states_of_flax_go_out_and_come_in():
    model, other = small(), small()
    state = nnx.state(model, graph=True)
    pure = jax.tree.map(np.asarray, nnx.to_pure_dict(state))
    again = nnx.state(other, graph=True)
    nnx.replace_by_pure_dict(again, pure)
    nnx.update(other, again)
    for old, new in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    assert sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param, graph=True))) == 29
