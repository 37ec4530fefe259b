"""`keras.optimizers.legacy`: older names of the same optimizers, which take `lr` and `decay` as they did."""

from __future__ import annotations

from ._adadelta import Adadelta
from ._adagrad import Adagrad
from ._adam import Adam
from ._adamax import Adamax
from ._base import Optimizer
from ._ftrl import Ftrl
from ._nadam import Nadam
from ._rmsprop import RMSprop
from ._sgd import SGD

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "Optimizer", "RMSprop"]
