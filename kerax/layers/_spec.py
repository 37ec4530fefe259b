"""InputSpec: what a layer takes, checked before it is called."""

from __future__ import annotations

from typing import Any

from .. import tree
from .._core.dtypes import standardize_dtype
from .._errors import ShapeError


class InputSpec:
    """The dtype, rank and sizes an input must have.

    Args:
        dtype: the only dtype taken.
        shape: the shape, None for any size; fixes the rank.
        ndim: the only rank taken.
        max_ndim: the highest rank taken.
        min_ndim: the lowest rank taken.
        axes: axis -> size it must have.
        allow_last_axis_squeeze: take a missing or an extra last axis of size 1.
        name: the key of the input where inputs come as a dict.
        optional: whether None may be passed.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def __repr__(self) -> str:
        shown = {key: value for key, value in vars(self).items() if value not in (None, {}, False)}
        return f"InputSpec({', '.join(f'{key}={value!r}' for key, value in shown.items())})"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """The spec of a config."""
        return cls(**config)


def check(specs: Any, inputs: Any, where: str) -> None:
    """Compare inputs with what the layer takes.

    Raises:
        ShapeError: naming the layer, the shape that came and what was expected.
    """
    if specs is None:
        return
    specs = tree.flatten(specs)
    if isinstance(inputs, dict) and all(spec is not None and spec.name is not None for spec in specs):
        missing = [spec.name for spec in specs if spec.name not in inputs]
        if missing:
            raise ShapeError(where, got=f"inputs named {sorted(inputs)}", expected=f"also {missing}")
        inputs = [inputs[spec.name] for spec in specs]
    values = tree.flatten(inputs)
    if len(values) != len(specs):
        raise ShapeError(where, got=f"{len(values)} inputs", expected=f"{len(specs)}")
    for spec, value in zip(specs, values, strict=True):
        if spec is not None:
            _check_one(spec, value, where)


def _check_one(spec: InputSpec, value: Any, where: str) -> None:
    if value is None:
        if spec.optional:
            return
        raise ShapeError(where, got="None for an input", expected="a tensor")
    if not hasattr(value, "shape"):
        return
    shape = tuple(value.shape)
    rank = len(shape)

    def wrong(expected: str, hint: str | None = None) -> ShapeError:
        return ShapeError(where, got=f"an input of shape {shape}", expected=expected, hint=hint)

    if spec.ndim is not None and not spec.allow_last_axis_squeeze and rank != spec.ndim:
        raise wrong(f"{spec.ndim} axes (ndim={spec.ndim}), found ndim={rank}", _rank_hint(rank, spec.ndim))
    if spec.max_ndim is not None and rank > spec.max_ndim:
        raise wrong(f"at most {spec.max_ndim} axes (max_ndim={spec.max_ndim}), found ndim={rank}")
    if spec.min_ndim is not None and rank < spec.min_ndim:
        raise wrong(
            f"at least {spec.min_ndim} axes (min_ndim={spec.min_ndim}), found ndim={rank}",
            _rank_hint(rank, spec.min_ndim),
        )
    if spec.dtype is not None and standardize_dtype(value.dtype) != spec.dtype:
        raise ShapeError(where, got=f"an input of dtype {value.dtype}", expected=spec.dtype)
    for axis, size in spec.axes.items():
        if size is not None and -rank <= axis < rank and shape[axis] not in (size, None):
            raise wrong(f"size {size} along axis {axis}", "build another layer for these inputs, or project them first")
    if spec.shape is not None:
        wanted: tuple = spec.shape
        if spec.allow_last_axis_squeeze:
            shape = shape[:-1] if shape and shape[-1] == 1 else shape
            wanted = wanted[:-1] if wanted and wanted[-1] == 1 else wanted
        if len(shape) != len(wanted) or any(
            a is not None and b is not None and a != b for a, b in zip(shape, wanted, strict=False)
        ):
            raise wrong(f"shape {spec.shape}")


def _rank_hint(rank: int, wanted: int) -> str | None:
    if rank == wanted - 1:
        return "add the missing axis, e.g. x[..., None] for channels or x[None] for a batch of one"
    return None
