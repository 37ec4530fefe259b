"""Loss: a value for each row and what becomes of them: weights, masks, padded rows and the reduction."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .. import config, dtype_policies, tree
from .._core.context import here
from .._core.naming import auto_name
from .._core.variable import plain
from .._errors import ArgumentError, ShapeError, Unsupported
from .._graph.tensor import any_symbolic, mask_of
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Array, ArrayLike, Config
from ..ops._op import record
from ._align import RowsMixed, as_array, combine, fit, rows_of, safe_divide, same_rank, size_of, zero_rows

__all__ = ["Loss", "LossFunctionWrapper", "keeps_rows", "reduce_weighted"]

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)
_MEANS = ("sum_over_batch_size", "mean")


class Loss:
    """The base of all losses; a subclass defines `call(y_true, y_pred)`, one value for each row.

    Args:
        name: default: the class's, counted.
        reduction: `"sum_over_batch_size"` or `"mean"` (the sum over the number of values),
            `"sum"`, `"mean_with_sample_weight"` (the sum over the sum of the weights), `"none"` or None.
        dtype: what targets and outputs are cast to; default `floatx()`. A policy gives its compute dtype.

    Raises:
        ArgumentError: an unknown reduction.
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in REDUCTIONS:
            raise ArgumentError(
                f"{type(self).__name__}: Invalid value for argument `reduction`",
                got=repr(reduction),
                expected=f"one of {REDUCTIONS}",
            )
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction
        self._given_dtype = dtype
        self._dtype_policy = dtype_policies.get(dtype or config.floatx())

    @property
    def dtype(self) -> str:
        """What targets and outputs are cast to."""
        return self._dtype_policy.compute_dtype

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """The loss of each row: (batch, ...)."""
        raise Unsupported(f"{type(self).__name__} has no call()", hint="define `def call(self, y_true, y_pred)` in it")

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Array:
        """The reduced loss.

        Args:
            y_true: targets, (batch, ...), or a structure of them.
            y_pred: outputs; a mask they carry leaves elements out.
            sample_weight: one weight a row, or a shape that broadcasts to the values of `call`.

        Returns:
            A scalar; with reduction `"none"` the weighted values.
        """
        if any_symbolic(y_true, y_pred, sample_weight):
            return record(_named(self), (y_true, y_pred, sample_weight), {})
        rows = None if here.rows is None else rows_of(y_pred)
        return self._reduced(y_true, y_pred, sample_weight, mask_of(y_pred), rows)

    def _reduced(self, y_true: Any, y_pred: Any, sample_weight: Any, mask: Any, rows: Array | None) -> Array:
        y_true = tree.map_structure(self._target, y_true)
        y_pred = tree.map_structure(self._output, y_pred)
        if rows is not None:
            # Garbage in padded rows may have no finite gradient, and 0 times that is NaN: it must not come in.
            y_true = tree.map_structure(lambda x: zero_rows(x, rows, fill=x.dtype.kind == "f"), y_true)
            y_pred = tree.map_structure(lambda x: zero_rows(x, rows, fill=0.5), y_pred)
        values = self.call(y_true, y_pred)
        computed = self._counted(y_true, values)
        if computed is not None:
            mask = computed if mask is None else jnp.logical_and(mask, computed)
        rows = self._rows_of_values(values, rows)
        return reduce_weighted(values, self.reduction, sample_weight, mask, rows, self.dtype)

    def _counted(self, y_true: Any, values: Array) -> Array | None:
        """Which values count in a mean; None: all."""
        return mask_of(values)

    def _target(self, x: Any) -> Array:
        return jnp.asarray(plain(x), self.dtype)

    def _output(self, x: Any) -> Array:
        return jnp.asarray(plain(x), self.dtype)

    def _rows_of_values(self, values: Array, rows: Array | None) -> Array | None:
        return rows

    def get_config(self) -> Config:
        """The constructor's arguments."""
        given = {} if self._given_dtype is None else {"dtype": self._dtype_policy.name}
        return {"name": self.name, "reduction": self.reduction, **given}

    @classmethod
    def from_config(cls, config: Config) -> Loss:
        """The loss of a config."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}, reduction={self.reduction!r}>"


def _named(loss: Loss) -> Callable:
    def call(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Array:
        return loss(y_true, y_pred, sample_weight)

    call.__name__ = loss.name
    return call


class LossFunctionWrapper(Loss):
    """A loss made of a function `fn(y_true, y_pred, **kwargs)`.

    Args:
        fn: gives one value for each row.
        reduction, name, dtype: see `Loss`.
        kwargs: passed on to `fn`.

    Raises:
        ShapeError: when called, where target and output differ in shape and `fn` is one of kerax's.
    """

    def __init__(
        self,
        fn: Callable,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def _target(self, x: Any) -> Array:
        if getattr(self.fn, "takes_labels", False):  # 16 bits hold few class ids
            x = jnp.asarray(plain(x))
            return x if x.dtype.kind in "iu" else x.astype(self.dtype)
        return super()._target(x)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """`fn` of both, their ranks made equal."""
        if tree.is_nested(y_pred) or tree.is_nested(y_true):
            pairs = [same_rank(t, p) for t, p in zip(tree.flatten(y_true), tree.flatten(y_pred), strict=True)]
            y_true = tree.pack_sequence_as(y_true, [t for t, _ in pairs])
            y_pred = tree.pack_sequence_as(y_pred, [p for _, p in pairs])
        else:
            y_true, y_pred = same_rank(y_true, y_pred)
            if getattr(self.fn, "elementwise", False) and y_true.ndim and y_true.shape != y_pred.shape:
                raise ShapeError(
                    f"Loss {self.name!r}",
                    got=f"targets of shape {y_true.shape} for outputs of shape {y_pred.shape}",
                    expected="equal shapes",
                    hint=_remedy(y_true.shape, y_pred.shape),
                )
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def _counted(self, y_true: Any, values: Array) -> Array | None:
        known = getattr(self.fn, "counted", None)
        return mask_of(values) if known is None else known(y_true, values, **self._fn_kwargs)

    def _rows_of_values(self, values: Array, rows: Array | None) -> Array | None:
        if rows is None or (values.ndim and values.shape[0] == rows.shape[0]):
            return rows
        if not getattr(self.fn, "knows_rows", False):
            raise RowsMixed(f"Loss {self.name!r}", values.shape, rows.shape[0])
        return rows

    def get_config(self) -> Config:
        """The constructor's arguments."""
        extra = {} if type(self) is not LossFunctionWrapper else {"fn": serialize_keras_object(self.fn)}
        return {**super().get_config(), **extra, **serialize_keras_object(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config: Config) -> Loss:
        """The loss of a config."""
        if isinstance(config.get("fn"), dict):
            config = {**config, "fn": deserialize_keras_object(config["fn"])}
        return cls(**config)


def _remedy(target: tuple[int, ...], output: tuple[int, ...]) -> str:
    if target[:-1] == output[:-1] and output[-1] == 1:
        return f"a last layer of {target[-1]} units, or targets of one column"
    if target[: len(output) - 1] == output[:-1] and (len(target) < len(output) or target[-1] == 1):
        return "sparse_categorical_crossentropy if the targets are class numbers, or targets shaped like the output"
    return "targets shaped like the output of the model"


class FunctionLoss(LossFunctionWrapper):
    """The base of kerax's own losses: keyword arguments are attributes and stand in the config.

    `unwritten`: arguments that Keras leaves out of the config, with their defaults; here they are
    written where they differ, so that a loss read back is the loss that was saved.
    """

    unwritten: dict[str, Any] = {}

    def __init__(self, fn: Callable, reduction: str | None, name: str | None, dtype: Any, **kwargs: Any) -> None:
        super().__init__(fn, reduction=reduction, name=name, dtype=dtype, **kwargs)
        for key, value in kwargs.items():
            setattr(self, key, value)
        plain = all(isinstance(value, (int, float, str, type(None))) for value in kwargs.values())
        self._key = (type(self), name, reduction, self.dtype, *sorted(kwargs.items())) if plain else None

    def _reduced(self, y_true: Any, y_pred: Any, sample_weight: Any, mask: Any, rows: Array | None) -> Array:
        if self._key is None or type(self).call is not LossFunctionWrapper.call:
            return super()._reduced(y_true, y_pred, sample_weight, mask, rows)
        y_true, y_pred = tree.map_structure(as_array, y_true), tree.map_structure(as_array, y_pred)
        how = _Same(self, (*self._key, config.epsilon(), config.floatx()))
        return _compiled(y_true, y_pred, as_array(sample_weight), mask, rows, how)

    def get_config(self) -> Config:
        """The constructor's arguments."""
        config = super().get_config()
        for key, default in self.unwritten.items():
            if config.get(key) == default:
                config.pop(key)
        return config


class _Same:
    """A loss that compares equal to those that compute the same: they share one compiled program."""

    __slots__ = ("key", "loss")

    def __init__(self, loss: FunctionLoss, key: tuple) -> None:
        self.loss, self.key = loss, key

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.key == self.key


# Run eagerly a loss is one dispatch; while tracing it is inlined.
@functools.partial(jax.jit, static_argnames="how", inline=True)
def _compiled(y_true: Any, y_pred: Any, sample_weight: Any, mask: Any, rows: Any, how: _Same) -> Array:
    return Loss._reduced(how.loss, y_true, y_pred, sample_weight, mask, rows)


def keeps_rows(loss: Any) -> bool:
    """Whether the padded rows of a batch change nothing in the reduced loss: known of kerax's own losses."""
    fn = getattr(loss, "fn", loss)
    return getattr(fn, "elementwise", None) is not None


def reduce_weighted(
    values: Array,
    reduction: str | None = "sum_over_batch_size",
    sample_weight: ArrayLike | None = None,
    mask: Array | None = None,
    rows: Array | None = None,
    dtype: Any = None,
) -> Array:
    """Weigh the values, leave out what is masked or padded, and reduce.

    Args:
        values: (batch, ...).
        reduction: see `Loss`.
        sample_weight: one weight a row, or a shape that broadcasts to `values`.
        mask: True for what counts; a mean then is over what counts.
        rows: (batch,) booleans, False for rows that are not there.
        dtype: of the result; default that of `values`.
    """
    values = jnp.asarray(values, dtype)
    dtype = values.dtype
    weight = None
    if mask is not None:
        weight = zero_rows(mask.astype(dtype), rows)
        if reduction in _MEANS:
            scale = safe_divide(size_of(weight.shape, rows), jnp.sum(weight, dtype=_wide(dtype)))
            weight = weight * scale.astype(dtype)
    if sample_weight is not None:
        given = zero_rows(jnp.asarray(plain(sample_weight), dtype), rows)
        weight = given if weight is None else combine(given, weight)
    if weight is not None:
        values, weight = fit(values, weight)
        values = values * weight
    values = zero_rows(values, rows)
    if reduction in ("none", None) or values.ndim == 0 or values.size == 0:
        return values
    total = jnp.sum(values, dtype=_wide(dtype))
    if reduction in _MEANS or (reduction == "mean_with_sample_weight" and weight is None):
        total = safe_divide(total, size_of(values.shape, rows)) if rows is not None else total / values.size
    elif reduction == "mean_with_sample_weight":
        total = safe_divide(total, jnp.sum(weight, dtype=_wide(dtype)))
    return total.astype(dtype)


def _wide(dtype: Any) -> Any:
    """What sums are taken in: 16 bits overflow."""
    return jnp.promote_types(dtype, jnp.float32)
