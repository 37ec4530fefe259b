"""From what stands in `compile(metrics=…)` to a metric: names, and those that depend on shapes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from .._errors import ArgumentError
from .._registry import Registry, snake_case
from .._serial import deserialize_keras_object, get_registered_object
from ..losses import Loss
from ._accuracy import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from ._base import Metric
from ._probabilistic import BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from ._reduction import MeanMetricWrapper

__all__ = ["resolve", "resolve_by_shapes"]

_BY_SHAPE = {
    "accuracy": (BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy),
    "crossentropy": (BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy),
}
_SHORT = {"acc": "accuracy", "ce": "crossentropy"}


def _kind(name: Any) -> str | None:
    lowered = str(name).lower()
    lowered = _SHORT.get(lowered, lowered)
    return lowered if lowered in _BY_SHAPE else None


def resolve_by_shapes(
    name: str, y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None], loss: Any = None
) -> Metric:
    """The accuracy or crossentropy that fits targets and outputs of these shapes, called `name`.

    One output column: binary. Targets with fewer axes, or one column for many: sparse categorical.
    Else categorical.

    Args:
        name: `"accuracy"`, `"acc"`, `"crossentropy"` or `"ce"`, in any case.
        y_true_shape: of the targets, with the batch axis.
        y_pred_shape: of the outputs, with the batch axis.
        loss: the loss of that output; its `from_logits` is taken over by crossentropies.

    Raises:
        ArgumentError: another name.
    """
    kind = _kind(name)
    if kind is None:
        raise ArgumentError(f"Metric {name!r} does not depend on shapes", expected="accuracy, acc, crossentropy or ce")
    binary, categorical, sparse = _BY_SHAPE[kind]
    true, pred = tuple(y_true_shape), tuple(y_pred_shape)
    if not pred or pred[-1] == 1:
        cls = binary
    elif len(true) < len(pred) or (true[-1] == 1 and (pred[-1] is None or pred[-1] > 1)):
        cls = sparse
    else:
        cls = categorical
    if kind == "crossentropy":
        return cls(name=name, from_logits=bool(getattr(loss, "from_logits", False)))
    return cls(name=name)


def resolve(
    identifier: Any,
    registry: Registry,
    y_true_shape: Sequence[int | None],
    y_pred_shape: Sequence[int | None],
    loss: Any = None,
) -> Metric | None:
    """The metric that an item of `compile(metrics=…)` stands for; a string names it in the logs.

    Args:
        identifier: None, a name, a function, a class, a metric, a loss or a config.
        registry: the metrics by name.
        y_true_shape, y_pred_shape, loss: see `resolve_by_shapes`.
    """
    if identifier is None or isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str):
        own = get_registered_object(identifier)
        if own is None and _kind(identifier) is not None:
            return resolve_by_shapes(identifier, y_true_shape, y_pred_shape, loss)
        found = registry.find(identifier) if own is None else own
        if not inspect.isclass(found):
            return MeanMetricWrapper(found, name=identifier)
        metric: Any = found()
        if isinstance(metric, Metric):
            metric.name = identifier
            return metric
        return MeanMetricWrapper(metric, name=identifier)
    if isinstance(identifier, dict):
        identifier = deserialize_keras_object(identifier)
    if inspect.isclass(identifier):
        identifier = identifier()
    if isinstance(identifier, Metric):
        return identifier
    if not callable(identifier):
        raise ArgumentError(
            "Not a metric",
            got=f"{identifier!r} of type {type(identifier).__name__}",
            expected="a name, a function, a class, an object or its config",
        )
    return MeanMetricWrapper(identifier, name=_name(identifier))


def _name(fn: Any) -> str:
    if isinstance(fn, Loss):
        return fn.name
    name = getattr(fn, "__name__", None)
    return snake_case(name if name is not None else type(fn).__name__)
