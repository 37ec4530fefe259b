"""Branches, loops and what maps functions over tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ... import ops, tree
from ..._core.context import name_scope as _name_scope
from ..._core.dtypes import is_string
from ..._core.variable import plain
from ..._errors import ArgumentError
from ..._graph.tensor import any_symbolic
from ...data._element import as_numpy_leaf
from ._creation import convert_to_tensor
from ._static import eager, integer
from .errors import InvalidArgumentError

__all__ = [
    "case",
    "cond",
    "control_dependencies",
    "foldl",
    "foldr",
    "group",
    "map_fn",
    "name_scope",
    "no_op",
    "numpy_function",
    "py_function",
    "recompute_grad",
    "scan",
    "switch_case",
    "vectorized_map",
    "while_loop",
]


def _known(value: Any) -> bool:
    return not isinstance(plain(value), jax.core.Tracer) and not any_symbolic(value)


def cond(pred: Any, true_fn: Callable, false_fn: Callable, name: str | None = None) -> Any:
    """`true_fn()` where `pred` holds, else `false_fn()`; inside compiled code both are traced and one is run."""
    return ops.cond(pred, true_fn, false_fn)


def case(
    pred_fn_pairs: Any,
    default: Callable | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """The result of the first function whose condition holds.

    Args:
        pred_fn_pairs: (condition, function) pairs, or a dict.
        default: runs where none holds. Without it the last function does, inside compiled code.
        exclusive: whether more than one condition that holds is an error; checked where they are known.
        strict: kept for compatibility.

    Raises:
        InvalidArgumentError: none holds and there is no default, or several do.
    """
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    if all(_known(pred) for pred, _ in pairs):
        chosen = [fn for pred, fn in pairs if bool(plain(pred))]
        if exclusive and len(chosen) > 1:
            raise InvalidArgumentError("tf.case", got=f"{len(chosen)} conditions that hold", expected="one at most")
        if not chosen and default is None:
            raise InvalidArgumentError("tf.case", got="no condition that holds", hint="pass default=")
        return (chosen or [default])[0]()
    last = pairs.pop()[1] if default is None else default
    for pred, fn in reversed(pairs):
        last = _branch(pred, fn, last)
    return last()


def _branch(pred: Any, fn: Callable, otherwise: Callable) -> Callable:
    return lambda: ops.cond(pred, fn, otherwise)


def switch_case(branch_index: Any, branch_fns: Any, default: Callable | None = None, name: str = "switch_case") -> Any:
    """The result of the function with this number; of `default`, else the last one, for any other number.

    Args:
        branch_index: an integer.
        branch_fns: functions; (number, function) pairs; or a dict. Numbers go from 0 up.
        default: runs for other numbers.
    """
    pairs = list(branch_fns.items() if isinstance(branch_fns, dict) else branch_fns)
    if callable(pairs[0]):
        pairs = list(enumerate(pairs))
    fns = [fn for _, fn in sorted(pairs, key=lambda pair: pair[0])]
    if sorted(number for number, _ in pairs) != list(range(len(pairs))):
        raise ArgumentError("tf.switch_case", got="gaps in the numbers of the branches", expected="all from 0 up")
    fns = [*fns, default or fns[-1]]
    if _known(branch_index):
        index = integer("tf.switch_case", branch_index)
        return fns[index if 0 <= index < len(pairs) else -1]()
    inside = ops.logical_and(ops.greater_equal(branch_index, 0), ops.less(branch_index, len(pairs)))
    return ops.switch(ops.where(inside, branch_index, len(pairs)), fns)


def while_loop(
    cond: Callable,
    body: Callable,
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
    name: str | None = None,
) -> Any:
    """Replace `loop_vars` by `body(*loop_vars)` for as long as `cond(*loop_vars)` holds.

    Args:
        cond: gives a boolean.
        body: gives new values in the structure of `loop_vars`.
        loop_vars: a list or tuple; the result is one as well.
        shape_invariants: kept for compatibility, like `parallel_iterations`, `back_prop` and `swap_memory`.
        maximum_iterations: no more than so many.

    Where the condition is known this is a loop of Python, as TensorFlow's is, and shapes may change. Inside compiled
    code shapes and dtypes stay, and gradients need a loop whose length is known: `tf.scan`.
    """
    most = None if maximum_iterations is None else integer("tf.while_loop", maximum_iterations)
    values = tree.map_structure(convert_to_tensor, list(loop_vars))
    count = 0
    while most is None or count < most:
        go_on = cond(*values)
        if not _known(go_on):
            left = None if most is None else most - count
            values = list(ops.while_loop(cond, body, values, left))
            break
        if not bool(plain(go_on)):
            break
        new = body(*values)
        values = list(new) if isinstance(new, (list, tuple)) and len(new) == len(values) else [new]
        count += 1
    return type(loop_vars)(values)


def map_fn(
    fn: Callable,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """`fn` of each slice along the first axis, stacked. It is traced once and compiled; over strings it is a loop.

    Args:
        fn: takes a slice, in the structure of `elems`.
        elems: tensors, alone or in a structure.
        dtype: kept for compatibility, like the others: dtypes are those that `fn` gives.
    """
    leaves = [plain(leaf) for leaf in tree.flatten(elems)]
    if any(is_string(leaf) for leaf in leaves):
        outs = [fn(tree.pack_sequence_as(elems, [leaf[i] for leaf in leaves])) for i in range(len(leaves[0]))]
        return tree.map_structure(lambda *parts: convert_to_tensor(np.stack([np.asarray(p) for p in parts])), *outs)
    return ops.map(fn, tree.map_structure(convert_to_tensor, elems))


def vectorized_map(fn: Callable, elems: Any, fallback_to_while_loop: bool = True, warn: bool = True) -> Any:
    """`fn` of each slice along the first axis, all at once."""
    return ops.vectorized_map(fn, tree.map_structure(convert_to_tensor, elems))


def _accumulate(where: str, fn: Callable, elems: Any, initializer: Any, reverse: bool) -> tuple[Any, Any, bool]:
    xs = tree.map_structure(convert_to_tensor, elems)
    begun = initializer is None
    if begun:
        first = -1 if reverse else 0
        initializer = tree.map_structure(lambda x: x[first], xs)
        xs = tree.map_structure(lambda x: x[:-1] if reverse else x[1:], xs)
    else:
        initializer = tree.map_structure(convert_to_tensor, initializer)

    def step(carry: Any, x: Any) -> Any:
        out = fn(carry, x)
        out = tree.map_structure(lambda new, old: ops.cast(new, old.dtype), out, initializer)
        return out, out

    last, every = ops.scan(step, initializer, xs, reverse=reverse)
    return (initializer, last), every, begun


def scan(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """All results of `a = fn(a, x)` over the slices along the first axis, stacked.

    Args:
        fn: (result so far, slice) to the next result.
        elems: tensors, alone or in a structure.
        initializer: the first `a`; the first slice by default, which is then the first result as well.
        reverse: whether to go from the last slice to the first.
    """
    (first, _), every, begun = _accumulate("tf.scan", fn, elems, initializer, reverse)
    if not begun:
        return every
    return tree.map_structure(
        lambda one, more: jnp.concatenate([more, one[None]] if reverse else [one[None], more]), first, every
    )


def foldl(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """The last result of `a = fn(a, x)` over the slices along the first axis, from the first `a`, or slice, on."""
    return _accumulate("tf.foldl", fn, elems, initializer, False)[0][1]


def foldr(
    fn: Callable,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Like `foldl`, from the last slice to the first."""
    return _accumulate("tf.foldr", fn, elems, initializer, True)[0][1]


def numpy_function(func: Callable, inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:
    """`func`, written for NumPy arrays, of tensors; text comes as bytes.

    Raises:
        StateError: inside compiled code.
    """
    eager("tf.numpy_function", "jax.pure_callback, which is told the shapes", list(inp))
    out = func(*(as_numpy_leaf(x) if is_string(x) else np.asarray(plain(x)) for x in inp))
    return tree.map_structure(convert_to_tensor, out)


def py_function(func: Callable, inp: Any, Tout: Any, name: str | None = None) -> Any:
    """`func`, any code of Python, of tensors.

    Raises:
        StateError: inside compiled code.
    """
    eager("tf.py_function", "jax.pure_callback, which is told the shapes", list(inp))
    return tree.map_structure(convert_to_tensor, func(*(convert_to_tensor(x) for x in inp)))


def recompute_grad(f: Callable) -> Callable:
    """`f`, whose intermediate values are computed again for gradients instead of being kept."""
    return jax.checkpoint(f)


def group(*inputs: Any, **kwargs: Any) -> None:
    """Nothing: what was called has been called."""


def no_op(name: str | None = None) -> None:
    """Nothing."""


@contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """A block that runs after these: code runs in order anyhow."""
    yield


@contextmanager
def name_scope(name: str) -> Iterator[str]:
    """Prefix the paths of variables created within the block."""
    with _name_scope(name):
        yield f"{name}/"
