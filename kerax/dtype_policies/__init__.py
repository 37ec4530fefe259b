"""Dtype policies: what a layer computes in, and what it keeps its weights in."""

from __future__ import annotations

from typing import Any

from .._core.dtypes import is_float, standardize_dtype
from .._errors import ArgumentError
from .._registry import Registry
from .._serial import resolver

__all__ = [
    "DTypePolicy",
    "Policy",
    "deserialize",
    "dtype_policy",
    "get",
    "global_policy",
    "serialize",
    "set_dtype_policy",
    "set_global_policy",
]

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}


class DTypePolicy:
    """What a layer computes in, and what it keeps its weights in.

    Args:
        name: a dtype for both, or `"mixed_float16"`, `"mixed_bfloat16"`: weights in float32,
            computation in 16 bits.

    Raises:
        ArgumentError: another name.
    """

    def __init__(self, name: str | None = None) -> None:
        name = standardize_dtype(None) if name is None else name
        if not isinstance(name, str):
            raise ArgumentError("DTypePolicy", got=repr(name), expected="a string")
        if name in _MIXED:
            self._compute_dtype, self._variable_dtype = _MIXED[name], "float32"
        else:
            self._compute_dtype = self._variable_dtype = standardize_dtype(name)
            name = self._compute_dtype
        self._name = name

    @property
    def name(self) -> str:
        """The name given."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype inputs and weights are cast to in a call."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> None:
        """None: weights are not quantized."""
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other._name == self._name

    def __hash__(self) -> int:
        return hash(("DTypePolicy", self._name))

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """The policy of a config."""
        return cls(**config)


Policy = DTypePolicy
registry = Registry("dtype policy", "dtype_policies", [DTypePolicy])
_get, serialize, deserialize = resolver(registry, DTypePolicy)
_global: list[DTypePolicy | None] = [None]


def dtype_policy() -> DTypePolicy:
    """The policy of layers that name none: `floatx()` unless set."""
    return _global[0] or DTypePolicy(standardize_dtype(None))


def set_dtype_policy(policy: str | DTypePolicy | None) -> None:
    """Set the policy of layers made from now on; None goes back to `floatx()`."""
    _global[0] = None if policy is None else get(policy)


global_policy, set_global_policy = dtype_policy, set_dtype_policy


def get(identifier: Any) -> DTypePolicy:
    """The policy that a name, dtype, config or policy stands for; None: the global one.

    Raises:
        ArgumentError: not a policy.
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    return DTypePolicy(standardize_dtype(identifier))


def is_mixed_float16(policy: DTypePolicy) -> bool:
    """Whether gradients under this policy need loss scaling."""
    return is_float(policy.compute_dtype) and policy.name == "mixed_float16"
