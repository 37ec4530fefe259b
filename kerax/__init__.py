"""Keras's API on Flax: models are NNX modules, steps are jitted, everything is JAX."""

from . import config
from ._version import __version__
from ._core.variable import Variable
from ._core.stateful import Carried as _Carried
from ._graph.tensor import KerasTensor
from .dtype_policies import DTypePolicy
from . import (
    activations,
    callbacks,
    constraints,
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
)
from .layers import Input, InputSpec, Layer
from .losses import Loss
from .metrics import Metric
from .models import Functional, Model, Sequential
