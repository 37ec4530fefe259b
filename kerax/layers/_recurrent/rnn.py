"""RNN: a cell, step after step along a sequence, in one `lax.scan`."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from ... import _serial, tree
from ..._core.variable import Variable
from ..._errors import ArgumentError, ShapeError
from ..._types import Array, Shape
from .._layer import InputSpec, Layer, LayerOptions
from .cells import RecurrentCell
from .stacked import StackedRNNCells
from .walk import Walk


class RNN(Layer):
    """Run a cell along the steps of a sequence.

    Args:
        cell: a layer whose call takes (inputs of a step, states) and gives (output, new states), with
            `state_size`; or a list of such, stacked.
        return_sequences: give the output of every step, not only of the last.
        return_state: give the last states too.
        go_backwards: start with the last step; outputs come in that order.
        stateful: begin each batch with the states in which the one before ended; needs a fixed batch size.
        unroll: write the steps out one by one; for short sequences.
        zero_output_for_mask: give zeros for masked steps, instead of the output before them.

    Call arguments:
        sequences: (batch, steps, …), or a structure of such where the cell takes one.
        initial_state: list of first states, default zeros.
        mask: (batch, steps) booleans; steps that are False leave the states as they are.
        training: passed on to the cell.
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **common: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**common)
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        for name in ("call", "state_size"):
            if not hasattr(cell, name):
                raise ArgumentError(
                    f"{type(self).__name__} {self.name!r}",
                    got=f"a cell {cell!r} without `{name}`",
                    expected="a layer with call(inputs, states) and state_size",
                )
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.states: Any = None
        self.input_spec = None

    # -- shapes ----------------------------------------------------------------------------------

    @property
    def _state_sizes(self) -> list[Any]:
        size = self.cell.state_size
        return list(size) if isinstance(size, (list, tuple)) else [size]

    @property
    def state_size(self) -> Any:
        """That of the cell."""
        return self.cell.state_size

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        """Build the cell for one step, and make the states if they are to be kept."""
        batch = _first_shape(sequences_shape)[0]
        step = tree.map_shape_structure(lambda shape: (shape[0], *shape[2:]), sequences_shape)
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build(step)
            self.cell.built = True
        if self.stateful:
            if batch is None:
                raise ArgumentError(
                    f"{type(self).__name__} {self.name!r}",
                    got="stateful=True and an unknown batch size",
                    expected="a fixed one",
                    hint="Input(batch_size=…, shape=…), or batch_input_shape= of the layer",
                )
            self.states = [
                Variable(
                    state, trainable=False, autocast=False, name="rnn_state", dtype=self.variable_dtype, rnn_state=True
                )
                for state in tree.flatten(self.get_initial_state(batch))
            ]

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Any = None) -> Any:
        """(batch, steps, …) -> (batch, size), or (batch, steps, size); with states a tuple."""
        batch, steps = _first_shape(sequences_shape)[:2]
        size = getattr(self.cell, "output_size", None)
        rows = self._state_sizes[0] if size is None else size
        before = (batch, steps) if self.return_sequences else (batch,)
        if _is_nested(rows):
            output: Any = tree.map_shape_structure(lambda shape: (*before, *shape), rows)
        else:
            output = (*before, *_listed(rows))
        return (output, *self._state_shapes(batch)) if self.return_state else output

    def _state_shapes(self, batch: int | None) -> list[Any]:
        if isinstance(self.cell, StackedRNNCells):
            return [
                [(batch, size) for size in sizes] if isinstance(sizes, (list, tuple)) else (batch, sizes)
                for sizes in self._state_sizes
            ]
        return [(batch, *_listed(size)) for size in self._state_sizes]

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The input's mask where every step has an output; states have none."""
        mask = tree.flatten(previous_mask)[0] if previous_mask is not None else None
        out = mask if self.return_sequences else None
        return [out, *(None for _ in self._state_sizes)] if self.return_state else out

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Zeros, as the cell has them."""
        make = getattr(self.cell, "get_initial_state", None)
        if make is not None:
            state = make(batch_size=batch_size)
        else:
            state = [
                jnp.zeros((batch_size, *(s if isinstance(s, (list, tuple)) else (s,))), self.compute_dtype)
                for s in self._state_sizes
            ]
        return list(state) if isinstance(state, (list, tuple)) else [state]

    # -- calling ---------------------------------------------------------------------------------

    def call(self, sequences: Array, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """Run along the sequence."""
        mask = tree.flatten(mask)[0] if isinstance(mask, (list, tuple)) else mask
        states, fresh = self._first_states(sequences, initial_state)
        walk = Walk(self.return_sequences, self.go_backwards, self.unroll, self.zero_output_for_mask, training)
        last, outputs, states = walk(self.cell, sequences, states, mask, fresh)
        if self.stateful:
            for variable, value in zip(self.states, tree.flatten(states), strict=True):
                variable.assign(value)
        output = outputs if self.return_sequences else last
        return (output, *states) if self.return_state else output

    def _first_states(self, sequences: Array, given: Any) -> tuple[list[Any], bool]:
        """The states to begin with, and whether they are zeros."""
        where = f"{type(self).__name__} {self.name!r}"
        batch = tree.flatten(sequences)[0].shape[0]
        if self.stateful and batch != self.states[0].shape[0]:
            raise ShapeError(
                where,
                got=f"a batch of {batch}",
                expected=f"{self.states[0].shape[0]}, fixed when this stateful layer was built",
            )
        if given is None and not self.stateful:
            return self.get_initial_state(batch), True
        if given is None:
            kept = [state.value.astype(self.compute_dtype) for state in self.states]
            return tree.pack_sequence_as(self.get_initial_state(batch), kept), False
        states = list(given) if isinstance(given, (list, tuple)) else [given]
        if len(states) != len(self._state_sizes):
            raise ArgumentError(
                where, got=f"{len(states)} initial states", expected=f"{len(self._state_sizes)}, as the cell has"
            )
        return tree.map_structure(lambda s: s.astype(self.compute_dtype), states), False

    def reset_state(self) -> None:
        """Set the kept states to zeros."""
        for state in self.states or ():
            state.assign(jnp.zeros(state.shape, state.dtype))

    reset_states = reset_state

    # -- config ----------------------------------------------------------------------------------

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config."""
        config = dict(config)
        if isinstance(config.get("cell"), dict):
            config["cell"] = _serial.deserialize_keras_object(config["cell"])
        return super().from_config(config)


def _first_shape(shapes: Any) -> Shape:
    found: list[Shape] = []
    tree.map_shape_structure(found.append, shapes)
    return found[0]


def _is_nested(sizes: Any) -> bool:
    """Whether a cell's `output_size` is that of several outputs: a structure of shapes."""
    return isinstance(sizes, dict) or (
        isinstance(sizes, (list, tuple)) and any(isinstance(size, (list, tuple, dict)) for size in sizes)
    )


def _listed(size: Any) -> tuple:
    return tuple(size) if isinstance(size, (list, tuple)) else (size,)


class CellRNN(RNN):
    """An RNN of one kind of cell, with the cell's arguments as its own."""

    _config_skip = ()
    _config_never: tuple[str, ...] = ("use_cudnn", "implementation", "time_major", "input_length")
    cell: RecurrentCell

    def __init__(self, cell: RecurrentCell, activity_regularizer: Any, **common: Any) -> None:
        for name in ("implementation", "time_major"):
            common.pop(name, None)
        length, width = common.pop("input_length", None), common.pop("input_dim", None)
        if width is not None:
            common["input_shape"] = (length, width)
        super().__init__(cell, activity_regularizer=activity_regularizer, **common)
        self.input_spec = InputSpec(ndim=3)

    def __getattr__(self, name: str) -> Any:
        # An argument of the cell: it is kept there.
        if name in _CELL_ARGUMENTS and "cell" in vars(self):
            return getattr(vars(self)["cell"], name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config."""
        return cls(**{key: value for key, value in config.items() if key != "cell"})

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.setdefault("zero_output_for_mask", self.zero_output_for_mask)
        return config


_CELL_ARGUMENTS = frozenset(
    "units activation recurrent_activation use_bias kernel_initializer recurrent_initializer bias_initializer "
    "unit_forget_bias kernel_regularizer recurrent_regularizer bias_regularizer kernel_constraint "
    "recurrent_constraint bias_constraint dropout recurrent_dropout reset_after seed".split()
)
