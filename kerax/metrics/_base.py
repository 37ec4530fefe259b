"""Metric: Variables that gather what batches bring, and what they come to."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import config, dtype_policies
from .._core.context import name_scope
from .._core.module import Module, variables_of
from .._core.naming import auto_name
from .._core.stateful import Carried, pure
from .._core.variable import Variable, plain
from .._errors import ArgumentError, StateError, Unsupported
from .._registry import family
from .._serial import deserialize_keras_object
from .._types import Array, Config, Shape

__all__ = ["Metric"]

_INITIALIZERS = {"zeros": jnp.zeros, "Zeros": jnp.zeros, "ones": jnp.ones, "Ones": jnp.ones}


class Metric(Module):
    """The base of all metrics.

    A subclass makes its variables in `__init__`, changes them in `update_state` and computes from them
    in `result`:

        class Positives(Metric):
            def __init__(self, name="positives", **kwargs):
                super().__init__(name=name, **kwargs)
                self.total = self.add_weight(name="total", initializer="zeros")

            def update_state(self, y_true, y_pred, sample_weight=None):
                self.total.assign_add(jnp.sum(y_pred > 0))

            def result(self):
                return self.total

    Args:
        dtype: of its variables, and of what comes in; default `floatx()`. A policy gives its compute dtype.
        name: default: the class's, counted.
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._dtype_policy = dtype_policies.get(dtype or config.floatx())
        self._dtype = self._dtype_policy.compute_dtype

    @property
    def dtype(self) -> str:
        """The dtype of its variables."""
        return self._dtype

    # -- variables -------------------------------------------------------------------------

    def add_variable(
        self,
        shape: Shape,
        initializer: Any = None,
        dtype: Any = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Variable:
        """A new variable, which belongs to the metric once it is an attribute of it.

        Args:
            shape: its shape.
            initializer: a name, an initializer or a function `(shape, dtype)`; default zeros.
            dtype: default: the metric's.
            aggregation: kept for compatibility.
            name: default: counted.

        Raises:
            StateError: before `super().__init__()`.
        """
        if "_dtype" not in vars(self):
            raise StateError(
                f"{type(self).__name__} adds a variable too early",
                hint="call super().__init__() first in its __init__()",
            )
        with name_scope(self.name.replace("/", ">")):
            return Variable(
                _initializer(initializer),
                shape=shape,
                dtype=dtype or self._dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
            )

    def add_weight(
        self,
        shape: Shape | str = (),
        initializer: Any = None,
        dtype: Any = None,
        name: str | None = None,
        aggregation: str | None = "sum",
    ) -> Variable:
        """A new variable, see `add_variable`; the name may come first, as in TensorFlow."""
        if isinstance(shape, str):
            name, shape = shape, ()
        return self.add_variable(shape, initializer, dtype, aggregation, name)

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of the metrics inside it."""
        held = list(self._own())
        own = [item for item in held if isinstance(item, Variable)]
        return own + [v for v in variables_of(held) if not any(v is mine for mine in own)]

    @property
    def weights(self) -> list[Variable]:
        """`variables`."""
        return self.variables

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """`variables`."""
        return self.variables

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """`variables`."""
        return self.variables

    @property
    def trainable_variables(self) -> list[Variable]:
        """An empty list."""
        return []

    @property
    def trainable_weights(self) -> list[Variable]:
        """An empty list."""
        return []

    # -- state -----------------------------------------------------------------------------

    def reset_state(self) -> None:
        """Set all variables to zero."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))

    def reset_states(self) -> None:
        """`reset_state`, in its older name."""
        self.reset_state()

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take in one batch."""
        raise Unsupported(f"{type(self).__name__} has no update_state()", hint="define it in the class")

    def result(self) -> Any:
        """The value over all batches since the last reset: a scalar, an array or a dict of scalars."""
        raise Unsupported(f"{type(self).__name__} has no result()", hint="define it in the class")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in one batch, and give the result."""
        self.update_state(*args, **kwargs)
        return self.result()

    # -- pure forms ------------------------------------------------------------------------

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Array]:
        """The new values of the variables, the variables themselves unchanged.

        Args:
            metric_variables: the values to start from, as `variables` has them.
            args, kwargs: those of `update_state`.
        """
        return self._purely(self.update_state, metric_variables, *args, **kwargs)[1]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The result for these values of the variables."""
        return self._purely(lambda: _settled(self.result()), metric_variables)[0]

    def stateless_reset_state(self) -> list[Array]:
        """The values that `reset_state` would give the variables."""
        return self._purely(self.reset_state, self.variables)[1]

    def _purely(self, fn: Any, values: Sequence[Any], *args: Any, **kwargs: Any) -> tuple[Any, list[Array]]:
        variables = self.variables
        if len(values) != len(variables):
            raise ArgumentError(
                f"metric_variables of {type(self).__name__} {self.name!r}",
                got=f"{len(values)} values",
                expected=f"{len(variables)}, one for each of its variables",
            )
        carried = [jnp.asarray(plain(x), v.dtype) for x, v in zip(values, variables, strict=True)]
        return pure(fn, Carried(variables), check=False)(carried, *args, **kwargs)

    # -- config ----------------------------------------------------------------------------

    def get_config(self) -> Config:
        """The constructor's arguments."""
        return {"name": self.name, "dtype": self._dtype}

    @classmethod
    def from_config(cls, config: Config) -> Metric:
        """The metric of a config."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={vars(self).get('name')}>"

    __str__ = __repr__


def _initializer(given: Any) -> Any:
    if given is None:
        return jnp.zeros
    if isinstance(given, str):
        found = _INITIALIZERS.get(given)
        if found is not None:
            return found
        given = family("initializers").find(given)
    elif isinstance(given, dict):
        given = deserialize_keras_object(given)
    if inspect.isclass(given):
        return given()
    return given


def _settled(result: Any) -> Any:
    """A result that is a Variable, as the array it holds now."""
    if isinstance(result, dict):
        return {key: plain(value) for key, value in result.items()}
    return plain(result)
