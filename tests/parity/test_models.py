"""Models against Keras: the same graph gives the same layers, weights, outputs and config; configs load both ways."""

from __future__ import annotations

import functools
import json
import warnings
from typing import Any

import jax
import keras
import numpy as np
import pytest

import kerax
from kerax._core import naming
from tests.models.graphs import GRAPHS, inputs_for

_KERAS_ONLY = ("quantization_config", "build_config", "lora_rank")  # written by Keras for features kerax has not

# Graphs whose config is written otherwise; both ways of loading are tested for them like for the rest.
OTHERWISE = {
    "arithmetic": "x / y is the op divide here and true_divide in Keras",
    "attention": "Keras writes the attention axes it found, kerax those it was given",
    "inner_tensors_as_inputs": "symbolic tensors are counted otherwise",
    "masked_text": "Keras writes the mask as an op of the graph; here masks travel with the tensors",
    "reflected_arithmetic": "x / y is the op divide here and true_divide in Keras",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),  # Keras's own
]


@functools.cache
def pair(name: str) -> tuple[Any, Any]:
    naming.reset()
    keras.utils.clear_session(free_memory=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = GRAPHS[name](keras)
        ours = GRAPHS[name](kerax)
    ours.set_weights(theirs.get_weights())
    return ours, theirs


def same(a: Any, b: Any, tolerance: float = 1e-5) -> None:
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert str(x.dtype) == str(y.dtype)
        np.testing.assert_allclose(np.asarray(x, "float32"), np.asarray(y, "float32"), rtol=tolerance, atol=tolerance)


def plain(config: Any) -> Any:
    """A config as JSON holds it, without what only Keras writes, and without arguments that are the default."""
    if isinstance(config, dict):
        shown = {key: plain(value) for key, value in config.items() if key not in _KERAS_ONLY}
        if "kwargs" in shown:
            shown["kwargs"] = {
                key: value for key, value in shown["kwargs"].items() if value is not None and key != "training"
            }
        return shown
    if isinstance(config, (list, tuple)):
        return [plain(item) for item in config]
    return config


graphs = pytest.mark.parametrize("name", sorted(GRAPHS))


@graphs
def test_layers_weights_names_and_shapes_come_in_keras_order(name):
    ours, theirs = pair(name)
    assert ours.name == theirs.name
    if name != "inner_tensors_as_inputs":  # symbolic tensors, after which the new inputs are called, count otherwise
        assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [type(layer).__name__ for layer in ours.layers] == [type(layer).__name__ for layer in theirs.layers]
    for kind in ("weights", "trainable_weights", "non_trainable_weights"):
        assert [(w.path, tuple(w.shape)) for w in getattr(ours, kind)] == [
            (w.path, tuple(w.shape)) for w in getattr(theirs, kind)
        ]
    if not isinstance(theirs, keras.Sequential):
        assert ours.output_names == theirs.output_names
    assert ours.count_params() == theirs.count_params()


@graphs
def test_outputs_are_those_of_keras(name):
    ours, theirs = pair(name)
    x = inputs_for(ours)
    same(ours(x), theirs(x), 1e-2 if name == "mixed_precision" else 1e-5)


@graphs
def test_the_config_is_that_of_keras(name):
    ours, theirs = pair(name)
    a, b = json.loads(ours.to_json()), json.loads(theirs.to_json())
    if name in OTHERWISE:
        pytest.skip(OTHERWISE[name])
    assert plain(a) == plain(b)


@graphs
def test_keras_loads_our_config(name):
    ours, theirs = pair(name)
    back = keras.models.model_from_json(ours.to_json())
    assert [layer.name for layer in back.layers] == [layer.name for layer in ours.layers]
    back.set_weights(ours.get_weights())
    x = inputs_for(ours)
    same(back(x), theirs(x), 1e-2 if name == "mixed_precision" else 1e-5)


@graphs
def test_we_load_the_config_of_keras(name):
    ours, theirs = pair(name)
    back = kerax.models.model_from_json(theirs.to_json())
    assert [layer.name for layer in back.layers] == [layer.name for layer in theirs.layers]
    assert [(w.name, w.shape) for w in back.weights] == [(w.name, w.shape) for w in ours.weights]
    back.set_weights(theirs.get_weights())
    x = inputs_for(ours)
    same(back(x), ours(x))


@graphs
def test_a_clone_has_the_same_layers_and_other_weights(name):
    ours, _ = pair(name)
    clone = kerax.models.clone_model(ours)
    assert [layer.name for layer in clone.layers] == [layer.name for layer in ours.layers]
    assert [tuple(w.shape) for w in clone.weights] == [tuple(w.shape) for w in ours.weights]
    assert not {id(w) for w in clone.weights} & {id(w) for w in ours.weights}
    clone.set_weights(ours.get_weights())
    x = inputs_for(ours)
    same(clone(x), ours(x))
