"""What is public: sorted, complete and documented."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

import kerax

NAMESPACES = [
    "kerax",
    "kerax.activations",
    "kerax.backend",
    "kerax.callbacks",
    "kerax.compat.hparams",
    "kerax.config",
    "kerax.constraints",
    "kerax.data",
    "kerax.distribution",
    "kerax.dtype_policies",
    "kerax.export",
    "kerax.initializers",
    "kerax.layers",
    "kerax.losses",
    "kerax.metrics",
    "kerax.mixed_precision",
    "kerax.models",
    "kerax.ops",
    "kerax.optimizers",
    "kerax.optimizers.legacy",
    "kerax.optimizers.schedules",
    "kerax.preprocessing",
    "kerax.preprocessing.image",
    "kerax.preprocessing.sequence",
    "kerax.random",
    "kerax.regularizers",
    "kerax.saving",
    "kerax.summary",
    "kerax.summary.experimental",
    "kerax.tree",
    "kerax.utils",
    "kerax.utils.bounding_boxes",
]

# Used inside kerax; users have no need of them.
INTERNAL = {
    "kerax.config": {"standardize_data_format"},
    "kerax.dtype_policies": {"is_mixed_float16"},
    "kerax.losses": {"LossFunctionWrapper"},
    "kerax.metrics": {"accuracy"},
    "kerax.optimizers": {"is_transformation"},
    "kerax.tree": {"structure_of"},
}


def order(name: str) -> tuple:
    """Constants, then classes, then the rest, numbers in names counted as numbers: as ruff sorts `__all__`."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


namespaces = pytest.mark.parametrize("name", NAMESPACES)


@namespaces
def test_all_is_sorted_and_holds_each_name_once(name):
    names = importlib.import_module(name).__all__
    assert names == sorted(set(names), key=order)


@namespaces
def test_every_name_in_all_is_there(name):
    module = importlib.import_module(name)
    assert [one for one in module.__all__ if not hasattr(module, one)] == []


@namespaces
def test_every_public_class_and_function_of_a_namespace_is_in_all(name):
    module = importlib.import_module(name)
    own = [
        key
        for key, value in vars(module).items()
        if not key.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and f"{value.__module__}.".startswith(f"{name}.")
    ]
    assert sorted(set(own) - set(module.__all__) - INTERNAL.get(name, set())) == []


@namespaces
def test_every_public_class_and_function_is_documented(name):
    module = importlib.import_module(name)
    bare = []
    for key in module.__all__:
        value = getattr(module, key)
        known = inspect.isclass(value) or inspect.isfunction(value)
        if not known or not (value.__module__ or "").startswith("kerax"):
            continue
        if not inspect.getdoc(value) or (inspect.isclass(value) and not vars(value).get("__doc__")):
            bare.append(key)
    assert bare == []


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kerax.nothing


def test_the_version_is_told():
    assert kerax.version() == kerax.__version__
    assert kerax.__version__[0].isdigit()
