"""custom_gradient: a function that provides its own gradient, in TensorFlow's form and in JAX's."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.extend import core as jax_core

from .. import tree
from .._core import nnx_private
from .._core.context import here, setting
from .._core.stateful import Carried, discover, pure
from .._core.variable import Variable, plain
from .._errors import ArgumentError, DTypeError, ShapeError, Unsupported
from .._graph.tensor import KerasTensor

__all__ = ["custom_gradient"]


def custom_gradient(f: Callable | None = None) -> Callable:
    """A function whose gradient `f` itself provides.

    `f(*args, **kwargs)` gives `(y, grad_fn)`. `grad_fn` takes the gradient by each output, as arguments of
    its own or, where it takes one argument only, in the structure of `y`; it gives the gradient by each
    argument of `f`: one, or a list or tuple, None for what has none. Keyword arguments and Python numbers
    are not differentiated by.

    A function that reads trainable Variables passes gradients to them as well: its `grad_fn` takes
    `variables=`, the list of those read, and gives `(gradients by the arguments, gradients by the variables)`.

    JAX's other form works too: `g = custom_gradient(f)`, where f gives y alone, then `g.defvjp(forward, backward)`.

    Args:
        f: the function; without it, a decorator.

    Returns:
        A function that gives `y`, for eager code, `jax.jit`, `jax.grad` and tapes.

    Raises:
        ArgumentError: when called, if `f` does not give a pair, or gradients of the wrong number come back.
        DTypeError: when differentiated, if `f` reads trainable Variables and `grad_fn` takes no `variables`.
        ShapeError: when differentiated, if a gradient has another shape than its argument.
        Unsupported: when called on symbolic tensors.

    Examples:
        >>> import jax
        >>> from kerax import ops
        >>> @ops.custom_gradient
        ... def reversed_gradient(x):
        ...     return x, lambda upstream: -upstream
        >>> float(jax.grad(lambda x: reversed_gradient(x) * 3)(1.0))
        -3.0
    """
    if f is None:
        return custom_gradient
    rule: Callable | None = None

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if rule is not None:
            args, kwargs = jax.tree.map(plain, (args, kwargs), is_leaf=_is_leaf)
            return rule(*args, **kwargs)
        return _Call(f, args, kwargs).run()

    def defvjp(forward: Callable, backward: Callable, **options: Any) -> None:
        """Give the gradient as `jax.custom_vjp` takes it.

        Args:
            forward: `(*args) -> (y, residuals)`.
            backward: `(residuals, gradient of y) -> gradients of the arguments`, a tuple.
            options: as in `jax.custom_vjp.defvjp`.
        """
        nonlocal rule
        made = jax.custom_vjp(f)
        made.defvjp(forward, backward, **options)
        rule = made

    call.defvjp = defvjp  # type: ignore[attr-defined]
    return call


class _Call:
    """One call of a function that provides its gradient.

    What may be differentiated, and everything else that JAX may trace, enters JAX's rule as arguments:
    the arrays among the arguments, and the values of the Variables that the function touches.
    """

    def __init__(self, f: Callable, args: tuple, kwargs: dict) -> None:
        self.f = f
        self.where = f"custom_gradient of {getattr(f, '__name__', f)!r}"
        self.leaves, self.structure = jax.tree.flatten((args, kwargs), is_leaf=_is_leaf)
        if any(isinstance(leaf, KerasTensor) for leaf in self.leaves):
            raise Unsupported(
                f"{self.where} was called on a symbolic tensor",
                hint="call it in the `call` method of a layer",
            )
        self.places = [i for i, leaf in enumerate(self.leaves) if _is_array(leaf)]
        self.arrays = [jnp.asarray(plain(self.leaves[i])) for i in self.places]
        self.count = len(jax.tree.leaves(args, is_leaf=_is_leaf))  # of positional leaves, the first ones
        self.carried = Carried()

    def run(self) -> Any:
        """The outputs; Variables hold what was assigned to them."""

        def attempt() -> tuple[Any, list[Any]]:
            differentiable = jax.custom_vjp(lambda values, arrays: self._forward(values, arrays, False))
            differentiable.defvjp(lambda values, arrays: self._forward(values, arrays, True), self._backward)
            return differentiable(self.carried.values(), self.arrays)

        y, assigned = discover(attempt, self.carried)
        for variable, value in zip(self.written, assigned, strict=True):
            variable.assign(value)
        return y

    def _forward(self, values: Sequence[Any], arrays: Sequence[Any], differentiated: bool) -> Any:
        read: dict[int, Variable] = {}
        written: dict[int, Variable] = {}

        def note_read(variable: Any) -> None:
            if isinstance(variable, Variable) and variable.trainable and _is_inexact(nnx_private.raw(variable)):
                read.setdefault(id(variable), variable)

        def note_written(variable: Any) -> None:
            written.setdefault(id(variable), variable)

        def body() -> Any:
            leaves = list(self.leaves)
            for place, array in zip(self.places, arrays, strict=True):
                leaves[place] = array
            args, kwargs = jax.tree.unflatten(self.structure, leaves)
            with setting(read=(*here.read, note_read), write=(*here.write, note_written)):
                result = self.f(*args, **kwargs)
            if not (isinstance(result, (tuple, list)) and len(result) == 2 and callable(result[1])):
                raise ArgumentError(self.where, got=f"a result {result!r:.80}", expected="(y, grad_fn)")
            y, grad_fn = tree.map_structure(lambda leaf: jnp.asarray(plain(leaf)), result[0]), result[1]
            if not differentiated:
                return y, None
            return y, self._traced(grad_fn, y, list(read.values()), leaves)

        (y, residuals), after = pure(body, self.carried)(values)
        self.written = list(written.values())
        index = {id(variable): i for i, variable in enumerate(self.carried.variables)}
        out = y, [after[index[id(variable)]] for variable in self.written]
        return (out, residuals) if differentiated else out

    def _traced(self, grad_fn: Callable, y: Any, variables: list[Variable], leaves: list[Any]) -> _Rule:
        """`grad_fn` as a function of the gradients of the floating outputs, with what it closes over."""
        outputs = tree.flatten(y)

        def rule(*upstream: Any) -> tuple[list, list]:
            given = iter(upstream)
            seeds = [next(given) if _is_inexact(leaf) else jnp.zeros_like(leaf) for leaf in outputs]
            by_leaf, by_variable = self._ask(grad_fn, y, seeds, variables)
            by_id = {id(v): grad for v, grad in zip(variables, by_variable, strict=True)}
            return (
                [_fitted(self.where, by_id.get(id(v)), nnx_private.raw(v)) for v in self.carried.variables],
                [_fitted(self.where, by_leaf.get(place), leaves[place]) for place in self.places],
            )

        specs = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in outputs if _is_inexact(leaf)]
        closed, shapes = jax.make_jaxpr(rule, return_shape=True)(*specs)
        return _Rule(list(closed.consts), (closed.jaxpr, jax.tree.structure(shapes)))

    def _ask(
        self, grad_fn: Callable, y: Any, seeds: list[Any], variables: list[Variable]
    ) -> tuple[dict[int, Any], Sequence[Any]]:
        """What `grad_fn` gives: gradients by place among the leaves, and by Variable."""
        signature = inspect.signature(grad_fn)
        takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
        known = signature.parameters.get("variables")
        takes_variables = takes_any or known is not None
        if variables and not takes_variables:
            raise DTypeError(
                self.where,
                got=f"a function that reads the Variables {', '.join(repr(v.path) for v in variables)}",
                expected="a grad_fn that takes `variables`",
                hint="def grad_fn(*upstream, variables=None): ...; return gradients, [one for each of variables]",
            )
        needed = known is not None and known.default is known.empty and known.kind is known.KEYWORD_ONLY
        extra = {"variables": variables} if variables or needed else {}
        try:
            signature.bind(*seeds, **extra)
            given = tuple(seeds)
        except TypeError:
            given = (tree.pack_sequence_as(y, seeds),)
        result = grad_fn(*given, **extra)
        grads, by_variable = result if variables else (result, ())
        by_variable = [by_variable] if variables and not isinstance(by_variable, (list, tuple)) else by_variable
        if len(by_variable) != len(variables):
            raise ArgumentError(
                self.where, got=f"{len(by_variable)} gradients for {len(variables)} variables", expected="one for each"
            )
        flat = jax.tree.leaves(grads, is_leaf=_is_leaf)
        positional = [place for place in self.places if place < self.count]
        places = positional if len(flat) == len(positional) else list(range(self.count))
        if len(flat) != len(places):
            raise ArgumentError(
                self.where,
                got=f"{len(flat)} gradients for {self.count} arguments",
                expected="one for each, None where there is none",
            )
        return dict(zip(places, flat, strict=True)), by_variable

    @staticmethod
    def _backward(rule: _Rule, cotangents: Any) -> tuple:
        """The gradients of Variables and arrays."""
        upstream = [ct for ct in jax.tree.leaves(cotangents[0]) if ct.dtype != jax.dtypes.float0]
        return rule(*upstream)


@jax.tree_util.register_pytree_node_class
class _Rule:
    """A traced `grad_fn`: its program, and the arrays it closes over, which JAX may trace."""

    def __init__(self, consts: Sequence[Any], program: tuple) -> None:
        self.consts, self.program = consts, program

    def __call__(self, *upstream: Any) -> Any:
        jaxpr, structure = self.program
        flat = jax_core.jaxpr_as_fun(jax_core.ClosedJaxpr(jaxpr, self.consts))(*upstream)
        return jax.tree.unflatten(structure, flat)

    def tree_flatten(self) -> tuple:
        """For JAX."""
        return self.consts, self.program

    @classmethod
    def tree_unflatten(cls, program: tuple, consts: Sequence[Any]) -> _Rule:
        """For JAX."""
        return cls(list(consts), program)


def _is_leaf(x: Any) -> bool:
    return x is None or isinstance(x, (nnx.Variable, nnx.Module, KerasTensor))


def _is_array(x: Any) -> bool:
    return isinstance(x, (jax.Array, np.ndarray, Variable)) and not (
        isinstance(x, np.ndarray) and x.dtype.kind in "OSU"
    )


def _is_inexact(x: Any) -> bool:
    return jnp.issubdtype(x.dtype, jnp.inexact)


def _fitted(where: str, grad: Any, x: Any) -> Any:
    """A gradient in the dtype of what it belongs to; None where that has none."""
    if grad is None or not _is_inexact(x):
        return None
    grad = jnp.asarray(plain(grad), x.dtype)
    if grad.shape != x.shape:
        raise ShapeError(where, got=f"a gradient of shape {grad.shape}", expected=f"{x.shape}, as the argument has")
    return grad
