"""Walk: a cell along a sequence, what all of RNN comes down to."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ... import tree
from ..._core.context import setting
from ..._core.module import variables_of
from ..._core.stateful import Carried, pure
from ..._types import Array
from ...ops._kernels.platform import on_cpu
from .._call import signature_of
from .cells import RecurrentCell
from .stacked import StackedRNNCells


class Walk(NamedTuple):
    """How to go along a sequence; see `RNN` for each."""

    return_sequences: bool
    go_backwards: bool
    unroll: bool
    zero_output_for_mask: bool
    training: bool | None

    def __call__(self, cell: Any, sequences: Array, states: list[Any], mask: Array | None, fresh: bool) -> tuple:
        """Run `cell` along `sequences` (batch, steps, …).

        Args:
            cell: what makes each step.
            sequences: its inputs.
            states: those to begin with.
            mask: (batch, steps), or None.
            fresh: whether `states` are zeros.
        Returns:
            (last output, all outputs or None, last states).
        """
        if isinstance(cell, StackedRNNCells) and all(
            isinstance(c, (RecurrentCell, StackedRNNCells)) for c in cell.cells
        ):
            return self._through_stack(cell, sequences, states, mask, fresh)
        if isinstance(cell, RecurrentCell):
            return self._known(cell, sequences, states, mask, fresh)
        return self._any(cell, sequences, states, mask)

    def _through_stack(
        self, stack: StackedRNNCells, sequences: Array, states: list[Any], mask: Any, fresh: bool
    ) -> Any:
        # Cell by cell instead of step by step: the same numbers, each cell's inputs in one product.
        new, last, outputs = [], None, None
        within = self._replace(return_sequences=True, go_backwards=False)
        if self.go_backwards:
            sequences = jnp.flip(sequences, 1)
            mask = None if mask is None else jnp.flip(mask, 1)
        for place, cell in enumerate(stack.cells):
            walk = within if place < len(stack.cells) - 1 else self._replace(go_backwards=False)
            mine = list(states[place]) if isinstance(states[place], (list, tuple)) else [states[place]]
            last, outputs, mine = walk(cell, sequences, mine, mask, fresh)
            new.append(mine if isinstance(states[place], (list, tuple)) else mine[0])
            sequences = outputs
        return last, outputs, new

    def _known(self, cell: RecurrentCell, sequences: Array, states: list[Any], mask: Any, fresh: bool) -> tuple:
        """A cell of ours, whose inputs may be projected for all steps at once; its output is its first state."""
        factor = cell.input_drop((sequences.shape[0], *sequences.shape[2:]), self.training)
        if factor is not None:
            sequences = sequences * factor[:, None]
        drop = cell.state_drop(sequences.shape[0], self.training)
        of_inputs, of_state = cell.weights_of_inputs(), cell.weights_of_state()
        xs = jnp.swapaxes(sequences, 0, 1)
        # One product for all steps spares an accelerator many small ones. On the CPU it costs more than it spares:
        # the compiler then fetches each step's rows within the gates, which it no longer vectorises.
        ahead = self.unroll or cell.projects_ahead or not on_cpu()
        if ahead:
            xs = cell.project(xs, of_inputs)

        def advance(x: Array, states: list[Any]) -> Any:
            return cell.advance(x if ahead else cell.project(x, of_inputs), states, of_state, drop)

        if mask is None or (fresh and not self.zero_output_for_mask):

            def body(states: Any, x: Any) -> Any:
                x, kept = x
                output, new = advance(x, states)
                if kept is not None:
                    new = _where(kept, new, states)
                    output = new[0]
                return new, output if self.return_sequences else None

            new, outputs = self._along(body, list(states), (xs, _steps_of(mask)))
            return new[0], outputs, new

        def step(values: Any, x: Array, states: list[Any]) -> Any:
            return advance(x, states), values

        return self._general(step, [], xs, list(states), mask, states[0])

    def _any(self, cell: Any, sequences: Array, states: list[Any], mask: Any) -> tuple:
        """A cell of others: called step by step; what it keeps in Variables goes from step to step."""
        carried = Carried([v for v in variables_of(cell) if not getattr(v, "trainable", False)])
        signature = signature_of(type(cell).call)
        options = {"training": self.training} if signature.takes_training else {}
        run = pure(lambda x, states: cell(x, states, **options), carried, check=False)

        def step(values: Any, x: Any, states: list[Any]) -> Any:
            (output, new), values = run(values, x, states)
            return (output, list(new) if isinstance(new, (list, tuple)) else [new]), values

        xs = jax.tree.map(lambda a: jnp.swapaxes(a, 0, 1), sequences)
        first = jax.tree.map(lambda a: a[0], xs)
        shapes = jax.eval_shape(lambda: step(carried.values(), first, list(states))[0][0])
        output = jax.tree.map(lambda shape: jnp.zeros(shape.shape, shape.dtype), shapes)
        last, outputs, states = self._general(step, carried.values(), xs, list(states), mask, output, carried)
        return last, outputs, states

    def _general(
        self, step: Any, values: list, xs: Any, states: list, mask: Any, like: Any, carried: Any = None
    ) -> tuple:
        """The walk that also carries the last output and a cell's own Variables."""

        def body(carry: Any, x: Any) -> Any:
            (states, before, values), (x, kept) = carry, x
            (output, new), values = step(values, x, states)
            new = tree.map_structure(lambda n, o: n.astype(o.dtype), new, states)
            if kept is not None:
                new = _where(kept, new, states)
                output = _where(kept, output, _zeros(output) if self.zero_output_for_mask else before)
            return (new, output, values), output if self.return_sequences else None

        carry = (states, _zeros(like), values)
        (states, last, values), outputs = self._along(body, carry, (xs, _steps_of(mask)))
        for variable, value in zip(carried.variables if carried else (), values, strict=True):
            if variable._raw_value is not value:
                variable[...] = value
        return last, outputs, states

    def _along(self, body: Any, carry: Any, xs: Any) -> tuple:
        """`body` step after step; what it gives, batch first."""
        length = jax.tree.leaves(xs)[0].shape[0]
        if self.unroll:
            given = []
            for t in range(length - 1, -1, -1) if self.go_backwards else range(length):
                carry, out = body(carry, jax.tree.map(lambda a, t=t: a[t], xs))
                given.append(out)
            outputs = jax.tree.map(lambda *steps: jnp.stack(steps, 1), *given) if self.return_sequences else None
            return carry, outputs
        with setting(looping=True):
            carry, outputs = lax.scan(body, carry, xs, reverse=self.go_backwards)
        if outputs is not None:
            # lax.scan gives outputs in the order of the inputs; Keras in the order they were made.
            outputs = jax.tree.map(
                lambda out: jnp.swapaxes(jnp.flip(out, 0) if self.go_backwards else out, 0, 1), outputs
            )
        return carry, outputs


def _steps_of(mask: Array | None) -> Array | None:
    return None if mask is None else jnp.swapaxes(mask.astype(bool), 0, 1)


def _zeros(like: Any) -> Any:
    return jax.tree.map(jnp.zeros_like, like)


def _where(kept: Array, new: Any, old: Any) -> Any:
    """`new` in rows that are kept, `old` in the others."""
    return tree.map_structure(lambda n, o: jnp.where(kept.reshape(-1, *(1,) * (n.ndim - 1)), n, o), new, old)
