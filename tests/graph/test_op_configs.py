"""Which arguments of an op stand in its config and which in its call: as Keras's classes of ops have it."""

from __future__ import annotations

import importlib
import inspect

import keras  # noqa: F401 - loads its ops
import pytest

from kerax import ops
from kerax.models._graph_config import _CLASS_NAMES, _parameters

# Ops that take functions, or that Keras has no class of: graphs with these in them are for kerax alone.
NOT_WRITTEN = {
    "associative_scan",
    "cond",
    "einsum",
    "fori_loop",
    "map",
    "rearrange",
    "scan",
    "switch",
    "vectorized_map",
    "while_loop",
}


def cases():
    for name, fn in sorted(ops.registry.objects.items()):
        if not hasattr(fn, "theme") or name in NOT_WRITTEN:
            continue
        class_name = _CLASS_NAMES.get(fn.__name__, "".join(part.capitalize() for part in fn.__name__.split("_")))
        theirs = getattr(importlib.import_module(f"keras.src.ops.{fn.theme}"), class_name, None)
        if theirs is not None:
            yield pytest.param(fn, theirs, id=name)


@pytest.mark.parametrize(("fn", "theirs"), list(cases()))
def test_arguments_are_split_as_in_keras(fn, theirs):
    in_call, in_config, _ = _parameters(fn)
    assert in_call == [p for p in inspect.signature(theirs.call).parameters if p != "self"]
    assert set(in_config) == {
        p for p in inspect.signature(theirs.__init__).parameters if p not in ("self", "name", "kwargs")
    }
