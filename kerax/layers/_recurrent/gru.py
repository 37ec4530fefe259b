"""GRU: an RNN of GRUCell."""

from __future__ import annotations

from typing import Any, Unpack

from .._layer import CommonOptions
from .cells import GRUCell
from .rnn import CellRNN


class GRU(CellRNN):
    """Gated recurrent unit (Cho et al., 2014).

    Args:
        units: size of the output.
        activation: of the new output.
        recurrent_activation: of the gates.
        use_bias: whether biases are added.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: functions of the weights giving a loss.
        activity_regularizer: function of the output giving a loss.
        kernel_constraint, recurrent_constraint, bias_constraint: functions applied to the weights after each step.
        dropout: share of the inputs set to zero while training, the same ones at every step.
        recurrent_dropout: share of the state set to zero while training, the same part at every step.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.
        reset_after: reset the state after its product with the kernel, as cuDNN does, or before it.
        use_cudnn: kept for compatibility.
        seed: makes dropout repeat.

    Call arguments: those of `RNN`. Input shape: (batch, steps, size).
    """

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
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **common: Unpack[CommonOptions],
    ) -> None:
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
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
            reset_after=reset_after,
            dtype=common.get("dtype"),
            trainable=common.get("trainable", True),
            name="gru_cell",
        )
        super().__init__(
            cell,
            activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            **common,
        )
        self.use_cudnn = use_cudnn
