"""Dtype policies: what a layer computes in, and what it keeps its weights in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from .. import config
from .._core.dtypes import is_float, standardize_dtype
from .._errors import ArgumentError
from .._registry import Registry
from .._serial import resolver

__all__ = [
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
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


class FloatDTypePolicy(DTypePolicy):
    """Another name of `DTypePolicy`, which older files hold.

    Args:
        name: as for `DTypePolicy`.
    """


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """A policy for each layer inside a layer, by path.

    A path that is no key itself is matched, whole, against the keys as regular expressions.

    Args:
        default_policy: for paths that no key fits; None for the global policy.
        policy_map: path or pattern -> policy.

    Raises:
        ArgumentError: a default, or a value, that is no policy.

    Examples:
        >>> policies = DTypePolicyMap(policy_map={"encoder/.*": DTypePolicy("bfloat16")})
        >>> policies["encoder/dense"].name, policies["decoder"].name
        ('bfloat16', 'float32')
    """

    def __init__(
        self, default_policy: DTypePolicy | None = None, policy_map: Mapping[str, DTypePolicy] | None = None
    ) -> None:
        self._default_arg = default_policy
        self._default_policy = get(default_policy)
        self._policy_map: dict[str, DTypePolicy] = {}
        super().__init__(self._default_policy.name)
        for path, policy in (policy_map or {}).items():
            self[path] = policy

    @property
    def default_policy(self) -> DTypePolicy:
        """For paths that no key fits."""
        return self._default_policy

    def __getitem__(self, key: str) -> DTypePolicy:
        """The policy for a path.

        Raises:
            ArgumentError: several patterns match.
        """
        if key in self._policy_map:
            return self._policy_map[key]
        matches = [pattern for pattern in self._policy_map if re.fullmatch(pattern, key)]
        if len(matches) > 1:
            raise ArgumentError(
                "DTypePolicyMap", got=f"the path {key!r}, which {matches} match", expected="one of them"
            )
        return self._policy_map[matches[0]] if matches else self._default_policy

    def __setitem__(self, key: str, policy: str | DTypePolicy) -> None:
        """Set the policy for a path.

        Raises:
            ArgumentError: the path has one, or it is no policy.
        """
        if key in self._policy_map:
            raise ArgumentError("DTypePolicyMap", got=f"{key!r} twice", expected="one policy for a path")
        self._policy_map[key] = get(policy)

    def get(self, key: str, default: Any = None) -> DTypePolicy:
        """The policy for a path: that of a key that fits, else the default policy."""
        return self[key]

    def __delitem__(self, key: str) -> None:
        del self._policy_map[key]

    def __contains__(self, key: object) -> bool:
        return key in self._policy_map

    def __len__(self) -> int:
        return len(self._policy_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policy_map)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicyMap) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<DTypePolicyMap {self._policy_map} default={self._default_policy}>"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "default_policy": None if self._default_arg is None else serialize(self._default_policy),
            "policy_map": {path: serialize(policy) for path, policy in self._policy_map.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicyMap:
        """The map of a config."""
        default = config["default_policy"]
        return cls(
            None if default is None else deserialize(default),
            {path: deserialize(policy) for path, policy in config["policy_map"].items()},
        )


Policy = DTypePolicy
registry = Registry("dtype policy", "dtype_policies", [DTypePolicy, DTypePolicyMap, FloatDTypePolicy])
_get, serialize, deserialize = resolver(registry, DTypePolicy)
_global: list[DTypePolicy | None] = [None]


def dtype_policy() -> DTypePolicy:
    """The policy of layers that name none: `floatx()` unless set."""
    return _global[0] or DTypePolicy(standardize_dtype(None))


def set_dtype_policy(policy: str | DTypePolicy | None) -> None:
    """Set the policy of layers made from now on; None goes back to `floatx()`."""
    _global[0] = None if policy is None else get(policy)


config.policies.get, config.policies.set = dtype_policy, set_dtype_policy
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
