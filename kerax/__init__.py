"""Keras's API on Flax: models are NNX modules, steps are jitted, everything is JAX."""

from __future__ import annotations

import importlib
from typing import Any

from . import (
    activations,
    callbacks,
    config,
    constraints,
    distribution,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    tree,
)
from ._core.context import name_scope
from ._core.variable import Variable
from ._graph.function import Function, Operation
from ._graph.tensor import KerasTensor
from ._transform.function import function
from ._transform.gradient_tape import GradientTape
from ._transform.printing import print
from ._transform.remat import RematScope, remat
from ._transform.stateless import StatelessScope
from ._version import __version__
from .distribution import device
from .dtype_policies import DTypePolicy, FloatDTypePolicy
from .initializers import Initializer
from .layers import Input, InputSpec, Layer
from .losses import Loss
from .metrics import Metric
from .models import Functional, Model, Sequential
from .ops import custom_gradient
from .optimizers import Optimizer
from .regularizers import Regularizer

_ON_FIRST_USE = (
    *(
        "backend",
        "compat",
        "data",
        "datasets",
        "export",
        "mixed_precision",
        "preprocessing",
        "saving",
        "summary",
        "utils",
    ),
)

__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "Functional",
    "GradientTape",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Regularizer",
    "RematScope",
    "Sequential",
    "StatelessScope",
    "Variable",
    "__version__",
    "activations",
    "backend",
    "callbacks",
    "compat",
    "config",
    "constraints",
    "custom_gradient",
    "data",
    "datasets",
    "device",
    "distribution",
    "dtype_policies",
    "export",
    "function",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "preprocessing",
    "print",
    "random",
    "regularizers",
    "remat",
    "saving",
    "summary",
    "tree",
    "utils",
    "version",
]


def version() -> str:
    """The version of kerax."""
    return __version__


def __getattr__(name: str) -> Any:
    if name in _ON_FIRST_USE:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
