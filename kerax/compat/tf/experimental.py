"""tf.experimental: NumPy's functions on tensors are jax.numpy."""

from __future__ import annotations

import jax.numpy as numpy

from ._missing import absent

__all__ = ["numpy"]

__getattr__ = absent(__name__)
