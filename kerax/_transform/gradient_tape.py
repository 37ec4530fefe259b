"""GradientTape: TensorFlow's tape, on plain arrays, eagerly and inside compiled functions.

The Variables of the code in the block are seen through `here.read`. On the first read a Variable is given
a twin of its array, which no other code holds: so arrays read before the block, or while the tape is
stopped, and arrays that two Variables share, are not mistaken for what the tape watches. When the
outermost tape ends, the Variable holds its own array again.

As in TensorFlow, state stops gradients: what is assigned in the block and read again is a new input.
"""

from __future__ import annotations

import enum
import logging
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from .. import tree
from .._core import nnx_private
from .._core.context import here, setting
from .._core.module import name_of, variables_of
from .._core.variable import Variable
from .._errors import ArgumentError, ShapeError, StateError, Unsupported
from .._types import Array, ArrayLike, Nested
from .tape import Tape, beneath

log = logging.getLogger("kerax")


class UnconnectedGradients(enum.Enum):
    """What stands for the gradient where the target does not depend on the source."""

    NONE = "none"
    ZERO = "zero"


class _Active(threading.local):
    tapes: tuple[GradientTape, ...] = ()  # entered in this thread and not left, outermost first


_active = _Active()


def _on_read(variable: nnx.Variable) -> None:
    """Give a Variable an array that tells each tape the right thing."""
    raw = nnx_private.raw(variable)
    if not isinstance(raw, jax.Array):
        return
    tapes = [tape for tape in _active.tapes if tape._tape is not None and tape._tape.sees(raw)]
    if all(tape._agrees(variable, raw) for tape in tapes):
        return
    outermost = tapes[0]
    twin = outermost._tape.twin(raw)  # type: ignore[union-attr]
    outermost._keep_own(variable, raw, twin)
    nnx_private.put(variable, twin)
    for tape in tapes:
        if tape._wants(variable, raw):
            tape._watch_variable(variable, twin)


class GradientTape:
    """Records what its `with` block computes, to differentiate it.

    Trainable Variables are watched when they are read, arrays after `watch`. What the block computes are
    ordinary arrays: they can be printed, and nothing leaks. Works inside `jax.jit`, `jax.grad`, `jax.vmap`
    and other tapes, and around them. A compiled step costs what `jax.value_and_grad` costs.

    State stops gradients: a Variable that is assigned in the block and read again is a new input, and
    the gradient by it is the sum over the values that were read.

    Args:
        persistent: whether more than one gradient may be asked for. Frees its memory when deleted.
        watch_accessed_variables: whether trainable Variables are watched when read.

    Examples:
        >>> import kerax
        >>> v = kerax.Variable(3.0)
        >>> with kerax.GradientTape() as tape:
        ...     loss = v * v
        >>> float(tape.gradient(loss, v))
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watch_accessed = watch_accessed_variables
        self._tape: Tape | None = None  # None before the first block and after the only gradient
        self._entered: Tape | None = None
        self._depth = 0  # of `Held` blocks when it was entered
        self._outer_readers: tuple[Callable, ...] = ()
        self._forget()

    def _forget(self) -> None:
        self._spent = False
        self._watched: dict[int, tuple[nnx.Variable, list[Array]]] = {}  # what was read of each Variable
        self._asked_for: set[int] = set()  # Variables given to `watch`
        self._gradients: list[Array] = []  # what `gradient` gave while this tape was recording
        self._own: dict[int, tuple[nnx.Variable, dict[int, Array]]] = {}  # their own arrays, by id of the twin

    # -- the block -------------------------------------------------------------------------

    def __enter__(self) -> GradientTape:
        """Start recording; a tape that was left goes on with what it has recorded.

        Raises:
            ArgumentError: the tape is recording already, or was begun on another level of tracing.
        """
        if self._entered is not None:
            raise ArgumentError(
                "GradientTape", got="a tape that is still recording", hint="make a tape for each `with` block"
            )
        if self._tape is None:
            self._forget()
            self._tape = Tape()
        elif not self._tape.fits_here():
            raise ArgumentError(
                "GradientTape",
                got="a tape that recorded outside the function that is traced now",
                hint="make a tape inside it",
            )
        self._entered = self._tape.__enter__()
        self._depth = nnx_private.depth()
        self._tape.recording = True
        self._outer_readers = here.read
        if _on_read not in here.read:
            here.read = (*here.read, _on_read)
        _active.tapes = (*_active.tapes, self)
        return self

    def __exit__(self, *exc: object) -> None:
        """Stop recording.

        Raises:
            StateError: a tape that was begun later is still recording.
        """
        if self._entered is None or not _active.tapes or _active.tapes[-1] is not self:
            raise StateError(
                "GradientTape",
                got="the end of a tape that is not the last one begun in this thread",
                hint="use `with` blocks, one inside the other",
            )
        _active.tapes = _active.tapes[:-1]
        here.read = self._outer_readers
        self._entered.__exit__(*exc)
        self._entered = None
        self._give_back()

    def _keep_own(self, variable: nnx.Variable, raw: Array, twin: Array) -> None:
        """Remember which array a Variable held before it was given a twin."""
        own = self._own.setdefault(id(variable), (variable, {}))[1]
        own[id(twin)] = own.get(id(raw), raw)

    def _give_back(self) -> None:
        """Make the Variables hold their own arrays again."""
        for variable, own in self._own.values():
            raw = nnx_private.raw(variable)
            nnx_private.put(variable, own.get(id(raw), raw))
        self._own = {}

    # -- watching --------------------------------------------------------------------------

    def _wants(self, variable: nnx.Variable, raw: Any) -> bool:
        return self._tape is not None and self._tape.recording and self._would_watch(variable, raw)

    def _would_watch(self, variable: nnx.Variable, raw: Any) -> bool:
        if not _is_inexact(raw):
            return False
        if id(variable) in self._asked_for:
            return True
        if not self._watch_accessed:
            return False
        return _is_trainable(variable)

    def _agrees(self, variable: nnx.Variable, raw: Any) -> bool:
        """Whether the array that a Variable holds is, to this tape, what it should be.

        What `stateless_call` puts into a Variable inside the block is a value like others, not its state.
        """
        if nnx_private.given_since(variable, raw, self._depth):
            return True
        if self._wants(variable, raw):
            seen = self._watched.get(id(variable))
            return seen is not None and any(raw is array for array in seen[1])
        return not self._tape.knows(raw)  # type: ignore[union-attr]

    def _watch_variable(self, variable: nnx.Variable, array: Array) -> None:
        self._tape.track(array, name_of(variable))  # type: ignore[union-attr]
        self._watched.setdefault(id(variable), (variable, []))[1].append(array)

    def watch(self, tensor: Nested) -> None:
        """Record what is computed from these.

        Args:
            tensor: arrays, Variables, Flax modules (all their parameters), or a structure of them.

        Raises:
            ArgumentError: something else.
            StateError: the tape is not in use, or the array belongs to a function traced inside the block.
        """
        where = "GradientTape.watch"
        for leaf in tree.flatten(tensor):
            tape = self._usable(where)
            if isinstance(leaf, nnx.Module):
                for variable in variables_of(leaf):
                    if _is_trainable(variable):
                        self._watch_on_read(variable)
            elif isinstance(leaf, nnx.Variable):
                self._watch_on_read(leaf)
            elif not isinstance(leaf, jax.Array):
                raise ArgumentError(
                    where,
                    got=f"{leaf!r} of type {type(leaf).__name__}",
                    expected="an array or a Variable",
                    hint="turn it into an array with jax.numpy.asarray before, and compute with that array",
                )
            elif not _is_inexact(leaf):
                log.warning("%s: the dtype must be floating to have a gradient, got %s.", where, leaf.dtype)
            elif not tape.sees(leaf):
                raise StateError(
                    where,
                    got=f"an array of shape {leaf.shape} that exists only in a function traced inside the block",
                    hint="make the tape inside that function",
                )
            else:
                tape.track(leaf)

    def _watch_on_read(self, variable: nnx.Variable) -> None:
        raw = nnx_private.raw(variable)
        if not isinstance(raw, jax.Array):
            nnx_private.put(variable, raw := jnp.asarray(raw))
        if not _is_inexact(raw):
            log.warning("GradientTape.watch: %s is of dtype %s, which has no gradient.", name_of(variable), raw.dtype)
            return
        self._asked_for.add(id(variable))
        self._watched.setdefault(id(variable), (variable, []))
        if self._entered is not None:
            _on_read(variable)

    def watched_variables(self) -> tuple[nnx.Variable, ...]:
        """The Variables watched so far, in the order they were met."""
        return tuple(variable for variable, _ in self._watched.values())

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Within the block nothing is recorded; for what needs no gradient, and for `gradient` itself.

        Raises:
            StateError: the tape is used up.
            ArgumentError: the tape is not recording.
        """
        where = "GradientTape.stop_recording"
        tape = self._usable(where)
        self._recording(where)
        tape.recording = False
        try:
            yield
        finally:
            if self._tape is tape and self._entered is tape:
                tape.recording = True

    def reset(self) -> None:
        """Forget everything recorded and watched, and go on recording.

        Raises:
            ArgumentError: the tape is not recording.
        """
        self._recording("GradientTape.reset")
        assert self._entered is not None
        self._entered.clear()
        self._tape = self._entered
        self._watched, self._asked_for, self._gradients = {}, set(), []

    def _recording(self, where: str) -> None:
        if self._entered is None or not self._entered.recording:
            raise ArgumentError(
                where, got="a tape that is not recording", hint="call it inside the `with` block of the tape"
            )

    def _usable(self, where: str) -> Tape:
        if self._tape is not None:
            return self._tape
        if self._spent:
            raise StateError(
                where,
                got="a tape that is not persistent, and whose gradients were computed already",
                expected="one call of gradient, jacobian or batch_jacobian",
                hint="GradientTape(persistent=True), or give all sources in one call",
            )
        raise StateError(where, got="a tape that has recorded nothing", hint="compute inside `with tape:`")

    # -- differentiating -------------------------------------------------------------------

    def gradient(
        self,
        target: Nested,
        sources: Nested,
        output_gradients: Nested = None,
        unconnected_gradients: str | enum.Enum = UnconnectedGradients.NONE,
    ) -> Nested:
        """The gradient of a target by sources.

        May be asked for inside the block, where it ends the recording unless the tape is persistent. For a
        gradient of a gradient, compute the inner one with a tape of its own inside the block of the outer one.

        Args:
            target: an array computed in the block, or a structure of them, which are summed. An array that
                is no scalar counts as the sum of its elements.
            sources: Variables, watched arrays, or arrays computed from them, in any structure.
            output_gradients: the gradient of something by each target, in their structure; default ones.
            unconnected_gradients: "none" or "zero": what to give where the target does not depend on a source.

        Returns:
            The gradients, in the structure of `sources`: None where nothing connects target and source,
            such as for a Variable that was not read, an integer, or a target that the tape has not seen.

        Raises:
            StateError: a second call on a tape that is not persistent.
            ArgumentError: a target or source that is neither an array nor a Variable.
            ShapeError: an output gradient of another shape than its target.
            Unsupported: a target that depends on a gradient which the same tape gave while it was recording.
        """
        where = "GradientTape.gradient"
        zeros = _zeros_wanted(where, unconnected_gradients)
        with self._spending(where) as tape:
            targets = [self._target(where, leaf) for leaf in tree.flatten(target)]
            seeds = _seeds(where, targets, output_gradients)
            leaves = tree.flatten(sources)
            pull = self._pullback(where, tape, targets, leaves)
            grads = pull(seeds) if pull else [None] * len(leaves)
            filled = [_filled(self._noted(grad), leaf, zeros) for grad, leaf in zip(grads, leaves, strict=True)]
        return tree.pack_sequence_as(sources, filled) if tree.is_nested(sources) else filled[0]

    def jacobian(
        self,
        target: ArrayLike,
        sources: Nested,
        unconnected_gradients: str | enum.Enum = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Nested:
        """The derivative of each element of a target by each element of the sources.

        Args:
            target: an array computed in the block.
            sources: as in `gradient`.
            unconnected_gradients: as in `gradient`.
            parallel_iterations: kept for compatibility.
            experimental_use_pfor: whether all rows are computed at once; one after the other needs less memory.

        Returns:
            Arrays of shape `target.shape + source.shape`, in the structure of `sources`.

        Raises:
            StateError: a second call on a tape that is not persistent.
        """
        where = "GradientTape.jacobian"
        zeros = _zeros_wanted(where, unconnected_gradients)
        with self._spending(where) as tape:
            target = self._target(where, target)
            leaves = tree.flatten(sources)
            basis = jnp.eye(target.size, dtype=target.dtype).reshape((target.size, *target.shape))
            rows = self._rows(where, tape, target, leaves, basis, experimental_use_pfor)
            filled = []
            for row, leaf in zip(rows, leaves, strict=True):
                shape = (*target.shape, *_array_of(leaf).shape)
                none = jnp.zeros(shape, _array_of(leaf).dtype) if zeros else None
                filled.append(none if row is None else self._noted(row.reshape(shape)))
        return tree.pack_sequence_as(sources, filled) if tree.is_nested(sources) else filled[0]

    def batch_jacobian(
        self,
        target: ArrayLike,
        source: ArrayLike,
        unconnected_gradients: str | enum.Enum = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Array | None:
        """The Jacobian of each row of a target by the same row of a source, where rows do not mix.

        Args:
            target: (batch, ...), computed in the block; row i depends on row i of the source alone.
            source: (batch, ...), a watched array or a Variable.
            unconnected_gradients: as in `gradient`.
            parallel_iterations: kept for compatibility.
            experimental_use_pfor: as in `jacobian`.

        Returns:
            (batch, ...target, ...source).

        Raises:
            ShapeError: target and source have not the same number of rows.
            StateError: a second call on a tape that is not persistent.
        """
        where = "GradientTape.batch_jacobian"
        zeros = _zeros_wanted(where, unconnected_gradients)
        shape, given = jnp.shape(_array_of(target)), jnp.shape(_array_of(source))
        if not shape or not given or shape[0] != given[0]:
            raise ShapeError(
                where,
                got=f"a target of shape {shape} and a source of shape {given}",
                expected="the same first axis, the batch",
            )
        with self._spending(where) as tape:
            target = self._target(where, target)
            size = math.prod(shape[1:])
            basis = jnp.eye(size, dtype=target.dtype).reshape((size, 1, *shape[1:]))
            basis = jnp.broadcast_to(basis, (size, *shape))
            (rows,) = self._rows(where, tape, target, [source], basis, experimental_use_pfor)
            shape = (shape[0], *shape[1:], *given[1:])
            if rows is None:
                return jnp.zeros(shape, _array_of(source).dtype) if zeros else None
            return self._noted(jnp.moveaxis(rows, 0, 1).reshape(shape))

    @contextmanager
    def _spending(self, where: str) -> Iterator[Tape]:
        """Use the tape: stop recording first and forget everything after, unless it is persistent."""
        tape = self._usable(where)
        recording = tape.recording
        tape.recording = recording and self._persistent
        try:
            yield tape
        except BaseException:
            tape.recording = recording
            raise
        if not self._persistent:
            self._tape, self._spent = None, True
            tape.clear()
            self._gradients = []
            self._watched = {key: (variable, []) for key, (variable, _) in self._watched.items()}

    def _target(self, where: str, leaf: Any) -> Array:
        """A target as an array."""
        if isinstance(leaf, nnx.Variable):
            seen = self._watched.get(id(leaf), (leaf, []))[1]
            raw = nnx_private.raw(leaf)
            if not seen and self._tape is not None and self._would_watch(leaf, raw):  # nothing read it: it is itself
                self._watch_variable(leaf, self._tape.twin(raw))
                seen = self._watched[id(leaf)][1]
            return seen[-1] if seen else raw
        if not isinstance(leaf, jax.Array):
            raise ArgumentError(
                where,
                got=f"the target {leaf!r} of type {type(leaf).__name__}",
                expected="an array computed in the block of the tape",
            )
        if not _is_inexact(leaf):
            log.warning("%s: the dtype of a target must be floating, got %s; its gradient is None.", where, leaf.dtype)
        return leaf

    def _pullback(
        self, where: str, tape: Tape, targets: Sequence[Array], sources: Sequence[Any]
    ) -> Callable[[Sequence[Any]], list[Any]] | None:
        """What maps gradients of the targets to those of the sources; None where the tape knows no target."""
        places = [self._inputs(where, source) for source in sources]
        known = [place for place, target in enumerate(targets) if tape.knows(target)]
        if not known:
            return None
        inputs = [x for arrays in places for x in arrays]
        run = tape.pullback([targets[place] for place in known], [*self._gradients, *inputs])

        def pull(seeds: Sequence[Any]) -> list[Any]:
            # TensorFlow's gradient by a complex number is the conjugate of JAX's.
            found = iter(run([_conj(seeds[place]) for place in known]))
            if any(next(found) is not None for _ in self._gradients):
                raise Unsupported(
                    f"{where} of a target that depends on a gradient which the same tape gave while it was recording",
                    hint="compute that gradient with a second tape, inside the block of this one",
                )
            sums = [_summed([next(found) for _ in arrays]) for arrays in places]
            return [None if grad is None else _conj(grad) for grad in sums]

        return pull

    def _noted(self, grad: Any) -> Any:
        """A gradient; while the tape records, one that it will know again: it cannot differentiate it."""
        if grad is None or self._entered is None or not self._entered.recording:
            return grad
        assert self._tape is not None
        grad = self._tape.twin(grad)
        self._tape.track(grad)
        self._gradients.append(grad)
        return grad

    def _inputs(self, where: str, source: Any) -> list[Array]:
        """The arrays that a source stands for."""
        if isinstance(source, nnx.Variable):
            if id(source) in self._watched:
                return self._watched[id(source)][1]
            if not isinstance(source, Variable):
                log.warning(
                    "%s: the tape has not seen this %s. Call tape.watch(module) for Flax modules that are not "
                    "part of a kerax layer.",
                    where,
                    type(source).__name__,
                )
            return []
        if isinstance(source, jax.Array):
            return [source]
        raise ArgumentError(
            where,
            got=f"the source {source!r} of type {type(source).__name__}",
            expected="a Variable, or an array that is watched or was computed in the block",
        )

    def _rows(
        self, where: str, tape: Tape, target: Array, sources: Sequence[Any], basis: Array, at_once: bool
    ) -> list[Any]:
        """The gradients for each row of `basis`, stacked in front; None where nothing connects."""
        pull = self._pullback(where, tape, [target], sources)
        if pull is None:
            return [None] * len(sources)
        connected: list[bool] = []

        def row(seed: Array) -> list[Array]:
            grads = pull([seed])
            connected[:] = [grad is not None for grad in grads]
            return [grad for grad in grads if grad is not None]

        stacked = iter(jax.vmap(row)(basis) if at_once else jax.lax.map(row, basis))
        return [next(stacked) if there else None for there in connected]


# -- small things -----------------------------------------------------------------------------


@contextmanager
def unrecorded() -> Iterator[None]:
    """Within the block no tape records or watches: for steps of optimizers, where state stops gradients anyway."""
    with beneath(), setting(read=tuple(notice for notice in here.read if notice is not _on_read)):
        yield


def _is_inexact(x: Any) -> bool:
    return jnp.issubdtype(x.dtype, jnp.inexact)


def _is_trainable(variable: nnx.Variable) -> bool:
    return variable.trainable if isinstance(variable, Variable) else isinstance(variable, nnx.Param)


def _conj(x: Array) -> Array:
    return jnp.conj(x) if jnp.issubdtype(x.dtype, jnp.complexfloating) else x


def _array_of(source: Any) -> Any:
    return nnx_private.raw(source) if isinstance(source, nnx.Variable) else source


def _summed(grads: Sequence[Any]) -> Any:
    there = [grad for grad in grads if grad is not None]
    return sum(there[1:], there[0]) if there else None


def _filled(grad: Any, source: Any, zeros: bool) -> Any:
    return jnp.zeros_like(_array_of(source)) if grad is None and zeros else grad


def _zeros_wanted(where: str, choice: Any) -> bool:
    value = getattr(choice, "value", choice)
    if value not in ("none", "zero"):
        raise ArgumentError(where, got=f"unconnected_gradients={choice!r}", expected="'none' or 'zero'")
    return value == "zero"


def _seeds(where: str, targets: Sequence[Array], given: Nested) -> list[Array]:
    """The gradient to begin with, for each target."""
    flat = [None] * len(targets) if given is None else tree.flatten(given)
    if len(flat) != len(targets):
        raise ArgumentError(
            where, got=f"{len(flat)} output_gradients for {len(targets)} targets", expected="one for each, or None"
        )
    seeds = []
    for seed, target in zip(flat, targets, strict=True):
        seed = jnp.ones_like(target) if seed is None else jnp.asarray(_array_of(seed), target.dtype)
        if seed.shape != target.shape:
            raise ShapeError(
                where, got=f"output_gradients of shape {seed.shape}", expected=f"{target.shape}, as the target has"
            )
        seeds.append(seed)
    return seeds


__all__ = ["GradientTape", "UnconnectedGradients", "unrecorded"]
