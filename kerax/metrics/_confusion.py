"""Precision, recall and the counts they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .._core.context import here
from .._core.module import Opaque
from .._core.variable import Variable
from .._errors import ArgumentError
from .._types import Array, ArrayLike
from ..losses._align import as_array, rows_of
from ._base import Metric
from ._counts import LOWEST, checked_thresholds, counts
from ._reduction import ratio

__all__ = [
    "FalseNegatives",
    "FalsePositives",
    "Precision",
    "PrecisionAtRecall",
    "Recall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
    "TrueNegatives",
    "TruePositives",
]

Thresholds = float | Sequence[float] | None


class Counting(Metric):
    """The base of metrics that keep confusion counts; `_counted`: which of TP, FP, TN, FN, in that order."""

    _counted: tuple[int, ...] = (0, 1, 2, 3)
    _names = ("true_positives", "false_positives", "true_negatives", "false_negatives")

    def _keep(self, thresholds: Sequence[float], **options: Any) -> None:
        """Remember how to count."""
        self._plan = Opaque({"thresholds": tuple(thresholds), **options})

    @property
    def thresholds(self) -> list[float]:
        """The thresholds counted at."""
        return list(self._plan.value["thresholds"])

    def _counters(self) -> list[Variable]:
        return [getattr(self, self._names[index]) for index in self._counted]

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in one batch.

        Args:
            y_true: 0 or 1.
            y_pred: probabilities, of the same shape.
            sample_weight: one weight a row, or one an element.
        """
        self._count(as_array(y_true), as_array(y_pred), sample_weight, None)

    def _count(self, y_true: Any, y_pred: Any, sample_weight: Any, label_weights: Any) -> None:
        rows = None if here.rows is None else rows_of(y_pred)
        found = counts(
            y_true, y_pred, as_array(sample_weight), rows, label_weights, dtype=self._dtype, **self._plan.value
        )
        for variable, index in zip(self._counters(), self._counted, strict=True):
            variable.assign(variable.value + found[index])


class _OneCount(Counting):
    def __init__(self, thresholds: Thresholds = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self._keep(checked_thresholds(thresholds, 0.5))
        self.accumulator = self.add_variable((len(self.thresholds),), name="accumulator")

    def _counters(self) -> list[Variable]:
        return [self.accumulator]

    def result(self) -> Array:
        """The count, or one for each threshold."""
        value = self.accumulator.value
        return value[0] if len(value) == 1 else value

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_OneCount):
    """The weighted number of positives called positive.

    Args:
        thresholds: outputs above are called positive; default 0.5. Of several, one count each.
        name, dtype: see `Metric`.
    """

    _counted = (0,)


class FalsePositives(_OneCount):
    """The weighted number of negatives called positive.

    Args:
        thresholds: outputs above are called positive; default 0.5. Of several, one count each.
        name, dtype: see `Metric`.
    """

    _counted = (1,)


class TrueNegatives(_OneCount):
    """The weighted number of negatives called negative.

    Args:
        thresholds: outputs above are called positive; default 0.5. Of several, one count each.
        name, dtype: see `Metric`.
    """

    _counted = (2,)


class FalseNegatives(_OneCount):
    """The weighted number of positives called negative.

    Args:
        thresholds: outputs above are called positive; default 0.5. Of several, one count each.
        name, dtype: see `Metric`.
    """

    _counted = (3,)


_share = jax.jit(lambda right, wrong: ratio(right, right + wrong), inline=True)


class _Share(Counting):
    """True positives over themselves and something else."""

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self._keep(checked_thresholds(thresholds, 0.5 if top_k is None else LOWEST), top_k=top_k, class_id=class_id)
        for index in self._counted:
            setattr(self, self._names[index], self.add_variable((len(self.thresholds),), name=self._names[index]))

    def result(self) -> Array:
        """The share, or one for each threshold; 0 of none."""
        right, wrong = self._counters()
        share = _share(right.value, wrong.value)
        return share[0] if len(share) == 1 else share

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_Share):
    """The share of what is called positive that is.

    Args:
        thresholds: outputs above are called positive; default 0.5. Of several, one value each.
        top_k: call positive the `top_k` largest outputs of each row, if above the threshold, should one be given.
        class_id: the only class looked at.
        name, dtype: see `Metric`.

    Raises:
        ArgumentError: a threshold outside of [0, 1].
    """

    _counted = (0, 1)


class Recall(_Share):
    """The share of positives that are called positive.

    Args:
        thresholds: outputs above are called positive; default 0.5. Of several, one value each.
        top_k: call positive the `top_k` largest outputs of each row, if above the threshold, should one be given.
        class_id: the only class looked at.
        name, dtype: see `Metric`.

    Raises:
        ArgumentError: a threshold outside of [0, 1].
    """

    _counted = (0, 3)


@jax.jit
def _best(value: Array, constrained: Array, dependent: Array) -> Array:
    """The largest `dependent` where `constrained` is at least `value`; 0 where it never is."""
    reached = constrained >= value
    return jnp.where(jnp.any(reached), jnp.max(jnp.where(reached, dependent, -jnp.inf)), 0)


class _BestUnder(Counting):
    """The best of one measure over the thresholds at which another is good enough."""

    _argument: str

    def __init__(self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        if not 0 <= value <= 1:
            raise ArgumentError(f"Argument `{self._argument}`", got=value, expected="a value in the range [0, 1]")
        if num_thresholds <= 0:
            raise ArgumentError("Argument `num_thresholds`", got=num_thresholds, expected="an integer > 0")
        self.value = value
        self.class_id = class_id
        self.num_thresholds = num_thresholds
        inner = [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]
        self._keep([0.5] if num_thresholds == 1 else [0.0, *inner, 1.0], class_id=class_id)
        for name in self._names:
            setattr(self, name, self.add_variable((num_thresholds,), name=name))

    def _shares(self) -> dict[str, Callable[[], Array]]:
        tp, fp, tn, fn = (variable.value for variable in self._counters())
        return {
            "recall": lambda: _share(tp, fn),
            "sensitivity": lambda: _share(tp, fn),
            "precision": lambda: _share(tp, fp),
            "specificity": lambda: _share(tn, fp),
        }

    def _result(self, dependent: str) -> Array:
        shares = self._shares()
        return _best(self.value, shares[self._argument](), shares[dependent]())

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "class_id": self.class_id,
            "num_thresholds": self.num_thresholds,
            self._argument: self.value,
        }


class SensitivityAtSpecificity(_BestUnder):
    """The best sensitivity where specificity is at least a given value.

    Args:
        specificity: that value, in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: the only class looked at.
        name, dtype: see `Metric`.
    """

    _argument = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> Array:
        """The sensitivity, 0 where no threshold is good enough."""
        return self._result("sensitivity")


class SpecificityAtSensitivity(_BestUnder):
    """The best specificity where sensitivity is at least a given value.

    Args:
        sensitivity: that value, in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: the only class looked at.
        name, dtype: see `Metric`.
    """

    _argument = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> Array:
        """The specificity, 0 where no threshold is good enough."""
        return self._result("specificity")


class PrecisionAtRecall(_BestUnder):
    """The best precision where recall is at least a given value.

    Args:
        recall: that value, in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: the only class looked at.
        name, dtype: see `Metric`.
    """

    _argument = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> Array:
        """The precision, 0 where no threshold is good enough."""
        return self._result("precision")


class RecallAtPrecision(_BestUnder):
    """The best recall where precision is at least a given value.

    Args:
        precision: that value, in [0, 1].
        num_thresholds: how many thresholds are tried.
        class_id: the only class looked at.
        name, dtype: see `Metric`.
    """

    _argument = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> Array:
        """The recall, 0 where no threshold is good enough."""
        return self._result("recall")
