"""ConvLSTM: an LSTM whose products are convolutions."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import activations, config
from ..._types import Array, Shape
from ...ops._kernels.convolution import conv
from .._arguments import one_of, sizes
from .._convolution.base import conv_sizes
from .._layer import CommonOptions, InputSpec
from .cells import RecurrentCell
from .rnn import RNN


class ConvLSTMCell(RecurrentCell):
    """A step of a convolutional LSTM; arguments as `ConvLSTM2D`. States `h` and `c`: images of `filters` channels."""

    gates = 4
    projects_ahead = True  # convolutions in a loop are slow on the CPU

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        recurrent_activation: Any,
        unit_forget_bias: bool,
        where: str,
        **others: Any,
    ) -> None:
        super().__init__(units=filters, **others)
        self.rank = rank
        self.filters = filters
        self.kernel_size = sizes(kernel_size, rank, "kernel_size", where)
        self.strides = sizes(strides, rank, "strides", where)
        self.padding = one_of(padding, ("valid", "same"), "padding", where)
        self.data_format = config.standardize_data_format(data_format)
        self.dilation_rate = sizes(dilation_rate, rank, "dilation_rate", where)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self._last = self.data_format == "channels_last"
        self.state_size = [(), ()]  # known once built

    def build(self, input_shape: Shape) -> None:
        """Make `kernel` (*window, channels, 4 filters), `recurrent_kernel` and `bias`."""
        channels = input_shape[-1] if self._last else input_shape[1]
        width = 4 * self.filters
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, width),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(*self.kernel_size, self.filters, width),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(width,),
                initializer=self._bias_start(),
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        shape = self.step_shape(input_shape)[1:]
        self.state_size = [shape, shape]
        self.output_size = shape

    def _bias_start(self) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer

        def start(shape: Shape, dtype: Any = None) -> Array:  # the forget gate starts open
            f, given = self.filters, self.bias_initializer
            return jnp.concatenate([given((f,), dtype=dtype), jnp.ones((f,), dtype), given((2 * f,), dtype=dtype)])

        return start

    def step_shape(self, input_shape: Shape) -> Shape:
        """The shape of a step's output."""
        spatial = input_shape[1:-1] if self._last else input_shape[2:]
        found = conv_sizes(
            spatial, self.kernel_size, self.strides, self.padding, self.dilation_rate, f"ConvLSTM {self.name!r}"
        )
        return (input_shape[0], *found, self.filters) if self._last else (input_shape[0], self.filters, *found)

    def project(self, inputs: Array, weights: tuple[Array, ...]) -> Array:
        """The inputs' convolution, for (batch, …) or (steps, batch, …)."""
        lead = inputs.shape[: inputs.ndim - self.rank - 1]
        x = inputs.reshape(-1, *inputs.shape[len(lead) :])
        y = conv(x, weights[0], self.strides, self.padding, self.dilation_rate, 1, self._last)
        if len(weights) > 1:
            bias = weights[1]
            y = y + (bias if self._last else bias.reshape(-1, *(1,) * self.rank))
        return y.reshape(*lead, *y.shape[1:])

    def state_drop(self, batch: int, training: bool | None) -> Any:
        """A factor for the state at every step, or None."""
        return self._mask((batch, *self.output_size), self.recurrent_dropout, training)

    def advance(self, projected: Array, states: list[Array], weights: tuple[Array, ...], drop: Any) -> tuple:
        """One step."""
        h, c = states
        h = h if drop is None else h * drop
        ones = (1,) * self.rank
        z = projected + conv(h, weights[0], ones, "same", ones, 1, self._last)
        i, f, n, o = jnp.split(z, 4, axis=-1 if self._last else 1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(n)
        h = gate(o) * self.activation(c)
        return h, [h, c]

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Zeros, one array for each state."""
        return [jnp.zeros((batch_size, *shape), self.compute_dtype) for shape in self.state_size]


class _ConvLSTM(RNN):
    """An LSTM over images, volumes or sequences, whose products are convolutions.

    Args:
        filters: channels of the output.
        kernel_size, strides, padding, data_format, dilation_rate: of the convolution of the inputs, as for `Conv2D`.
        activation: of the new memory and of the output.
        recurrent_activation: of the gates.
        use_bias: whether biases are added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        unit_forget_bias: start with the forget gate open: its bias is 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: functions of the weights giving a loss.
        activity_regularizer: function of the output giving a loss.
        kernel_constraint, recurrent_constraint, bias_constraint: functions applied to the weights after each step.
        dropout: share of the inputs set to zero while training.
        recurrent_dropout: share of the state set to zero while training.
        seed: makes dropout repeat.
        return_sequences, return_state, go_backwards, stateful: as for `RNN`.

    Input shape: (batch, steps, *spatial, channels).
    """

    rank = 0
    _config_skip = ()
    cell: ConvLSTMCell

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **common: Unpack[CommonOptions],
    ) -> None:
        cell = ConvLSTMCell(
            self.rank,
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            recurrent_activation,
            unit_forget_bias,
            type(self).__name__,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=common.get("dtype"),
            name="conv_lstm_cell",
            trainable=common.get("trainable", True),
        )
        super().__init__(
            cell,
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            **common,
        )
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def __getattr__(self, name: str) -> Any:
        # An argument of the cell: it is kept there.
        if name in _CELL_ARGUMENTS and "cell" in vars(self):
            return getattr(vars(self)["cell"], name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Any = None) -> Any:
        """(batch, steps, *spatial, channels) -> (batch, *positions, filters), steps kept for sequences."""
        step = self.cell.step_shape((sequences_shape[0], *sequences_shape[2:]))
        output = (step[0], sequences_shape[1], *step[1:]) if self.return_sequences else step
        return (output, step, step) if self.return_state else output

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config."""
        config = {key: value for key, value in config.items() if key not in ("unroll", "zero_output_for_mask")}
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "unroll": self.unroll, "zero_output_for_mask": self.zero_output_for_mask}


_CELL_ARGUMENTS = frozenset(
    "filters kernel_size strides padding data_format dilation_rate activation recurrent_activation use_bias "
    "kernel_initializer recurrent_initializer bias_initializer unit_forget_bias kernel_regularizer "
    "recurrent_regularizer bias_regularizer kernel_constraint recurrent_constraint bias_constraint dropout "
    "recurrent_dropout seed".split()
)


class ConvLSTM1D(_ConvLSTM):
    """An LSTM over (batch, steps, length, channels); arguments as `ConvLSTM2D`."""

    rank = 1


class ConvLSTM2D(_ConvLSTM):
    __doc__ = _ConvLSTM.__doc__
    rank = 2


class ConvLSTM3D(_ConvLSTM):
    """An LSTM over volumes; arguments as `ConvLSTM2D`."""

    rank = 3
