"""Dynamic loss scaling for float16 (Micikevicius et al., 2017, https://arxiv.org/abs/1710.03740)."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from flax import nnx

from .._core.variable import Variable, plain
from .._errors import ArgumentError
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Array, Config
from ._base import Optimizer, Options
from ._state import read, write

__all__ = ["LossScaleOptimizer"]

# Keras once wrote all options into configs of this class; they mean nothing unless they were set.
_UNUSED = {
    key: parameter.default
    for key, parameter in inspect.signature(Optimizer.__init__).parameters.items()
    if key in Options.__annotations__ and key != "name"
}


class LossScaleOptimizer(Optimizer):
    """Wraps an optimizer so that small float16 gradients do not vanish.

    The loss is multiplied by a scale, the gradients divided by it. When a gradient is not finite the
    step is skipped and the scale halved; after `dynamic_growth_steps` good steps it is doubled.

    Args:
        inner_optimizer: what makes the steps; its own `loss_scale_factor` is switched off.
        initial_scale: the scale at the start.
        dynamic_growth_steps: good steps in a row before the scale doubles.
        name: default counts the class.
        kwargs: `dynamic`, which can only be True.

    Raises:
        ArgumentError: an argument that belongs to the inner optimizer, or an unknown one.
    """

    _begins_complete = False  # its own variables come first, and late

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not kwargs.pop("dynamic", True):
            raise ArgumentError(
                "LossScaleOptimizer dynamic",
                got="False",
                expected="True",
                hint="set loss_scale_factor on the inner optimizer for a fixed scale",
            )
        for key, default in _UNUSED.items():
            if kwargs.pop(key, default) != default:
                raise ArgumentError(
                    f"LossScaleOptimizer {key}", got="a value", expected=f"{key} on the inner optimizer instead"
                )
        if kwargs:
            raise ArgumentError("LossScaleOptimizer", got=f"the arguments {sorted(kwargs)}, which are not recognized")
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None

    @property
    def variables(self) -> list[Variable]:
        """Its own, then those of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    def build(self, variables: Iterable[nnx.Variable]) -> None:
        variables = list(variables)
        if not self.built:
            self.step_counter = self.add_variable((), "zeros", "int", name="step_counter")
            self.dynamic_scale = self.add_variable(
                (), lambda shape, dtype: jnp.full(shape, self.initial_scale, dtype), "float32", name="dynamic_scale"
            )
        self.inner_optimizer.build(variables)
        super().build(variables)

    def _build_slots(self, variables: list[nnx.Variable]) -> None:
        """None: the slots are the inner optimizer's."""

    def _own_used_by(self, variables: Sequence[nnx.Variable]) -> list[Variable]:
        return [*self._variables, *self.inner_optimizer._own_used_by(variables)]

    def _python_rate(self) -> Array | None:
        return self.inner_optimizer._python_rate()

    def _apply(
        self, grads: Sequence[Any], variables: list[nnx.Variable], given: list[nnx.Variable], rate: Array | None = None
    ) -> None:
        """The inner step of the gradients unscaled, taken back where one of them is not finite."""
        scale, good = read([self.dynamic_scale, self.step_counter])
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(g)) for g in grads]))
        moved = [*self.inner_optimizer._own_used_by(given), *given]
        before = read(moved)
        self.inner_optimizer._apply([g / scale for g in grads], variables, given, rate)
        write(moved, [jnp.where(finite, new, old) for new, old in zip(read(moved), before, strict=True)])
        good = jnp.where(finite, good + 1, 0)
        grows = good == self.dynamic_growth_steps
        factor = jnp.where(finite, jnp.where(grows, 2.0, 1.0), 0.5)
        write([self.dynamic_scale, self.step_counter], [scale * factor, jnp.where(grows, 0, good)])

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def iterations(self) -> Any:
        """The inner optimizer's: skipped steps do not count."""
        return self.inner_optimizer.iterations

    @iterations.setter
    def iterations(self, value: Any) -> None:
        self.inner_optimizer.iterations = value

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the scale of now."""
        return plain(loss) * (self.dynamic_scale.value if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[nnx.Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def _averages(self, variables: Sequence[nnx.Variable]) -> list[tuple[nnx.Variable, Variable]]:
        return self.inner_optimizer._averages(variables)

    def exclude_from_weight_decay(
        self, var_list: Sequence[nnx.Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> Config:
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: Config, custom_objects: Mapping[str, Any] | None = None) -> LossScaleOptimizer:
        config = dict(config)
        inner = config.pop("inner_optimizer")
        if isinstance(inner, dict):
            inner = deserialize_keras_object(inner, custom_objects)
        return cls(inner, **config)

    def __reduce__(self) -> tuple:
        make, (cls, config, state) = super().__reduce__()
        config.pop("learning_rate", None)
        return make, (cls, config, state)
