"""Any optax transformation as an optimizer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Unpack

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from .._core.module import Opaque
from .._core.variable import Variable
from .._errors import ArgumentError, NameError_, Unsupported
from .._types import Array, Config
from ._base import Optimizer, Options
from ._state import describe, exactly, own_name, read, start, write

__all__ = ["OptaxOptimizer", "is_transformation"]


def is_transformation(value: Any) -> bool:
    """Whether it is, or works like, an `optax.GradientTransformation`."""
    return (
        not isinstance(value, type)
        and callable(getattr(value, "init", None))
        and callable(getattr(value, "update", None))
    )


class _Set:
    """One set of variables stepped together: their optax state, its leaves in Variables."""

    def __init__(self, variables: list[nnx.Variable], state: Any, leaves: list[Variable]) -> None:
        self.variables = variables
        values, self.tree = jax.tree.flatten(state)
        self.keys = [jax.random.key_impl(leaf) if _is_key(leaf) else None for leaf in values]
        self.leaves = leaves
        self.ids = {id(v) for v in variables}

    def state(self) -> Any:
        """The optax state that the leaves hold."""
        values = [
            x if kind is None else jax.random.wrap_key_data(x, impl=kind)
            for x, kind in zip(read(self.leaves), self.keys, strict=True)
        ]
        return jax.tree.unflatten(self.tree, values)

    def hold(self, state: Any) -> None:
        """Make the leaves hold an optax state."""
        write(self.leaves, [_data(leaf) for leaf in jax.tree.leaves(state)])


class OptaxOptimizer(Optimizer):
    """Steps by an optax transformation: `OptaxOptimizer(optax.adamw(1e-3))`.

    The leaves of its state are the optimizer's variables. The transformation holds the learning rate;
    made with `optax.inject_hyperparams(optax.adam)(learning_rate=…)` it can be read and assigned here.
    Each `build`, and each first call with new variables, starts a state of its own; a later call steps
    a whole state at once, taking zeros for the gradients that are not given.

    Args:
        transformation: any optax transformation.
        options: those of `Optimizer`, by name, but for `weight_decay`, which is the transformation's business.

    Raises:
        ArgumentError: not a transformation; `weight_decay`.
    """

    def __init__(self, transformation: optax.GradientTransformation, **options: Unpack[Options]) -> None:
        if not is_transformation(transformation):
            raise ArgumentError(
                "OptaxOptimizer", got=repr(transformation), expected="an optax transformation such as optax.adam(1e-3)"
            )
        if options.get("weight_decay") is not None:
            raise ArgumentError(
                "OptaxOptimizer weight_decay",
                got=options["weight_decay"],
                expected="None",
                hint="chain optax.add_decayed_weights into the transformation",
            )
        super().__init__(0.0, **options)
        self._variables.pop()  # the transformation has the learning rate
        self.transformation = transformation
        self._sets = Opaque([])
        self._first_rate = Opaque(None)  # assigned before there was a state

    def _build_slots(self, variables: list[nnx.Variable]) -> None:
        with jax.ensure_compile_time_eval():
            params = [_value(describe(v), v) for v in variables]
            state = self.transformation.init(params)
        leaves, _ = jax.tree_util.tree_flatten_with_path(state)
        made = []
        for path, leaf in leaves:
            like = jnp.asarray(_data(leaf))
            at = getattr(path[-1], "idx", None) if path else None
            if at is not None and at < len(variables) and like.shape == params[at].shape:
                owner = variables[at]
                name = "_".join([own_name(owner), *_words(path[:-1])])
                made.append(self._add_slot(owner, name, exactly(like), like))
            else:
                name = "_".join(_words(path)) or "state"
                made.append(self.add_variable(like.shape, exactly(like), like.dtype, name=name))
        self._sets.value.append(_Set(variables, state, made))
        if self._first_rate.value is not None:
            for leaf in self._rate_leaves():
                start(leaf, self._first_rate.value)

    def _own_used_by(self, variables: Sequence[nnx.Variable]) -> list[Variable]:
        return [self._iterations, *self._written(variables)]

    def _written(self, variables: Sequence[nnx.Variable]) -> list[Variable]:
        leaves = [leaf for held in self._stepped(variables) for leaf in held.leaves]
        return [*leaves, *self._slots.used_by(variables)]

    def _stepped(self, variables: Iterable[nnx.Variable]) -> list[_Set]:
        ids = {id(v) for v in variables}
        return [held for held in self._sets.value if not ids.isdisjoint(held.ids)]

    def _rate_now(self) -> Array:
        return jnp.zeros(())

    def _step(self, grads: list[Array], variables: list[nnx.Variable], values: list[Array], rate: Array) -> None:
        given = {id(v): (g, w) for v, g, w in zip(variables, grads, values, strict=True)}
        for held in self._stepped(variables):
            params = read(held.variables)
            params = [given[id(v)][1] if id(v) in given else w for v, w in zip(held.variables, params, strict=True)]
            all_grads = [
                given[id(v)][0] if id(v) in given else jnp.zeros_like(w)
                for v, w in zip(held.variables, params, strict=True)
            ]
            steps, state = self.transformation.update(all_grads, held.state(), params)
            new = optax.apply_updates(params, steps)
            moved = [(v, w) for v, w in zip(held.variables, new, strict=True) if id(v) in given]
            write([v for v, _ in moved], [w for _, w in moved])
            held.hold(state)

    # -- the learning rate, where the transformation shows it --------------------------------

    def _rate_leaves(self) -> list[Variable]:
        found = []
        for held in self._sets.value:
            state = jax.tree.unflatten(held.tree, held.leaves)
            hyper = _hyperparameters(state)
            if "learning_rate" in hyper:
                found.append(hyper["learning_rate"])
        return found

    @property
    def learning_rate(self) -> Any:
        """That of `optax.inject_hyperparams`, a Variable once built."""
        if self.built:
            leaves = self._rate_leaves()
            if leaves:
                return leaves[0]
        else:
            hyper = _hyperparameters(self.transformation.init([]))
            if "learning_rate" in hyper:
                return hyper["learning_rate"] if self._first_rate.value is None else self._first_rate.value
        raise NameError_(
            f"{self.name}.learning_rate",
            got="a transformation that does not show its learning rate",
            hint="optax.inject_hyperparams(optax.adam)(learning_rate=1e-3)",
        )

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.learning_rate  # noqa: B018 - raises where there is none
        if not self.built:
            self._first_rate.value = jnp.asarray(value)
        for leaf in self._rate_leaves():
            leaf.assign(value)

    def get_config(self) -> Config:
        """Not possible: an optax transformation cannot say how it was made."""
        raise Unsupported(
            "OptaxOptimizer.get_config",
            got="an optax transformation, which is made of functions",
            hint="compile the loaded model with the transformation again",
        )


def _hyperparameters(state: Any) -> dict[str, Any]:
    """What `optax.inject_hyperparams` shows, wherever in a state it stands."""
    found: dict[str, Any] = {}

    def visit(node: Any) -> bool:
        hyper = getattr(node, "hyperparams", None)
        if isinstance(hyper, dict):
            found.update(hyper)
        return False

    jax.tree.leaves(state, is_leaf=visit)
    return found


def _value(described: Any, variable: nnx.Variable) -> Any:
    if isinstance(described, jax.ShapeDtypeStruct):
        # Most states start from shapes alone; one that needs the values would start from zeros.
        return jnp.zeros(described.shape, described.dtype)
    return described


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(getattr(leaf, "dtype", np.float32), jax.dtypes.prng_key)


def _data(leaf: Any) -> Any:
    """What a Variable can hold of a leaf: of a random key its data."""
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _words(path: Iterable[Any]) -> list[str]:
    words = [str(getattr(key, "name", getattr(key, "key", getattr(key, "idx", key)))) for key in path]
    return [word.replace("/", "_") for word in words]
