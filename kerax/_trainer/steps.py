"""The steps: one batch trained on, tested or predicted, in terms of Variables.

Traced, they are pure functions (`programs.py`); run eagerly, they are what they look like.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from .._core import nnx_private
from .._core.stateful import Carried, pure
from .._transform.tape import Tape, tracing


def gradients(
    forward: Callable[[], tuple[Any, Any]], trainable: Sequence[Any], carried: Carried
) -> tuple[Any, Any, list]:
    """The loss that `forward` computes, what else it gives, and the gradients of the loss.

    Args:
        forward: gives (loss, anything); reads and may assign Variables.
        trainable: the Variables to differentiate by.
        carried: every Variable that may change; those assigned hold their new values afterwards.
    """
    if not tracing():
        return _gradients_on_values(forward, trainable, carried)
    chosen = {id(v) for v in trainable}
    rest = [v for v in carried.variables if id(v) not in chosen]
    inner = Carried([*trainable, *rest])
    inner.births_seen = carried.births_seen
    run = pure(forward, inner)

    def loss_of(values: list[Any], others: list[Any]) -> tuple[Any, tuple]:
        (loss, aux), after = run([*values, *others])
        return loss, (aux, after[len(values) :])

    (loss, (aux, after)), grads = jax.value_and_grad(loss_of, has_aux=True)(
        [nnx_private.raw(v) for v in trainable], [nnx_private.raw(v) for v in rest]
    )
    for variable, value in zip(rest, after, strict=True):
        nnx_private.put(variable, value)
    return loss, aux, grads


def _gradients_on_values(forward: Callable, trainable: Sequence[Any], carried: Carried) -> tuple[Any, Any, list]:
    """The same where nothing is traced: `forward` sees numbers, as plain Python would."""
    carried.add(trainable)  # some were made in this step, by a model that builds itself
    run = pure(forward, carried)
    place = {id(variable): index for index, variable in enumerate(carried.variables)}
    values = carried.values()
    with Tape() as tape:
        for variable in trainable:
            twin = values[place[id(variable)]] = tape.twin(nnx_private.raw(variable))  # no other Variable holds it
            tape.track(twin)
        (loss, aux), after = run(values)
    grads = tape.gradient(loss, [values[place[id(variable)]] for variable in trainable])
    carried.put(after)
    return loss, aux, grads
