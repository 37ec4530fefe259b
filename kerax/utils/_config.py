"""Config: named values, read and set as attributes, that can be frozen."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from .._errors import ArgumentError, NameError_

_MISSING = object()


class Config:
    """Named values: `config.rate` and `config["rate"]` are the same.

    Args:
        **kwargs: the first values.

    Examples:
        >>> config = Config(rate=0.1)
        >>> config.epochs = 3
        >>> config.freeze()
        >>> config.as_dict()
        {'rate': 0.1, 'epochs': 3}
    """

    _values: dict[str, Any]
    _frozen: bool

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_values", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    def _open(self) -> dict[str, Any]:
        if self._frozen:
            raise ArgumentError("Config", got="a change of a frozen config", hint="config.unfreeze() first")
        return self._values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in vars(self).get("_values", {}):
            raise NameError_(f"Config has no value {name!r}", expected=f"one of {list(vars(self).get('_values', {}))}")
        return self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._open()[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self._open():
            raise NameError_(f"Config has no value {name!r}")
        del self._values[name]

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._open()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._open()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._values))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and other._values == self._values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Config {self._values}>"

    @property
    def frozen(self) -> bool:
        """Whether changes raise."""
        return self._frozen

    def freeze(self) -> None:
        """Let no value change any more."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Let values change again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self) -> dict[str, Any]:
        """The values as a dict of its own."""
        return dict(self._values)

    def to_json(self) -> str:
        """The values as JSON."""
        return json.dumps(self._values)

    def get(self, key: str, default_value: Any = None) -> Any:
        """The value, or the default where there is none."""
        return self._values.get(key, default_value)

    def pop(self, key: str, default: Any = _MISSING) -> Any:
        """Take a value out.

        Raises:
            KeyError: there is none, and no default.
        """
        return self._open().pop(key) if default is _MISSING else self._open().pop(key, default)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several values, as a dict does."""
        self._open().update(*args, **kwargs)

    def items(self) -> ItemsView[str, Any]:
        """Names and values."""
        return self._values.items()

    def keys(self) -> KeysView[str]:
        """Names."""
        return self._values.keys()

    def values(self) -> ValuesView[Any]:
        """Values."""
        return self._values.values()
