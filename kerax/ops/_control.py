"""Control flow that also works inside compiled code; branches and bodies may assign Variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .. import tree
from .._core import nnx_private
from .._core.context import setting
from .._core.stateful import Carried
from .._types import ArrayLike
from ._arrays import array
from ._carry import carrying, with_assignments
from ._op import op

__all__ = [
    "associative_scan",
    "cond",
    "fori_loop",
    "jvp",
    "map",
    "scan",
    "switch",
    "vectorize",
    "vectorized_map",
    "while_loop",
]


@op(theme="core")
def cond(pred: ArrayLike, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """`true_fn()` where `pred` holds, else `false_fn()`.

    Args:
        pred: a boolean scalar. Outside compiled code just one function is called; inside, both are
            traced and one is run.
        true_fn: takes nothing.
        false_fn: takes nothing; gives the same structure, shapes and dtypes.
    """
    if isinstance(pred, jax.core.Tracer):

        def attempt(carried: Carried) -> Any:
            return lax.cond(
                array(pred).astype(bool), carrying(true_fn, carried), carrying(false_fn, carried), carried.values()
            )

        return with_assignments(attempt)
    return tree.map_structure(_number_as_array, true_fn() if bool(pred) else false_fn())


def _number_as_array(x: Any) -> Any:
    return jnp.asarray(x) if isinstance(x, (bool, int, float, complex, np.ndarray, np.generic)) else x


@op(theme="core")
def switch(index: ArrayLike, branches: Sequence[Callable], *operands: Any) -> Any:
    """`branches[index](*operands)`; an index out of range takes the nearest branch.

    Args:
        index: an integer scalar.
        branches: functions giving the same structure, shapes and dtypes.
        operands: what they take.
    """

    def attempt(carried: Carried) -> Any:
        runs = [carrying(branch, carried) for branch in branches]
        return lax.switch(array(index), runs, carried.values(), *operands)

    return with_assignments(attempt)


@op(theme="core")
def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Replace `loop_vars` by `body(*loop_vars)` for as long as `cond(*loop_vars)` holds.

    Args:
        cond: gives a boolean scalar.
        body: gives the structure, shapes and dtypes of `loop_vars`.
        loop_vars: a list or tuple of values, or one value.
        maximum_iterations: no more than so many.
    """
    single = not isinstance(loop_vars, (list, tuple))
    start = (loop_vars,) if single else tuple(loop_vars)

    def step(state: tuple) -> tuple:
        out = body(*state)
        return tuple(out) if isinstance(out, (list, tuple)) else (out,)

    def attempt(carried: Carried) -> Any:
        run = carrying(step, carried)

        def more(loop: tuple) -> Any:
            count, values, state = loop
            inside = nnx_private.Held(carried.variables, values)
            with inside:
                go_on = jnp.asarray(cond(*state), bool)
            return go_on if maximum_iterations is None else go_on & (count < maximum_iterations)

        def once(loop: tuple) -> tuple:
            count, values, state = loop
            new_state, new_values = run(values, state)
            return count + 1, new_values, new_state

        with setting(looping=True):
            _, values, state = lax.while_loop(more, once, (jnp.int32(0), carried.values(), start))
        return state, values

    out = with_assignments(attempt)
    return out[0] if single else out


@op(theme="core")
def fori_loop(lower: ArrayLike, upper: ArrayLike, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """`val = body_fun(i, val)` for i from `lower` to before `upper`.

    Args:
        lower: the first i.
        upper: the end, not included.
        body_fun: gives the structure, shapes and dtypes of `init_val`.
        init_val: the first value.
    """

    def attempt(carried: Carried) -> Any:
        run = carrying(body_fun, carried)

        def once(i: Any, loop: tuple) -> tuple:
            out, values = run(loop[1], i, loop[0])
            return out, values

        with setting(looping=True):
            return lax.fori_loop(lower, upper, once, (init_val, carried.values()))

    return with_assignments(attempt)


@op(theme="core")
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """`carry, y = f(carry, x)` for each slice of `xs` along its first axis.

    Args:
        f: (carry, slice) to (carry, output).
        init: the first carry.
        xs: arrays, alone or in a structure; None: nothing, `length` times.
        length: the number of slices, where `xs` does not tell.
        reverse: whether to go from the last slice to the first.
        unroll: how many rounds are written out in one; True: all.

    Returns:
        (the last carry, the outputs stacked along a new first axis).
    """

    def attempt(carried: Carried) -> Any:
        run = carrying(f, carried)

        def once(loop: tuple, x: Any) -> tuple:
            (carry, y), values = run(loop[1], loop[0], x)
            return (carry, values), y

        with setting(looping=True):
            (carry, values), ys = lax.scan(once, (init, carried.values()), xs, length, reverse, unroll)
        return (carry, ys), values

    return with_assignments(attempt)


@op(theme="core")
def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """`f` of each slice of `xs` along its first axis, one after the other; results are stacked.

    Args:
        f: takes a slice, in the structure of `xs`.
        xs: arrays, alone or in a structure.
    """
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


@op(theme="core")
def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """`function` of each slice of `elements` along its first axis, all at once; results are stacked.

    Args:
        function: takes a slice, in the structure of `elements`.
        elements: arrays, alone or in a structure.
    """
    return jax.vmap(function)(elements)


@op(theme="core")
def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Running results of an associative function, in logarithmic depth.

    Args:
        f: combines two values (arrays of several of them).
        elems: arrays, alone or in a structure.
        reverse: whether to start from the end.
        axis: the axis to run along.
    """
    return lax.associative_scan(f, elems, reverse, axis)


def vectorize(pyfunc: Callable, *, excluded: Any = None, signature: str | None = None) -> Callable:
    """A function of arrays that applies `pyfunc`, a function of scalars or vectors, everywhere.

    Args:
        pyfunc: written with jax.numpy or ops.
        excluded: positions of arguments that are passed as they are.
        signature: which axes `pyfunc` wants, such as "(n),(n)->()".
    """
    return jnp.vectorize(pyfunc, excluded=frozenset(excluded or ()), signature=signature)


@op(theme="linalg")
def jvp(fun: Callable, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """`fun(*primals)` and its derivative in the direction `tangents`.

    Args:
        fun: written with jax.numpy or ops.
        primals: where.
        tangents: the direction, in the structure of `primals`.
        has_aux: whether `fun` gives (result, something else).

    Returns:
        (result, derivative), and the something else.
    """
    return jax.jvp(fun, tuple(primals), tuple(tangents), has_aux=has_aux)
