"""Learning rate schedules: functions of the optimizer's step, evaluated where the step is computed."""

from ..._registry import Registry
from ..._serial import resolver
from ._base import LearningRateSchedule
from ._cosine import CosineDecay, CosineDecayRestarts
from ._decay import ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay

registry = Registry(
    "learning rate schedule",
    "optimizers.schedules",
    [
        CosineDecay,
        CosineDecayRestarts,
        ExponentialDecay,
        InverseTimeDecay,
        LearningRateSchedule,
        PiecewiseConstantDecay,
        PolynomialDecay,
    ],
)
_, serialize, deserialize = resolver(registry, LearningRateSchedule)

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]
