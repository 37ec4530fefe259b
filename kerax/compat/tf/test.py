"""tf.test: questions about devices, and a test case that compares arrays."""

from __future__ import annotations

import unittest
from typing import Any

import jax
import numpy as np

from ..._core.variable import plain
from ._missing import absent
from .config import list_logical_devices

__all__ = ["TestCase", "gpu_device_name", "is_built_with_cuda", "is_gpu_available", "main"]

main = unittest.main


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """Whether there is a GPU."""
    return bool(list_logical_devices("GPU"))


def gpu_device_name() -> str:
    """The name of the first GPU, "" without one."""
    found = list_logical_devices("GPU")
    return found[0].name if found else ""


def is_built_with_cuda() -> bool:
    """Whether JAX computes on GPUs here."""
    return jax.default_backend() == "gpu"


def _array(value: Any) -> np.ndarray:
    return np.asarray(plain(value))


class TestCase(unittest.TestCase):
    """unittest's, which also compares arrays."""

    def evaluate(self, tensors: Any) -> Any:
        """The values as NumPy arrays."""
        return jax.tree.map(_array, tensors)

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Fails unless two structures of arrays are nearly equal."""
        jax.tree.map(lambda x, y: np.testing.assert_allclose(_array(x), _array(y), rtol, atol, err_msg=msg or ""), a, b)

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fails unless two arrays are equal."""
        np.testing.assert_array_equal(_array(a), _array(b), err_msg=msg or "")

    def assertShapeEqual(self, input_a: Any, input_b: Any, msg: str | None = None) -> None:
        """Fails unless two arrays have one shape."""
        a, b = _array(input_a).shape, _array(input_b).shape
        if a != b:
            self.fail(msg or f"shapes {a} and {b}")

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Fails unless two numbers are at most `err` apart."""
        gap = abs(float(f1) - float(f2))
        if not gap <= err:
            self.fail(msg or f"{f1} and {f2} are {gap} apart")


TestCase.__test__ = False  # type: ignore[attr-defined]  # pytest takes subclasses alone

__getattr__ = absent(__name__)
