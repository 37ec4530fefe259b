"""Optimizers: Keras's arguments, formulas and variables, each around an optax transformation."""

from typing import Any

from .._errors import ArgumentError
from .._registry import Registry
from .._serial import resolver
from . import legacy, schedules
from ._adadelta import Adadelta
from ._adafactor import Adafactor
from ._adagrad import Adagrad
from ._adam import Adam, AdamW
from ._adamax import Adamax
from ._base import Optimizer
from ._ftrl import Ftrl
from ._lamb import Lamb
from ._lion import Lion
from ._loss_scale import LossScaleOptimizer
from ._multi import MultiOptimizer, OptimizerMap
from ._muon import Muon
from ._nadam import Nadam
from ._optax import OptaxOptimizer, is_transformation
from ._rmsprop import RMSprop
from ._schedule_free import ScheduleFreeAdamW
from ._sgd import SGD

registry = Registry(
    "optimizer",
    "optimizers",
    [
        SGD,
        Adadelta,
        Adafactor,
        Adagrad,
        Adam,
        AdamW,
        Adamax,
        Ftrl,
        Lamb,
        Lion,
        LossScaleOptimizer,
        MultiOptimizer,
        Muon,
        Nadam,
        OptaxOptimizer,
        Optimizer,
        OptimizerMap,
        RMSprop,
        ScheduleFreeAdamW,
    ],
)
_get, serialize, deserialize = resolver(registry, Optimizer)


def get(identifier: Any) -> Optimizer | None:
    """The optimizer that a name, config, class, object or optax transformation stands for; None stays None.

    Args:
        identifier: "adam" in any case, a config, an optimizer, its class, or an `optax.GradientTransformation`.

    Raises:
        ArgumentError: none of these, or an unknown name; the message lists near matches.
    """
    if is_transformation(identifier):
        return OptaxOptimizer(identifier)
    if isinstance(identifier, str) and identifier not in registry and identifier.lower() in registry:
        identifier = identifier.lower()
    found = _get(identifier)
    if found is None or isinstance(found, Optimizer):
        return found
    raise ArgumentError(
        "Not an optimizer",
        got=f"{identifier!r} of type {type(identifier).__module__}.{type(identifier).__name__}",
        expected="a kerax optimizer, its name or config, or an optax transformation",
    )


__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "OptaxOptimizer",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "legacy",
    "schedules",
    "serialize",
]
