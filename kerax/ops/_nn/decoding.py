"""What a CTC model says: from scores per step to labels."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..._errors import ArgumentError
from ..._types import Array, ArrayLike
from .._arrays import array, floats
from .._op import op

__all__ = ["ctc_decode"]

_NEVER = -1e30  # logarithm of a probability of 0; finite, so that differences of it are


@op(theme="nn")
def ctc_decode(
    inputs: ArrayLike,
    sequence_lengths: ArrayLike,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Array, Array]:
    """The labels that a CTC model's scores stand for.

    Args:
        inputs: (batch, time, classes) logits.
        sequence_lengths: (batch,) steps that count.
        strategy: "greedy" takes the best class of each step; "beam_search" adds up all ways to say a label
            sequence, keeping the `beam_width` most likely.
        beam_width: how many sequences are kept.
        top_paths: how many are given by "beam_search".
        merge_repeated: whether "greedy" makes one label of neighbours that are equal.
        mask_index: the blank class; None: the last.

    Returns:
        (labels, scores): int32 (paths, batch, time), filled up with -1, and (batch, paths), for "greedy" the
        negated sum of the best logits, for "beam_search" the logarithm of each sequence's probability.

    Raises:
        ArgumentError: another strategy.
    """
    x, lengths = floats(inputs), array(sequence_lengths).astype("int32")
    blank = x.shape[-1] - 1 if mask_index is None else mask_index
    if strategy == "greedy":
        return _greedy(x, lengths, merge_repeated, blank)
    if strategy == "beam_search":
        paths, scores = jax.vmap(lambda x, n: _beam(x, n, beam_width, top_paths, blank))(x, lengths)
        return jnp.moveaxis(paths, 1, 0), scores
    raise ArgumentError("ctc_decode", got=f"strategy={strategy!r}", expected="'greedy' or 'beam_search'")


def _greedy(x: Array, lengths: Array, merge: bool, blank: int) -> tuple[Array, Array]:
    best = jnp.argmax(x, axis=-1).astype("int32")
    counts = jnp.arange(x.shape[1])[None, :] < lengths[:, None]
    keep = counts & (best != blank)
    if merge:
        keep &= jnp.pad(best[:, 1:] != best[:, :-1], [(0, 0), (1, 0)], constant_values=True)
    order = jnp.argsort(~keep, axis=1, stable=True)
    labels = jnp.take_along_axis(jnp.where(keep, best, -1), order, axis=1)
    score = -jnp.sum(jnp.where(counts, jnp.max(x, axis=-1), 0), axis=1)
    return labels[None], score[:, None]


def _beam(x: Array, length: Array, width: int, top: int, blank: int) -> tuple[Array, Array]:
    """Prefix beam search over one example. Graves, 2012; Hannun et al., 2014."""
    steps, classes = x.shape
    logs = jax.nn.log_softmax(x, axis=-1)
    # Of each beam: its labels, how many, the log-probability that it ends in a blank and that it does not.
    labels = jnp.full((width, steps), -1, "int32")
    sizes = jnp.zeros(width, "int32")
    in_blank = jnp.full(width, _NEVER, logs.dtype).at[0].set(0.0)
    in_label = jnp.full(width, _NEVER, logs.dtype)

    def step(state: tuple, t: Array) -> tuple:
        labels, sizes, in_blank, in_label = state
        now = logs[t]
        last = jnp.where(sizes > 0, jnp.take_along_axis(labels, jnp.maximum(sizes - 1, 0)[:, None], axis=1)[:, 0], -1)
        both = jnp.logaddexp(in_blank, in_label)
        stay_blank = both + now[blank]
        stay_label = jnp.where(last >= 0, in_label + now[last], _NEVER)
        # One label more; the same as the last only after a blank.
        grow = jnp.where(jnp.arange(classes)[None, :] == last[:, None], in_blank[:, None], both[:, None]) + now[None, :]
        grow = grow.at[:, blank].set(_NEVER)
        # A grown beam may be one that is there: beam i is beam j and one label more.
        shorter = jnp.where(jnp.arange(steps)[None, :] == (sizes - 1)[:, None], -1, labels)
        same = jnp.all(shorter[:, None, :] == labels[None, :, :], axis=-1) & (sizes[:, None] == sizes[None, :] + 1)
        alive = both > _NEVER / 2
        same &= alive[:, None] & alive[None, :]
        joined = jnp.where(same, grow[:, last].T, _NEVER)
        stay_label = jnp.logaddexp(stay_label, jax.nn.logsumexp(joined, axis=1))
        taken = jnp.any(same[:, :, None] & (last[:, None, None] == jnp.arange(classes)), axis=0)
        grow = jnp.where(taken, _NEVER, grow)
        # The most likely of all of them.
        totals = jnp.concatenate([jnp.logaddexp(stay_blank, stay_label), grow.reshape(-1)])
        _, chosen = jax.lax.top_k(totals, width)
        grown = chosen >= width
        parent = jnp.where(grown, (chosen - width) // classes, chosen)
        label = jnp.where(grown, (chosen - width) % classes, -1)
        put = grown[:, None] & (jnp.arange(steps)[None, :] == sizes[parent][:, None])
        return (
            jnp.where(put, label[:, None], labels[parent]),
            sizes[parent] + grown,
            jnp.where(grown, _NEVER, stay_blank[parent]),
            jnp.where(grown, totals[chosen], stay_label[parent]),
        )

    def guarded(state: tuple, t: Array) -> tuple[tuple, None]:
        new = step(state, t)
        return jax.tree.map(lambda a, b: jnp.where(t < length, a, b), new, state), None

    (labels, _, in_blank, in_label), _ = jax.lax.scan(guarded, (labels, sizes, in_blank, in_label), jnp.arange(steps))
    scores, order = jax.lax.top_k(jnp.logaddexp(in_blank, in_label), top)
    return labels[order], scores
