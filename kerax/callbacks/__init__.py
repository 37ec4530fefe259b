"""Callbacks: what is told of every epoch and batch of `fit`, `evaluate` and `predict`."""

from .._registry import Registry
from ._backup_and_restore import BackupAndRestore
from ._callback import Callback
from ._checkpoint import Checkpoint
from ._csv_logger import CSVLogger
from ._early_stopping import EarlyStopping
from ._history import History
from ._lambda_callback import LambdaCallback
from ._learning_rate_scheduler import LearningRateScheduler
from ._list import CallbackList
from ._model_checkpoint import ModelCheckpoint
from ._progbar_logger import ProgbarLogger
from ._reduce_lr_on_plateau import ReduceLROnPlateau
from ._remote_monitor import RemoteMonitor
from ._swap_ema_weights import SwapEMAWeights
from ._tensorboard import TensorBoard
from ._terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]

registry = Registry("callback", "callbacks", [globals()[name] for name in __all__])
