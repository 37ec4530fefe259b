"""SpectralNormalization: a kernel divided by its largest singular value."""

from __future__ import annotations

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from ... import initializers
from ..._errors import ArgumentError
from ..._types import Array
from .._call import signature_of
from .._layer import Layer, LayerOptions
from .._wrapping.wrapper import Wrapper


class SpectralNormalization(Wrapper):
    """While training, divide the kernel of a layer by its largest singular value (Miyato et al., 2018).

    Args:
        layer: with a `kernel`, or `embeddings`.
        power_iterations: steps of the power method in each call, positive.

    Raises:
        ArgumentError: no steps, or a layer with neither weight.
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **common: Unpack[LayerOptions]) -> None:
        super().__init__(layer, **common)
        if power_iterations <= 0:
            raise ArgumentError(
                f"SpectralNormalization {self.name!r}",
                got=f"power_iterations={power_iterations}",
                expected="a positive integer",
            )
        self.power_iterations = power_iterations

    def build(self, input_shape: Any) -> None:  # type: ignore[override]  # its own weight needs the shape
        """Build the layer inside and make `vector_u` (1, filters)."""
        super().build(input_shape)
        for name in ("kernel", "embeddings"):
            if hasattr(self.layer, name):
                self._weight_name = name
                break
        else:
            raise ArgumentError(
                f"SpectralNormalization {self.name!r}", got=f"{self.layer!r}", expected="a layer with a kernel"
            )
        weight = self.kernel = getattr(self.layer, self._weight_name)
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, weight.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """What the layer inside gives, its kernel normalized."""
        if training:
            kernel = self.kernel
            value, u = self._normalized(kernel._exact())
            kernel.assign(value)
            self.vector_u.assign(u)
        takes = signature_of(type(self.layer).call).takes_training
        return self.layer(inputs, **({"training": training} if takes else {}))

    def _normalized(self, kernel: Array) -> tuple[Array, Array]:
        matrix = kernel.reshape(-1, kernel.shape[-1])
        u = self.vector_u.value.astype(matrix.dtype)
        v = None
        for _ in range(self.power_iterations):
            v = _unit(u @ matrix.T)
            u = _unit(v @ matrix)
        u, v = jax.lax.stop_gradient(u), jax.lax.stop_gradient(v)
        sigma = (v @ matrix) @ u.T
        return kernel / sigma.reshape(()), u

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the layer inside."""
        return self.layer.compute_output_shape(input_shape)


def _unit(x: Array) -> Array:
    return x * jax.lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x)), 1e-12))
