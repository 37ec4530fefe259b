"""The cells: one step of SimpleRNN, LSTM and GRU.

A cell's work is cut in two: `project` is what depends on the inputs alone and can be done for all
steps in one product; `advance` is what has to wait for the step before.
"""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import activations, constraints, initializers, random, regularizers
from ..._types import Array, Shape
from .._arguments import positive
from .._layer import Layer, LayerOptions
from .._regularization.dropout import dropped
from .gates import lstm_gates


class RecurrentCell(Layer):
    """What the cells share: arguments, weights, dropout that is the same at every step."""

    gates = 1
    projects_ahead = False  # for all steps at once wherever it runs

    def __init__(
        self,
        units: int,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.units = positive(units, "units", f"{type(self).__name__} {self.name!r}")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)
        self.state_size: Any = self.units
        self.output_size: Any = self.units

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` (inputs, gates * units), `recurrent_kernel` (units, gates * units) and `bias`."""
        width = self.gates * self.units
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], width),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(self.units, width),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=self._bias_shape(),
                initializer=self._bias_start(),
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _bias_shape(self) -> Shape:
        return (self.gates * self.units,)

    def _bias_start(self) -> Any:
        return self.bias_initializer

    # -- one step, in two parts ------------------------------------------------------------------

    def project(self, inputs: Array, weights: tuple[Array, ...]) -> Array:
        """What the inputs contribute: (…, size) -> (…, gates * units)."""
        x = jnp.matmul(inputs, weights[0])
        return x + weights[1] if len(weights) > 1 else x

    def weights_of_inputs(self) -> tuple[Array, ...]:
        """What `project` multiplies the inputs with, and adds."""
        return (self.kernel.value, self._input_bias()) if self.use_bias else (self.kernel.value,)

    def _input_bias(self) -> Array:
        return self.bias.value

    def weights_of_state(self) -> tuple[Array, ...]:
        """What `advance` multiplies the state with."""
        return (self.recurrent_kernel.value,)

    def advance(self, projected: Array, states: list[Array], weights: tuple[Array, ...], drop: Any) -> tuple:
        """(output, new states) from projected inputs and the states before; `drop` is None or scales the state."""
        raise NotImplementedError

    def input_drop(self, shape: Shape, training: bool | None) -> Any:
        """A factor for the inputs of every step, or None."""
        return self._mask(shape, self.dropout, training)

    def state_drop(self, batch: int, training: bool | None) -> Any:
        """A factor for the state at every step, or None."""
        return self._mask((batch, self.units), self.recurrent_dropout, training)

    def _mask(self, shape: Shape, rate: float, training: bool | None) -> Any:
        if not training or rate == 0:
            return None
        return dropped(jnp.ones(shape, self.compute_dtype), rate, None, self.seed_generator)

    def call(self, inputs: Array, states: Any, training: bool = False) -> tuple[Array, Any]:
        """One step: (batch, size) and states -> (output, new states)."""
        listed = list(states) if isinstance(states, (list, tuple)) else [states]
        factor = self.input_drop(inputs.shape, training)
        x = inputs if factor is None else inputs * factor
        drop = self.state_drop(x.shape[0], training)
        projected = self.project(x, self.weights_of_inputs())
        output, new = self.advance(projected, listed, self.weights_of_state(), drop)
        return output, (new if isinstance(states, (list, tuple)) else new[0])

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Zeros, one array for each state."""
        sizes = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        return [jnp.zeros((batch_size, size), self.compute_dtype) for size in sizes]


class SimpleRNNCell(RecurrentCell):
    """One step of `SimpleRNN`: `activation(x @ kernel + h @ recurrent_kernel + bias)`; arguments as there."""

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            **common,
        )

    def advance(self, projected: Array, states: list[Array], weights: tuple[Array, ...], drop: Any) -> tuple:
        """One step."""
        h = states[0] if drop is None else states[0] * drop
        h = self.activation(projected + jnp.matmul(h, weights[0]))
        return h, [h]


class LSTMCell(RecurrentCell):
    """One step of `LSTM`; arguments as there. States: the output `h` and the memory `c`, each (batch, units)."""

    gates = 4  # input, forget, new memory, output: in this order along the kernels' last axis

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        common.pop("implementation", None)  # type: ignore[typeddict-item]
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            **common,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def _bias_start(self) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer

        def start(shape: Shape, dtype: Any = None) -> Array:  # the forget gate starts open
            u = self.units
            given = self.bias_initializer
            return jnp.concatenate([given((u,), dtype=dtype), jnp.ones((u,), dtype), given((2 * u,), dtype=dtype)])

        return start

    def advance(self, projected: Array, states: list[Array], weights: tuple[Array, ...], drop: Any) -> tuple:
        """One step."""
        h, c = states
        h = h if drop is None else h * drop
        z = projected + jnp.matmul(h, weights[0])
        if self.activation is activations.tanh and self.recurrent_activation is activations.sigmoid:
            h, c = lstm_gates(z, c)
            return h, [h, c]
        i, f, n, o = jnp.split(z, 4, axis=-1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(n)
        h = gate(o) * self.activation(c)
        return h, [h, c]


class GRUCell(RecurrentCell):
    """One step of `GRU`; arguments as there. State: the output, (batch, units)."""

    gates = 3  # update, reset, new output: in this order along the kernels' last axis

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **common: Unpack[LayerOptions],
    ) -> None:
        common.pop("implementation", None)  # type: ignore[typeddict-item]
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            **common,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def _bias_shape(self) -> Shape:
        # With reset_after the state's product has a bias of its own.
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _input_bias(self) -> Array:
        return self.bias.value[0] if self.reset_after else self.bias.value

    def weights_of_state(self) -> tuple[Array, ...]:
        """The recurrent kernel, and its bias where it has one."""
        if self.use_bias and self.reset_after:
            return (self.recurrent_kernel.value, self.bias.value[1])
        return (self.recurrent_kernel.value,)

    def advance(self, projected: Array, states: list[Array], weights: tuple[Array, ...], drop: Any) -> tuple:
        """One step."""
        before = states[0]
        h = before if drop is None else before * drop
        kernel, units = weights[0], self.units
        gate = self.recurrent_activation
        x_z, x_r, x_n = jnp.split(projected, 3, axis=-1)
        if self.reset_after:
            inner = jnp.matmul(h, kernel)
            inner = inner + weights[1] if len(weights) > 1 else inner
            h_z, h_r, h_n = jnp.split(inner, 3, axis=-1)
            z, r = gate(x_z + h_z), gate(x_r + h_r)
            new = self.activation(x_n + r * h_n)
        else:
            h_z, h_r = jnp.split(jnp.matmul(h, kernel[:, : 2 * units]), 2, axis=-1)
            z, r = gate(x_z + h_z), gate(x_r + h_r)
            new = self.activation(x_n + jnp.matmul(r * h, kernel[:, 2 * units :]))
        out = z * before + (1 - z) * new
        return out, [out]


__all__ = ["GRUCell", "LSTMCell", "RecurrentCell", "SimpleRNNCell"]
