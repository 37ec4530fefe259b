"""Callbacks: what is told of every epoch and batch of `fit`, `evaluate` and `predict`."""

from .._registry import Registry
from ._callback import Callback
from ._csv_logger import CSVLogger
from ._early_stopping import EarlyStopping
from ._history import History
from ._lambda_callback import LambdaCallback
from ._learning_rate_scheduler import LearningRateScheduler
from ._list import CallbackList
from ._progbar_logger import ProgbarLogger
from ._reduce_lr_on_plateau import ReduceLROnPlateau
from ._tensorboard import TensorBoard
from ._terminate_on_nan import TerminateOnNaN

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnNaN",
]

registry = Registry("callback", "callbacks", [globals()[name] for name in __all__])
