"""What a user passes to the methods of `Dataset`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._errors import ArgumentError, DTypeError
from .._transform.spec import TensorSpec
from ._stages.reading import AUTOTUNE

__all__ = ["count", "parallel", "seed_of", "signature", "specs", "whole"]


def whole(value: Any, where: str) -> int:
    """A whole number."""
    found = np.asarray(value)
    if found.ndim or found.dtype.kind not in "iu":
        raise DTypeError(f"Dataset.{where}", got=repr(value), expected="a whole number")
    return int(found)


def count(value: Any, where: str) -> int:
    """A whole number from 1 up."""
    found = whole(value, where)
    if found < 1:
        raise ArgumentError(f"Dataset.{where}", got=found, expected="at least 1")
    return found


def parallel(value: Any, method: str) -> int | None:
    """`num_parallel_calls`: None, AUTOTUNE, or from 1 up."""
    if value is None or value is False:
        return None
    return AUTOTUNE if value == AUTOTUNE else count(value, f"{method}: num_parallel_calls")


def seed_of(value: Any) -> int | None:
    """A seed; several numbers are one."""
    if value is None:
        return None
    found = [whole(one, "shuffle: seed") for one in np.ravel(np.asarray(value)).tolist()]
    if len(found) == 1:
        return found[0]
    return int(np.random.SeedSequence([one % 2**32 for one in found]).generate_state(1, np.uint64)[0] >> 1)


def specs(structure: Any) -> Any:
    """A signature: TensorSpecs in tuples and dicts."""
    if isinstance(structure, Mapping):
        return {key: specs(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        parts = [specs(value) for value in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
    if not hasattr(structure, "shape") or not hasattr(structure, "dtype"):
        raise DTypeError(
            "Dataset.from_generator: output_signature", got=repr(structure), expected="TensorSpecs",
            hint="tf.TensorSpec(shape=(None,), dtype=tf.int32), kerax.data.TensorSpec",
        )  # fmt: skip
    return TensorSpec.of(structure)


def signature(types: Any, shapes: Any) -> Any:
    """The signature that `output_types` and `output_shapes` are."""
    if isinstance(types, Mapping):
        return {key: signature(kind, None if shapes is None else shapes[key]) for key, kind in types.items()}
    if isinstance(types, (list, tuple)):
        if shapes is not None and len(shapes) != len(types):
            raise DTypeError(
                "Dataset.from_generator: output_shapes",
                got=repr(shapes),
                expected=f"one for each of {len(types)} types",
            )
        return tuple(signature(kind, None if shapes is None else shapes[i]) for i, kind in enumerate(types))
    text = types in (str, bytes, object)
    return TensorSpec(shapes, "string" if text else types)
