"""Steps that a user wrote: what they are given, and the form they have.

A step in tf.keras's form, `train_step(self, data)`, reads and assigns Variables. One in Keras 3's form for
JAX, `train_step(self, state, data)`, takes lists of arrays and gives back new ones; it is wrapped into
the first form, so everything else knows one form only.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import tree
from .._core import nnx_private
from .._core.context import converted
from .._errors import ArgumentError, ShapeError, StateError
from .._transform.tape import tracing
from .._types import Logs
from ..data._adapters import pack_x_y_sample_weight
from .compile import no_loss, rows_in

STEPS = {"train": "train_step", "test": "test_step", "predict": "predict_step"}


def overridden(model: Any, name: str) -> bool:
    """Whether a class of the user's has this method of the trainer."""
    return not getattr(getattr(type(model), name), "_is_default", False)


def takes_state(model: Any, mode: str) -> bool:
    """Whether the step of a mode has Keras 3's form: `(self, state, data)`."""
    method = getattr(type(model), STEPS[mode])
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [
        parameter
        for parameter in inspect.signature(method).parameters.values()
        if parameter.kind in positional and parameter.default is parameter.empty
    ]
    return len(needed) == 3


def step(model: Any, mode: str) -> Callable[[tuple], Any]:
    """The step of a mode as a function of a batch (x, y, sample_weight); it reads and assigns Variables."""
    method = getattr(model, STEPS[mode])
    if not overridden(model, STEPS[mode]):
        run = method
    elif takes_state(model, mode):
        run = lambda batch: _with_state(model, mode, converted(method), packed(batch))  # noqa: E731
    else:
        run = lambda batch: converted(method)(packed(batch))  # noqa: E731
    return run if mode == "predict" else lambda batch: checked(model, mode, run(batch))


def checked(model: Any, mode: str, result: Any) -> Logs:
    """What a step returned, if these are logs."""
    where = f"{STEPS[mode]} of {type(model).__name__} {model.name!r}"
    if not isinstance(result, dict):
        got = "None as its result" if result is None else f"{type(result).__name__} as its result"
        raise ArgumentError(where, got=got, expected="a dict, name -> value", hint='end it with: return {"loss": loss}')
    for path, value in tree.flatten_with_path(result):
        if isinstance(value, (str, bytes)) or not np.issubdtype(getattr(value, "dtype", type(value)), np.number):
            name = ".".join(map(str, path))
            raise ArgumentError(
                where, got=f"{name!r}: {value!r:.60} ({type(value).__name__}) in its result", expected="numbers"
            )
    return result


def packed(batch: tuple) -> Any:
    """A batch as Keras hands it to a step: (x, y), (x, y, sample_weight), or x alone."""
    return pack_x_y_sample_weight(*batch)


def _groups(model: Any, mode: str) -> dict[str, list[Any]]:
    groups = {"trainable": model.trainable_variables, "non-trainable": model.non_trainable_variables}
    if mode == "train":
        groups["optimizer"] = [] if model.optimizer is None else model.optimizer.variables
    if mode != "predict":
        groups["metric"] = model.metrics_variables
    return groups


def _with_state(model: Any, mode: str, method: Callable, data: Any) -> Any:
    groups = _groups(model, mode)
    state = tuple(nnx_private.raw_all(variables) for variables in groups.values())
    where = f"{STEPS[mode]} of {type(model).__name__} {model.name!r}"
    result = method(state, data)
    if not isinstance(result, tuple) or len(result) != 2:
        raise ArgumentError(where, got=f"{type(result).__name__} as its result", expected="(logs, state)")
    logs, after = result
    if mode == "predict":  # gives the non-trainable values alone
        groups, after = {"non-trainable": groups["non-trainable"]}, (after,)
    if len(after) != len(groups):
        raise ArgumentError(
            where, got=f"a state of {len(after)} parts", expected=f"{len(groups)}: {', '.join(groups)} variables"
        )
    for (what, variables), values in zip(groups.items(), after, strict=True):
        if len(values) != len(variables):
            raise ShapeError(where, got=f"{len(values)} {what} values", expected=f"{len(variables)}")
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
    return logs


def function(model: Any, mode: str) -> Callable[[Any], Any] | None:
    """What an overridden `make_train_function` or `make_test_function` made: `(iterator) -> logs`; else None."""
    name = f"make_{mode}_function"
    if not overridden(model, name):
        return None
    made = getattr(model, name)()
    made = made if made is not None else getattr(model, f"{mode}_function", None)
    if not callable(made):
        raise ArgumentError(
            f"{name} of {type(model).__name__} {model.name!r}",
            got=f"{type(made).__name__} as its result",
            expected="a function that takes an iterator over batches and gives logs",
        )
    return made


class Batches:
    """The iterator that a function of `make_train_function` draws from.

    Args:
        source: gives (x, y, sample_weight) on the device.
    """

    def __init__(self, source: Iterator[tuple]) -> None:
        self._source = source
        self._next: list[tuple] = []

    def more(self) -> bool:
        """Whether there is another batch."""
        if not self._next:
            self._next.extend(itertools.islice(self._source, 1))
        return bool(self._next)

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Any:
        if tracing():
            raise StateError(
                "next(iterator) inside a compiled function",
                hint="draw the batch outside, and compile what is done with it: it would be the same batch for ever",
            )
        if not self.more():
            raise StopIteration
        return packed(self._next.pop())


class CompiledLossCall:
    """`model.compiled_loss` of tf.keras.

    Args:
        model: compiled with a loss.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None) -> Any:
        """The weighted total of the losses, and of `regularization_losses`; the loss in the logs sees it."""
        compiled = self._model._completed(y_true, y_pred)
        terms = [] if compiled.loss is None else [compiled.loss(y_true, y_pred, sample_weight)]
        terms += [jnp.sum(jnp.asarray(term, jnp.float32)) for term in regularization_losses or ()]
        if not terms:
            raise no_loss()
        total = sum(terms[1:], start=terms[0])
        compiled.loss_tracker.update_state(total, sample_weight=rows_in(tree.flatten(y_pred)[0]))
        return total

    @property
    def metrics(self) -> list[Any]:
        """What keeps the losses of the logs."""
        compiled = self._model._need_compiled("compiled_loss")
        return [compiled.loss_tracker, *(compiled.loss.trackers if compiled.loss is not None else [])]

    def reset_state(self) -> None:
        """Start them anew."""
        for metric in self.metrics:
            metric.reset_state()


class CompiledMetricsCall:
    """`model.compiled_metrics` of tf.keras.

    Args:
        model: compiled, with metrics or without.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Let the metrics see a batch."""
        compiled = self._model._completed(y_true, y_pred)
        if compiled.metrics is not None:
            compiled.metrics.update_state(y_true, y_pred, sample_weight)

    @property
    def metrics(self) -> list[Any]:
        """The metrics, once they have seen a batch."""
        compiled = self._model._need_compiled("compiled_metrics")
        return [] if compiled.metrics is None else compiled.metrics.metrics

    def reset_state(self) -> None:
        """Start them anew."""
        for metric in self.metrics:
            metric.reset_state()


__all__ = [
    "STEPS",
    "Batches",
    "CompiledLossCall",
    "CompiledMetricsCall",
    "checked",
    "function",
    "overridden",
    "packed",
    "step",
    "takes_state",
]
