"""CallbackList: tells every callback what happens, and knows who wants to hear of single batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from .._errors import DTypeError
from .._types import Logs
from ._callback import BATCH_HOOKS, Callback
from ._history import History
from ._keeper import Keeper
from ._logs import DeferredLogs, LazyLogs, plain
from ._progbar_logger import ProgbarLogger

__all__ = ["CallbackList"]

_QUIET = {getattr(cls, name) for cls in (Callback, ProgbarLogger) for names in BATCH_HOOKS.values() for name in names}


class CallbackList:
    """Callbacks in the order they are called: the user's, then the history, then the progress bar.

    Where no callback wants single batches, the per-batch hooks here may be called once for several
    steps, with the index of the last: only the progress bar hears them. `logs` may be a function
    giving the logs, called only when a callback listens or a line is drawn.

    Args:
        callbacks: a callback, or lists and tuples of them.
        add_history: whether to add a `History` where there is none.
        add_progbar: whether to add a `ProgbarLogger` where there is none.
        model: the model at work.
        validation: how often this `fit` validates: a number of epochs, a collection of epochs (from 1), None for
            never. Left out, a `val_` monitor that is missing is a warning instead of an error.
        **params: what callbacks find in `params`: `verbose`, `epochs`, `steps`.
    Raises:
        DTypeError: something that is not a callback.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        *,
        validation: int | Collection[int] | str | None = "unknown",
        **params: Any,
    ) -> None:
        self.callbacks: list[Any] = list(_flat(callbacks))
        for index, callback in enumerate(self.callbacks):
            _check(callback, index)
        self._history = self._find(History) or self._add(History, add_history)
        self._progbar = self._find(ProgbarLogger) or self._add(ProgbarLogger, add_progbar)
        self._listening: dict[str, list[Callable]] = {}
        self._model: Any = None
        self.params: dict[str, Any] = {}
        self.epoch = 0
        self._periodic: list[Any] = [callback for callback in self.callbacks if hasattr(callback, "on_train_steps")]
        # they save what the others have become, so they come last
        self._periodic.sort(key=lambda callback: isinstance(callback, Keeper))
        self.set_params(params)
        if model is not None:
            self.set_model(model)
        for callback in self.callbacks:
            if hasattr(callback, "set_validation"):
                callback.set_validation(validation)

    def _find(self, kind: type) -> Any:
        return next((callback for callback in self.callbacks if isinstance(callback, kind)), None)

    def _add(self, kind: type, wanted: bool) -> Any:
        if not wanted:
            return None
        self.callbacks.append(kind())
        return self.callbacks[-1]

    @property
    def history(self) -> History | None:
        """The record that `fit` returns."""
        return self._history

    @property
    def progbar(self) -> ProgbarLogger | None:
        """The progress bar, if there is one."""
        return self._progbar

    def append(self, callback: Any) -> None:
        """One more callback, called last."""
        _check(callback, len(self.callbacks))
        self.callbacks.append(callback)
        callback.set_params(self.params)
        if hasattr(callback, "on_train_steps"):
            self._periodic = sorted([*self._periodic, callback], key=lambda one: isinstance(one, Keeper))
        if self._model is not None:
            callback.set_model(self._model)
        self._listening.clear()

    def set_params(self, params: dict[str, Any]) -> None:
        """Tell every callback."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Tell every callback."""
        self._model = model
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def wants_batches(self, mode: str = "train") -> bool:
        """Whether a callback overrides a per-batch hook of `"train"`, `"test"` or `"predict"`.

        The progress bar and the history do not count.
        """
        return any(_overrides(callback, name) for callback in self.callbacks for name in BATCH_HOOKS[mode])

    @property
    def keepers(self) -> list[Keeper]:
        """Those that save where a fit stands."""
        return [callback for callback in self._periodic if isinstance(callback, Keeper)]

    def steps_left(self) -> int | None:
        """How many training steps until a callback must be told; None where none counts them."""
        left = [callback.steps_left() for callback in self._periodic]
        return min((count for count in left if count is not None), default=None)

    def on_train_steps(self, count: int, batch: int, logs: Logs) -> None:
        """`count` more training steps are done, the last of which was `batch` of this epoch."""
        for callback in self._periodic:
            callback.on_train_steps(count, self.epoch, batch, logs)

    def close(self) -> None:
        """End the line of the progress bar where it is, and what is done beside; also for work that broke off."""
        if self._progbar is not None:
            self._progbar.close()
        for callback in self.callbacks:
            if isinstance(callback, Callback):
                callback._release()

    def get_state(self) -> list[tuple[str, dict[str, Any]]]:
        """The states of all callbacks, by class."""
        found = [(type(callback).__name__, _state_of(callback)) for callback in self.callbacks]
        return [(name, state) for name, state in found if state]

    def set_state(self, states: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Give every callback the state of the one of its class, the second of a class that of the second."""
        waiting = list(states)
        for callback in self.callbacks:
            for index, (name, state) in enumerate(waiting):
                if name == type(callback).__name__ and hasattr(callback, "set_state"):
                    callback.set_state(state)
                    del waiting[index]
                    break

    # -- telling ---------------------------------------------------------------------------

    def _tell(self, name: str, *args: Any) -> None:
        for callback in self.callbacks:
            hook = getattr(callback, name, None)
            if hook is not None:
                hook(*args)

    def _begin(self, name: str, logs: LazyLogs) -> None:
        self._tell(name, plain(logs))
        self._listening.clear()  # a callback may have changed its hooks

    def _batch(self, name: str, batch: int, logs: LazyLogs) -> None:
        hooks = self._listening.get(name)
        if hooks is None:
            hooks = self._listening[name] = list(self._hooks(name))
        if hooks:
            logs = logs if isinstance(logs, DeferredLogs) else plain(logs)
            for hook in hooks:
                hook(batch, logs)
        elif name.endswith("_end") and self._progbar is not None:
            getattr(self._progbar, name)(batch, logs)

    def _hooks(self, name: str) -> Iterator[Callable]:
        """Whom to call: nobody where only the progress bar would hear it."""
        alias = name.replace("_train", "")
        listening = any(_overrides(callback, key) for callback in self.callbacks for key in {name, alias})
        for callback in self.callbacks if listening else ():
            if callback is self._progbar or _overrides(callback, name) or _overrides(callback, alias):
                yield getattr(callback, name)

    def on_train_begin(self, logs: LazyLogs = None) -> None:
        self._begin("on_train_begin", logs)

    def on_train_end(self, logs: LazyLogs = None) -> None:
        self._tell("on_train_end", plain(logs))

    def on_test_begin(self, logs: LazyLogs = None) -> None:
        self._begin("on_test_begin", logs)

    def on_test_end(self, logs: LazyLogs = None) -> None:
        self._tell("on_test_end", plain(logs))

    def on_predict_begin(self, logs: LazyLogs = None) -> None:
        self._begin("on_predict_begin", logs)

    def on_predict_end(self, logs: LazyLogs = None) -> None:
        self._tell("on_predict_end", plain(logs))

    def on_epoch_begin(self, epoch: int, logs: LazyLogs = None) -> None:
        self.epoch = epoch
        self._tell("on_epoch_begin", epoch, plain(logs))
        self._listening.clear()

    def on_epoch_end(self, epoch: int, logs: LazyLogs = None) -> None:
        self._tell("on_epoch_end", epoch, plain(logs))

    def on_train_batch_begin(self, batch: int, logs: LazyLogs = None) -> None:
        self._batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: LazyLogs = None) -> None:
        self._batch("on_train_batch_end", batch, logs)

    def on_batch_begin(self, batch: int, logs: LazyLogs = None) -> None:
        self._tell("on_batch_begin", batch, plain(logs))

    def on_batch_end(self, batch: int, logs: LazyLogs = None) -> None:
        self._tell("on_batch_end", batch, plain(logs))

    def on_test_batch_begin(self, batch: int, logs: LazyLogs = None) -> None:
        self._batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: LazyLogs = None) -> None:
        self._batch("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: LazyLogs = None) -> None:
        self._batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: LazyLogs = None) -> None:
        self._batch("on_predict_batch_end", batch, logs)


def _state_of(callback: Any) -> dict[str, Any]:
    get = getattr(callback, "get_state", None)  # callbacks of another library have none
    return {} if get is None else get()


def _flat(callbacks: Any) -> Iterator[Any]:
    if callbacks is None:
        return
    if isinstance(callbacks, CallbackList):
        yield from callbacks.callbacks
    elif isinstance(callbacks, (list, tuple)) or (isinstance(callbacks, Iterable) and not _is_callback(callbacks)):
        for callback in callbacks:
            if isinstance(callback, (list, tuple)):
                yield from _flat(callback)
            else:
                yield callback
    else:
        yield callbacks


def _is_callback(callback: Any) -> bool:
    return not isinstance(callback, type) and hasattr(callback, "set_params") and hasattr(callback, "set_model")


def _check(callback: Any, index: int) -> None:
    if _is_callback(callback):
        return
    if isinstance(callback, type):
        raise DTypeError(
            f"callbacks[{index}]",
            got=f"the class {callback.__name__}",
            expected="an object",
            hint=f"{callback.__name__}()",
        )
    hint = "LambdaCallback(on_epoch_end=function)" if callable(callback) else None
    raise DTypeError(f"callbacks[{index}]", got=f"{callback!r}", expected="a Callback", hint=hint)


def _overrides(callback: Any, name: str) -> bool:
    """Whether this hook is more than the one that does nothing."""
    if name in getattr(callback, "__dict__", ()):
        return True
    hook = getattr(type(callback), name, None)
    if hook is None or hook in _QUIET:
        return False
    # callbacks of another library: their base does nothing either
    return isinstance(callback, Callback) or getattr(hook, "__qualname__", "") != f"Callback.{name}"
