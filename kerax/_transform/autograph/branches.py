"""`if`, conditional expressions, `and`, `or`, `not` and `assert`, on values that may be traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..._core import nnx_private
from ..._errors import DTypeError, KeraxError, ShapeError, StateError, Unsupported
from . import state
from .state import Pass, Value, describe, place, plain, run, same, trace, traced, truth
from .undefined import Undefined, UndefinedReturnValue, missing

_HINT = "give it the same shape and dtype on both sides, or write the branches with ops.cond"


def if_stmt(
    cond: Any,
    body: Callable[[], None],
    orelse: Callable[[], None],
    get_state: Callable[[], tuple],
    set_state: Callable[[tuple], None],
    symbol_names: tuple[str, ...],
    nouts: int,
) -> None:
    """`if cond: body() else: orelse()`, where both set the variables that `get_state` tells."""
    cond = plain(cond)
    if not traced(cond):
        body() if cond else orelse()
        return
    choose(cond, body, orelse, get_state, set_state, symbol_names, nouts, f"The `if` at {place()}")


def choose(
    cond: Any,
    body: Callable[[], None],
    orelse: Callable[[], None],
    get_state: Callable[[], tuple],
    set_state: Callable[[tuple], None],
    names: Sequence[str],
    count: int,
    where: str,
) -> None:
    """One of two blocks, chosen when the compiled code runs; both are traced, once.

    `count`: of the variables, those that later code reads come first. The others may be those of an outer
    function, so they are kept as well, unless the blocks disagree about them.
    """
    before = get_state()
    known_false = (run.negated or {}).get(id(cond))  # what `cond` is the negation of: true in `orelse`

    def block(branch: Callable[[], None], truths: Any) -> Callable[[], Sequence[Any]]:
        def values() -> Sequence[Any]:
            set_state(tuple(True if truths is not None and x is truths else x for x in before))
            branch()
            return get_state()

        values.body = branch  # type: ignore[attr-defined]
        return values

    pred = truth(cond, where.removeprefix("The "))
    try:
        sides = [
            trace(block(body, None), names),
            trace(block(orelse, known_false[1] if known_false else None), names),
        ]
    except BaseException:
        set_state(before)
        raise
    set_state(tuple(_merge(pred, sides, where, count)))


def _merge(pred: Any, sides: Sequence[Pass], where: str, count: int) -> list[Any]:
    """What each variable holds after one of two blocks; the Variables they assign are assigned."""
    returns = any(value.name.startswith("do_return") for value in sides[0].values)
    left_out = [any(v.name.startswith("do_return") and v.leaves[0] is True for v in side.values) for side in sides]
    plans: list[Any] = []  # a value, or (the side that has the structure, indices of leaves that come out of the cond)
    picks: list[list[tuple[Any, Any]]] = [[], []]  # of each side: (index of the array or None for zeros, like)
    starts = [0, 0]
    for left, right, avals in zip(
        sides[0].values, sides[1].values, zip(*(s.avals for s in sides), strict=True), strict=True
    ):
        begin = list(starts)
        for index, side in enumerate((left, right)):
            starts[index] += sum(state.is_tensor(leaf) for leaf in side.leaves)
        if left.missing or right.missing:
            full = right if left.missing else left
            if full.missing:
                plans.append(full.whole())
            elif (returns and full.name.startswith("retval_")) or left_out[0 if left.missing else 1]:
                plans.append(_padded(full, avals, begin, picks, left.missing))
            else:
                lacking = "the branch where the condition holds" if left.missing else "the other branch"
                unset = Undefined(
                    full.name, (f"{where[0].lower()}{where[1:]} gives it none in {lacking}", "set it before")
                )
                if not full.name.isidentifier():  # an attribute or an item: its reads cannot be watched
                    raise unset.error()
                plans.append(unset)
            continue
        try:
            plans.append(_joined(left, right, avals, begin, picks, where))
        except (DTypeError, ShapeError) as error:
            if len(plans) < count:
                raise
            plans.append(Undefined(left.name, (str(error), _HINT)))
    touched = list(sides[0].variables)
    touched += [v for v in sides[1].variables if not any(v is other for other in touched)]
    dtypes = [nnx_private.raw(v).dtype for v in touched]

    def branch(index: int) -> Callable[[], tuple]:
        def go() -> tuple:
            arrays, held = sides[index]()
            outs = [
                jnp.zeros(like.shape, like.dtype) if at is None else lax.convert_element_type(arrays[at], like.dtype)
                for at, like in picks[index]
            ]
            mine = {id(v): value for v, value in zip(sides[index].variables, held, strict=True)}
            return outs, [
                jnp.asarray(mine.get(id(v), nnx_private.raw(v)), dtype)
                for v, dtype in zip(touched, dtypes, strict=True)
            ]

        return go

    needed = picks[0] or touched or any(side.jaxpr.effects for side in sides)
    outs, after = lax.cond(pred, branch(0), branch(1)) if needed else ([], [])
    state.assign(touched, after)
    return [plan if not isinstance(plan, _Plan) else plan.fill(outs) for plan in plans]


class _Plan:
    """How a variable is put together: leaves that are known, and places in the outputs of the cond."""

    def __init__(self, value: Value, parts: list[tuple[bool, Any]]) -> None:
        self.value, self.parts = value, parts

    def fill(self, outs: Sequence[Any]) -> Any:
        return self.value.whole([outs[part] if computed else part for computed, part in self.parts])


def _padded(full: Value, avals: Any, begin: list[int], picks: list, left_missing: bool) -> _Plan:
    """A value that only one side has: the other returned nothing yet, or has returned; zeros that nobody reads."""
    has = 1 if left_missing else 0
    parts: list[tuple[bool, Any]] = []
    at = begin[has]
    for leaf, aval in zip(full.leaves, avals[has], strict=True):
        if aval is None:
            parts.append((False, leaf))
            continue
        parts.append((True, len(picks[0])))
        picks[has].append((at, aval))
        picks[1 - has].append((None, aval))
        at += 1
    return _Plan(full, parts)


def _joined(left: Value, right: Value, avals: Any, begin: list[int], picks: list, where: str) -> Any:
    """One variable that both sides set."""
    if left.structure != right.structure or any(
        (a is None) != (b is None) or (a is None and not same(x, y))
        for a, b, x, y in zip(*avals, left.leaves, right.leaves, strict=False)
    ):
        raise _differ(left, right, avals, where)
    parts: list[tuple[bool, Any]] = []
    at = list(begin)
    for x, y, a, b in zip(left.leaves, right.leaves, *avals, strict=True):
        if a is None:
            parts.append((False, x))
            continue
        if same(x, y):
            parts.append((False, x))
        else:
            dtype = state.joint(a, b)
            if a.shape != b.shape or dtype is None:
                raise _differ(left, right, avals, where)
            like = jax.ShapeDtypeStruct(a.shape, dtype)
            parts.append((True, len(picks[0])))
            picks[0].append((at[0], like))
            picks[1].append((at[1], like))
        at = [at[0] + 1, at[1] + 1]
    return _Plan(left, parts)


def _differ(left: Value, right: Value, avals: Any, where: str) -> KeraxError:
    one, other = describe(left, avals[0]), describe(right, avals[1])
    name = "the result" if left.name.startswith("retval_") else left.name
    make = state.mismatch(left, right, avals)
    return make(where, name, one, other, ("where the condition holds", "where it does not"), _HINT)


# -- expressions -----------------------------------------------------------------------------------


def if_exp(cond: Any, if_true: Callable[[], Any], if_false: Callable[[], Any], text: str) -> Any:
    """`if_true() if cond else if_false()`."""
    cond = plain(cond)
    if not traced(cond):
        return if_true() if cond else if_false()
    where = f"The `… if {text} else …` at {place()}"
    sides = [trace(lambda: [if_true()], ["the result"]), trace(lambda: [if_false()], ["the result"])]
    return _merge(truth(cond, where.removeprefix("The ")), sides, where, 1)[0]


def _lazily(word: str, keeps_left_if: bool) -> Callable:
    def op(a: Callable[[], Any], b: Callable[[], Any]) -> Any:
        left = plain(a())
        if not traced(left):
            return left if bool(left) is keeps_left_if else b()
        where = f"`{word}` at {place()}"
        keep = truth(left, where)
        right = plain(b())
        if not state.is_tensor(right):
            raise Unsupported(
                f"The {where}", got=f"a {type(right).__name__} beside a tensor", expected="numbers, booleans or tensors"
            )
        if all(np.dtype(jnp.result_type(x)).kind == "b" for x in (left, right)):
            other = truth(right, where)
            return keep | other if keeps_left_if else keep & other
        return jnp.where(keep if keeps_left_if else ~keep, left, right)

    return op


and_ = _lazily("and", False)
or_ = _lazily("or", True)


def not_(x: Any) -> Any:
    """`not x`."""
    x = plain(x)
    if not traced(x):
        return not x
    out = jnp.logical_not(truth(x, f"`not` at {place()}"))
    if run.negated is not None:
        run.negated[id(out)] = (out, x)  # keeps both alive, so that the id stays theirs
    return out


def assert_stmt(test: Any, message: Callable[[], Any]) -> None:
    """`assert test, message()`; a traced test is looked at when the compiled code runs.

    Raises:
        AssertionError: it fails. After compiled code, once it has run; the Variables keep their values.
    """
    test = plain(test)
    if not traced(test):
        if not test:
            raise AssertionError(*message_of(message))
        return
    where = place()
    text = ": ".join([f"assertion failed at {where}", *map(str, message_of(message))])
    checks = run.checks

    def look(ok: Any) -> None:
        if not ok:
            if checks is None:
                raise AssertionError(text)
            checks.append(text)

    if checks is not None:
        checks.append("")  # says that there is something to look at
    jax.debug.callback(look, truth(test, f"`assert` at {where}"))


def message_of(message: Callable[[], Any]) -> tuple:
    """The arguments of an AssertionError."""
    text = message()
    return () if text is None else (text,)


def returned(value: Any, did_return: Any, name: str) -> Any:
    """What a function returns, given whether a `return` ran.

    Raises:
        StateError: it returns a value for some tensors, and nothing for others.
    """
    if isinstance(value, UndefinedReturnValue) or value is None:
        return None
    if traced(did_return):
        raise StateError(
            f"{name!r} returns a value on one path, and nothing on another that tensors may choose",
            hint="end the function with a `return` of the same shape and dtype",
        )
    return None if missing(value) else value
