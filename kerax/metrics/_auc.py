"""The area under a curve of two shares over all thresholds."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import config
from .._errors import ArgumentError, ShapeError
from .._serial import deserialize_keras_object
from .._types import Array, ArrayLike, Shape
from ..losses._align import as_array, safe_divide
from ._confusion import Counting
from ._counts import checked_thresholds, evenly_spread

__all__ = ["AUC"]

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "minoring", "majoring")


@functools.partial(jax.jit, static_argnames=("curve", "summation"), inline=True)
def _area(tp: Array, fp: Array, tn: Array, fn: Array, label_weights: Any, curve: str, summation: str) -> Array:
    if curve == "PR" and summation == "interpolation":
        parts = _interpolated(tp, fp, fn)
    else:
        x, y = _points(tp, fp, tn, fn, curve)
        low, high = jnp.minimum(y[:-1], y[1:]), jnp.maximum(y[:-1], y[1:])
        heights = {"interpolation": (low + high) / 2, "minoring": low, "majoring": high}[summation]
        parts = (x[:-1] - x[1:]) * heights
    area = jnp.sum(parts, axis=0)
    if area.ndim == 0:
        return area
    if label_weights is None:
        return jnp.mean(area)
    return safe_divide(jnp.sum(area * label_weights), jnp.sum(label_weights))


def _points(tp: Array, fp: Array, tn: Array, fn: Array, curve: str) -> tuple[Array, Array]:
    """The curve's x and y at each threshold."""
    recall = safe_divide(tp, tp + fn)
    if curve == "ROC":
        return safe_divide(fp, fp + tn), recall
    if curve == "PR":
        return recall, safe_divide(tp, tp + fp)
    odds = safe_divide(tp + fn, fp + tn)
    gain = jnp.where(tp > 0, jnp.maximum(1 - odds * safe_divide(fn, tp), 0), 0)
    return gain, 1 - odds * safe_divide(fp, tp)


def _interpolated(tp: Array, fp: Array, fn: Array) -> Array:
    """The areas between thresholds, precision interpolated as true positives grow (Davis and Goadrich, 2006)."""
    gained = tp[:-1] - tp[1:]
    called = tp + fp
    slope = safe_divide(gained, jnp.maximum(called[:-1] - called[1:], 0))
    intercept = tp[1:] - slope * called[1:]
    both = (called[:-1] > 0) & (called[1:] > 0)
    growth = jnp.where(both, safe_divide(called[:-1], jnp.maximum(called[1:], 0)), 1)
    return safe_divide(slope * (gained + intercept * jnp.log(growth)), jnp.maximum(tp[1:] + fn[1:], 0))


class AUC(Counting):
    """The area under the ROC curve, or under precision over recall, by counting at thresholds.

    Args:
        num_thresholds: how many, > 1; spread evenly over [0, 1].
        curve: `"ROC"`, `"PR"` or `"PRGAIN"`.
        summation_method: `"interpolation"`, `"minoring"` or `"majoring"`: how the height between two points is taken.
        name, dtype: see `Metric`.
        thresholds: instead of evenly spread ones, in [0, 1]; one below and one above are added.
        multi_label: the mean of the areas of each label, outputs (batch, labels).
        num_labels: known in advance; else taken from the first batch.
        label_weights: of the labels in that mean; without `multi_label`, of the labels' counts.
        from_logits: apply a sigmoid to the outputs.

    Raises:
        ArgumentError: an unknown curve or summation, thresholds out of range.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: ArrayLike | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve = _one_of("curve", curve, CURVES)
        self.summation_method = _one_of("summation method", summation_method, SUMMATIONS)
        self._init_from_thresholds = thresholds is not None
        if thresholds is not None:
            inner = sorted(checked_thresholds(list(thresholds), 0.5))
            even = evenly_spread([0.0, *inner, 1.0])
        else:
            if not isinstance(num_thresholds, (int, np.integer)) or num_thresholds <= 1:
                raise ArgumentError("Argument `num_thresholds`", got=repr(num_thresholds), expected="an integer > 1")
            inner = [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]
            even = True
        self.num_thresholds = len(inner) + 2
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.from_logits = from_logits
        self._label_weights = None if label_weights is None else tuple(float(w) for w in np.ravel(label_weights))
        ends = config.epsilon()
        self._keep(
            [0.0 - ends, *inner, 1.0 + ends],
            multi_label=multi_label,
            from_logits=from_logits,
            even=even,
        )
        self._built = False
        if not multi_label:
            self._build(())
        elif num_labels:
            self._build((None, num_labels))

    @property
    def thresholds(self) -> np.ndarray:  # type: ignore[override]  # an array, as in Keras
        """The thresholds counted at, one below 0 and one above 1 among them."""
        return np.asarray(self._plan.value["thresholds"])

    @property
    def label_weights(self) -> np.ndarray | None:
        """The weights of the labels."""
        return None if self._label_weights is None else np.asarray(self._label_weights, "float32")

    def _build(self, shape: tuple[int | None, ...]) -> None:
        size: Shape = (self.num_thresholds,)
        if self.multi_label:
            if len(shape) != 2:
                raise ShapeError(
                    "AUC: `y_pred` must have rank 2 when `multi_label=True`",
                    got=f"shape {shape}",
                    expected="(batch, labels)",
                )
            self.num_labels = shape[1]
            size = (self.num_thresholds, shape[1])
        for name in self._names:
            setattr(self, name, self.add_variable(size, name=name))
        self._built = True

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in one batch.

        Args:
            y_true: 0 or 1.
            y_pred: probabilities, of the same shape; logits with `from_logits`.
            sample_weight: one weight a row, or one an element.
        """
        y_true, y_pred = as_array(y_true), as_array(y_pred)
        shape = np.shape(y_pred)
        if not self._built:
            self._build(shape)
        if self.multi_label and (len(shape) != 2 or shape[1] != self.num_labels):
            raise ShapeError(
                f"AUC {self.name!r}", got=f"outputs of shape {shape}", expected=f"(batch, {self.num_labels})"
            )
        weights = self.label_weights
        if weights is not None and not self.multi_label:
            self._count(y_true, y_pred, _by_label(sample_weight, weights, shape), None)
        else:
            self._count(y_true, y_pred, sample_weight, None)

    def result(self) -> Array:
        """The area, the mean over labels with `multi_label`."""
        if not self._built:
            return jnp.zeros((), self._dtype)
        tp, fp, tn, fn = (variable.value for variable in self._counters())
        weights = self.label_weights if self.multi_label else None
        return _area(tp, fp, tn, fn, weights, self.curve, self.summation_method)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> AUC:
        """The metric of a config."""
        return cls(**{**config, "label_weights": deserialize_keras_object(config.get("label_weights"))})

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        # A list, which Keras can read; the tensor that it writes itself it cannot.
        weights = None if self._label_weights is None else list(self._label_weights)
        given = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": weights,
            "from_logits": self.from_logits,
        }
        if self._init_from_thresholds:  # as given: without the ends, which are added again
            given["thresholds"] = [float(t) for t in self.thresholds[1:-1]]
        return given


def _one_of(what: str, given: Any, known: tuple[str, ...]) -> str:
    for name in known:
        if str(given).lower() == name.lower():
            return name
    raise ArgumentError(f"Invalid AUC {what} value", got=repr(given), expected=f"one of {known}")


def _by_label(sample_weight: Any, label_weights: np.ndarray, shape: tuple[int, ...]) -> Array:
    """Weights of elements: of their row times of their label."""
    out = jnp.broadcast_to(jnp.asarray(label_weights), shape)
    if sample_weight is None:
        return out
    weight = jnp.asarray(as_array(sample_weight))
    return out * (weight[:, None] if weight.ndim == 1 else weight)
