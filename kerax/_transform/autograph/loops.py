"""`while` and `for`: plain Python as long as Python can tell, `lax` loops where only tensors can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from ..._core import nnx_private
from ..._errors import KeraxError, Unsupported
from ..staging import HostLoop, run
from . import branches, host, state
from .host import HostEnumerate, HostZip, is_host_source
from .state import Pass, Value, describe, place, plain, trace, traced, truth
from .undefined import Undefined

_HINT = (
    "let it keep one shape and dtype through the loop (start from an array of the final ones), "
    "or write the loop with ops.while_loop or ops.scan"
)


class _Changes(Exception):
    """A variable changes its type from one turn of a loop to the next; `error` is what the user is told."""

    def __init__(self, error: KeraxError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass
class Elements:
    """Slices of arrays along their first axis, to loop over when the compiled code runs."""

    tree: Any
    length: int

    @classmethod
    def of(cls, x: Any) -> Elements:
        if isinstance(x, Elements):
            return x
        if isinstance(x, TensorRange):
            return cls(x.array(), x.length())
        return cls(x, x.shape[0])

    def __getitem__(self, part: Any) -> Any:
        return jax.tree.map(lambda a: a[part], self.tree)


class TensorRange:
    """`range` of tensors.

    Args:
        args: as `range` takes them, integer scalars.
    """

    def __init__(self, *args: Any) -> None:
        start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
        self.start, self.stop, self.step = start, stop, step
        self.static = not any(map(traced, (start, stop, step)))

    def array(self) -> jax.Array:
        """All numbers, where they are known."""
        if not self.static:
            raise Unsupported(
                "A range of tensors as an array, which enumerate() and zip() need too",
                hint="write `for i in range(n)` alone: how long it is will be known when the code runs",
            )
        return jnp.arange(int(self.start), int(self.stop), int(self.step), dtype=jnp.int32)

    __jax_array__ = array

    def length(self) -> int:
        """How many there are, where it is known."""
        return len(range(int(self.start), int(self.stop), int(self.step)))

    def count(self) -> Any:
        """How many there are."""
        start, stop, step = (jnp.asarray(x, jnp.int32) for x in (self.start, self.stop, self.step))
        return jnp.maximum(
            0, jnp.where(step > 0, (stop - start + step - 1) // step, (start - stop - step - 1) // -step)
        )


def staging() -> bool:
    """Whether converted code is being traced, rather than run from the host."""
    return not run.host


def is_staged(x: Any) -> bool:
    """Whether a loop over it runs in the compiled code."""
    return isinstance(x, TensorRange) or (isinstance(x, jax.Array) and x.ndim > 0 and (traced(x) or staging()))


def while_stmt(
    test: Callable[[], Any],
    body: Callable[[], None],
    get_state: Callable[[], tuple],
    set_state: Callable[[tuple], None],
    symbol_names: tuple[str, ...],
    opts: dict,
) -> None:
    """`while test(): body()`, from the turn on where the test is traced as a `lax.while_loop`."""
    where = f"The `while` at {place()}"
    go_on = plain(test())
    while not traced(go_on):
        if not go_on:
            return
        body()
        go_on = plain(test())
    loop = _fixed(body, body, get_state, set_state, symbol_names, (), where)
    more = loop.condition(test, get_state, set_state, where)
    final = lax.while_loop(more, lambda carry: loop.step(carry, ()), loop.start)
    loop.finish(_no_reverse(final, where), set_state, ran=False)


def for_stmt(
    iter_: Any,
    extra_test: Callable[[], Any] | None,
    body: Callable[[Any], None],
    get_state: Callable[[], tuple],
    set_state: Callable[[tuple], None],
    symbol_names: tuple[str, ...],
    opts: dict,
) -> None:
    """`for x in iter_: body(x)`, for as long as `extra_test()` holds."""
    where = f"The `for` at {place()}"
    iter_ = plain(iter_)
    if isinstance(iter_, Elements) or is_staged(iter_):
        if isinstance(iter_, TensorRange) and not iter_.static:
            _counted(iter_, extra_test, body, get_state, set_state, symbol_names, where)
        else:
            _scanned(Elements.of(iter_), extra_test, body, get_state, set_state, symbol_names, where)
    elif is_host_source(iter_) or isinstance(iter_, (HostEnumerate, HostZip)):
        if staging():
            if not run.tracing:
                raise Unsupported(
                    f"{where}: a loop over {host.kind(iter_)} in code compiled by others than kerax.function",
                    hint="compile the function that contains the loop with kerax.function alone",
                )
            raise HostLoop(where.removeprefix("The `for` at "), host.kind(iter_))
        host.loop(iter_, extra_test, body, get_state, set_state, symbol_names, where)
    else:
        _unrolled(iter_, extra_test, body, get_state, set_state, symbol_names, where)


def _unrolled(
    iter_: Any,
    extra_test: Callable[[], Any] | None,
    body: Callable[[Any], None],
    get_state: Callable,
    set_state: Callable,
    names: Sequence[str],
    where: str,
) -> None:
    """A loop over what Python knows; each turn stands in the program, behind the test where that is traced."""
    for target in iter_:
        go_on = True if extra_test is None else plain(extra_test())
        if traced(go_on):
            if not hasattr(iter_, "__len__"):
                raise Unsupported(
                    f"{where}: `break` or `return` that depends on a tensor, in a loop over a {type(iter_).__name__}",
                    hint="loop over something with a length, or use ops.while_loop",
                )

            def turn(target: Any = target) -> None:
                body(target)

            turn.body = body  # type: ignore[attr-defined]
            branches.choose(go_on, turn, _nothing, get_state, set_state, names, len(names), where)
        elif go_on:
            body(target)
        else:
            break


def _nothing() -> None:
    pass


def _scanned(
    elements: Elements,
    extra_test: Callable[[], Any] | None,
    body: Callable[[Any], None],
    get_state: Callable,
    set_state: Callable,
    names: Sequence[str],
    where: str,
) -> None:
    """A loop of known length: a `lax.scan`, which gradients pass; turns after a `break` do nothing."""
    begin = 0
    while True:
        first = True if extra_test is None else plain(extra_test())
        if elements.length == begin or (not traced(first) and not first):
            return
        leaves, structure = jax.tree.flatten(elements[begin:])
        slices = [jax.ShapeDtypeStruct(x.shape[1:], x.dtype, weak_type=x.weak_type) for x in leaves]

        def turn(*parts: Any, structure: Any = structure) -> None:
            body(jax.tree.unflatten(structure, parts))

        try:
            loop = _settled(turn, body, get_state, set_state, names, slices, where)
            break
        except _Changes as change:
            if begin:
                raise change.error from None
            # The first turn often settles it: None or a number becomes an array. It runs ahead of the loop.
            if traced(first):
                raise change.error from None
            body(elements[0])
            begin = 1
    more = None if extra_test is None else loop.condition(extra_test, get_state, set_state, where)

    def once(carry: tuple, parts: Any) -> tuple:
        if more is None:
            return loop.step(carry, parts), None
        return lax.cond(more(carry), lambda c: loop.step(c, parts), lambda c: c, carry), None

    final, _ = lax.scan(once, loop.start, leaves)
    loop.finish(final, set_state, ran=not traced(first))


def _counted(
    numbers: TensorRange,
    extra_test: Callable[[], Any] | None,
    body: Callable[[Any], None],
    get_state: Callable,
    set_state: Callable,
    names: Sequence[str],
    where: str,
) -> None:
    """A loop over a range that ends at a tensor."""
    count = numbers.count()
    loop = _fixed(body, body, get_state, set_state, names, [jax.ShapeDtypeStruct((), jnp.int32)], where)
    more = None if extra_test is None else loop.condition(extra_test, get_state, set_state, where)
    start, step = (jnp.asarray(x, jnp.int32) for x in (numbers.start, numbers.step))

    def go_on(carry: tuple) -> Any:
        index, rest = carry
        return (index < count) if more is None else (index < count) & more(rest)

    _, final = lax.while_loop(
        go_on, lambda carry: (carry[0] + 1, loop.step(carry[1], [start + carry[0] * step])), (jnp.int32(0), loop.start)
    )
    loop.finish(_no_reverse(final, where), set_state, ran=False)


# -- the body as a function of arrays --------------------------------------------------------------


class _Loop:
    """A loop's body as a function from its state to the next, both of the same types."""

    def __init__(self, starts: list[Value], seen: Pass, variables: list[nnx.Variable], where: str) -> None:
        self._starts, self._seen, self._variables, self._where = starts, seen, variables, where
        main = [leaf for value in starts for leaf in value.leaves if _carried(leaf)]
        self._main = [_aval(jnp.asarray(leaf)) for leaf in main]
        born = [
            aval
            for value, avals, start in zip(seen.values, seen.avals, starts, strict=True)
            if start.missing and not value.missing
            for aval in avals
            if aval is not None
        ]
        self.start = (
            [lax.convert_element_type(leaf, like.dtype) for leaf, like in zip(main, self._main, strict=True)],
            [jnp.zeros(aval.shape, aval.dtype) for aval in born],
            [nnx_private.raw(v) for v in variables],
        )

    def step(self, carry: tuple, parts: Sequence[Any]) -> tuple:
        """The state after a turn."""
        main, born, held = carry
        arrays, after = self._seen(*main, *parts, *held)
        supply = iter(arrays)
        new_main: list[Any] = []
        new_born: list[Any] = []
        for value, start in zip(self._seen.values, self._starts, strict=True):
            mine = [next(supply) if state.is_tensor(leaf) else None for leaf in value.leaves]
            if start.missing:
                new_born += [x for x in mine if x is not None]
            else:
                new_main += [x for x, leaf in zip(mine, start.leaves, strict=True) if _carried(leaf)]
        return (
            [lax.convert_element_type(x, like.dtype) for x, like in zip(new_main, self._main, strict=True)],
            [lax.convert_element_type(x, like.dtype) for x, like in zip(new_born, born, strict=True)],
            after[: len(held)],
        )

    def condition(self, test: Callable, get_state: Callable, set_state: Callable, where: str) -> Callable:
        """`test` as a function of the state."""
        before = get_state()

        def block(*main: Any) -> list[Any]:
            set_state(tuple(_rebuilt(self._starts, main)))
            return [truth(plain(test()), where.removeprefix("The "))]

        block.body = test  # type: ignore[attr-defined]
        try:
            seen = trace(block, ["the condition"], self._main, self._variables)
        finally:
            set_state(before)
        return lambda carry: seen(*carry[0], *carry[2])[0][0]

    def finish(self, carry: tuple, set_state: Callable, ran: bool) -> None:
        """Make the variables and the Variables hold the final state."""
        main, born, held = carry
        rest = iter(born)
        after = _rebuilt(self._starts, main)
        for index, (value, start) in enumerate(zip(self._seen.values, self._starts, strict=True)):
            if not start.missing:
                continue
            if value.missing:
                after[index] = value.whole()
                continue
            full = value.whole([next(rest) if state.is_tensor(leaf) else leaf for leaf in value.leaves])
            if ran or value.name.startswith("retval_"):
                after[index] = full
                continue
            why = f"{self._where[0].lower()}{self._where[1:]} may not run once"
            after[index] = Undefined(value.name, (why, "set it before the loop"))
            if not value.name.isidentifier():
                raise after[index].error()
        state.assign(self._variables, held)
        set_state(tuple(after))


def _settled(
    turn: Callable[..., None],
    body: Callable,
    get_state: Callable[[], tuple],
    set_state: Callable[[tuple], None],
    names: Sequence[str],
    parts: Sequence[Any],
    where: str,
) -> _Loop:
    """The loop whose state keeps its types: numbers take the dtype of what they become.

    Raises:
        _Changes: there is none.
    """
    before = get_state()
    starts = [Value.of(name, value) for name, value in zip(names, before, strict=True)]
    key = getattr(body, "__code__", body)
    known = run.assigned if run.assigned is not None else {}
    variables = [*run.foreign]
    variables += [v for v in known.get(key, ()) if not any(v is other for other in variables)]
    try:
        for _ in range(50):

            def block(*args: Any) -> tuple:
                count = len(args) - len(parts)
                set_state(tuple(_rebuilt(starts, args[:count])))
                turn(*args[count:])
                return get_state()

            block.body = body  # type: ignore[attr-defined]
            main = [leaf for value in starts for leaf in value.leaves if _carried(leaf)]
            seen = trace(block, names, [*main, *parts], variables)
            new = [v for v in seen.variables if not any(v is other for other in variables)]
            if new:
                variables = [*variables, *new]
                known[key] = variables
                continue
            if not _promoted(starts, seen, where):
                return _Loop(starts, seen, variables, where)
        raise AssertionError("the types of a loop's state went on changing")
    finally:
        set_state(before)


def _fixed(*args: Any) -> _Loop:
    """`_settled`, where nothing helps a variable that changes its type."""
    try:
        return _settled(*args)
    except _Changes as change:
        raise change.error from None


def _promoted(starts: list[Value], seen: Pass, where: str) -> bool:
    """Whether numbers that the loop starts with were given another dtype, so that it must be traced again."""
    ins = iter(seen.jaxpr.in_avals)
    again = False
    for start, value, avals in zip(starts, seen.values, seen.avals, strict=True):
        if start.missing:
            continue
        mine = [next(ins) if _carried(leaf) else None for leaf in start.leaves]
        if start.structure == value.structure:
            for index, (x, y) in enumerate(zip(start.leaves, value.leaves, strict=True)):
                if isinstance(x, nnx.Variable):
                    if x is y:
                        avals[index] = None
                    else:  # the loop goes on with what it holds
                        start.leaves[index], again = x[...], True
            if any(isinstance(x, jax.Array) and a is None for x, a in zip(start.leaves, mine, strict=True)):
                continue
        fits = (
            not value.missing
            and start.structure == value.structure
            and all(
                (a is None) == (b is None) and (a is not None or state.same(x, y))
                for a, b, x, y in zip(mine, avals, start.leaves, value.leaves, strict=True)
            )
        )
        if not fits:
            raise _Changes(_differ(start, value, mine, avals, where))
        for index, (old, new) in enumerate(zip(mine, avals, strict=True)):
            if old is None:
                continue
            dtype = state.joint(old, new)
            if old.shape != new.shape or dtype is None or (dtype != old.dtype and not old.weak_type):
                raise _Changes(_differ(start, value, mine, avals, where))
            if dtype != old.dtype or (old.weak_type and not new.weak_type):
                start.leaves[index] = lax.convert_element_type(jnp.asarray(start.leaves[index]), dtype)
                again = True
    return again


def _differ(start: Value, value: Value, before: list, after: list, where: str) -> KeraxError:
    one, other = describe(start, before), describe(value, after)
    make = state.mismatch(start, value, (before, after))
    return make(where, start.name, one, other, ("before the loop", "after a turn"), _HINT)


def _rebuilt(starts: Sequence[Value], arrays: Sequence[Any]) -> list[Any]:
    """The variables, of the arrays in them."""
    supply = iter(arrays)
    return [
        value.whole()
        if value.missing
        else value.whole([next(supply) if _carried(leaf) else leaf for leaf in value.leaves])
        for value in starts
    ]


def _carried(leaf: Any) -> bool:
    """Whether a leaf that a loop starts with is part of its state; Variables are read and assigned as they are."""
    return state.is_tensor(leaf) and not isinstance(leaf, nnx.Variable)


def _aval(x: jax.Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(x.shape, x.dtype, weak_type=x.weak_type)


def _no_reverse(values: Any, where: str) -> Any:
    """The values; a gradient that comes back to them is an error that names the loop."""
    message = (
        f"{where}: the gradient cannot go back through a loop whose number of turns depends on a tensor",
        "loop over an array or a range of a known length (a `break` inside is fine), or use ops.scan or "
        "ops.fori_loop with fixed bounds",
    )
    floats = [x for x in jax.tree.leaves(values) if jnp.issubdtype(x.dtype, jnp.inexact)]
    if not floats:
        return values

    @jax.custom_jvp
    def same(xs: list[Any]) -> list[Any]:
        return xs

    def refuse(_: Any, cotangents: Any) -> Any:
        raise Unsupported(message[0], hint=message[1])

    @same.defjvp
    def rule(primals: tuple, tangents: tuple) -> tuple:
        through = jax.custom_derivatives.linear_call(lambda _, ts: ts, refuse, (), tangents[0])
        return primals[0], through

    supply = iter(same(floats))
    return jax.tree.map(lambda x: next(supply) if jnp.issubdtype(x.dtype, jnp.inexact) else x, values)


__all__ = [
    "Elements",
    "HostEnumerate",
    "HostZip",
    "TensorRange",
    "for_stmt",
    "is_host_source",
    "is_staged",
    "staging",
    "while_stmt",
]
