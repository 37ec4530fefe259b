"""The names and signatures of kerax.ops are those of keras.ops."""

from __future__ import annotations

import inspect

import keras
import pytest

import kerax
from kerax import ops

NAMES = [name for name in dir(keras.ops) if not name.startswith("_") and callable(getattr(keras.ops, name))]


def parameters(fn):
    return [(p.name, p.default, p.kind) for p in inspect.signature(fn).parameters.values()]


def test_every_name_is_there():
    assert set(NAMES) <= set(ops.__all__)


def test_all_is_what_the_themes_offer():
    assert {"image", "linalg", "nn", "numpy"} <= set(ops.__all__)
    for theme in (ops.linalg, ops.nn, ops.numpy):
        assert set(theme.__all__) <= set(ops.__all__)
        assert sorted(theme.__all__) == sorted(n for n in dir(getattr(keras.ops, theme.__name__[10:])) if n[0] != "_")


@pytest.mark.parametrize("name", [n for n in NAMES if n != "custom_gradient"])  # a decorator with options, too
def test_signature_equals_keras(name):
    ours, theirs = parameters(getattr(ops, name)), parameters(getattr(keras.ops, name))
    assert ours == theirs


@pytest.mark.parametrize("name", ops.image.__all__)
def test_signature_of_image_functions_equals_keras(name):
    assert parameters(getattr(ops.image, name)) == parameters(getattr(keras.ops.image, name))


@pytest.mark.parametrize("name", NAMES)
def test_every_op_says_what_it_does(name):
    assert inspect.getdoc(getattr(ops, name))


def test_ops_are_found_by_name_in_configs():
    assert kerax._registry.family("ops").find("logsumexp") is ops.logsumexp
