"""Logs as callbacks get them: dicts of floats, fetched from the device only where somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._types import Logs

__all__ = ["DeferredLogs", "LazyLogs", "plain"]

LazyLogs = Logs | Callable[[], Logs] | None
"""Logs, or a function that gives them when someone reads them."""


class DeferredLogs(dict):
    """Logs that are fetched when somebody first looks at them, and a plain dict from then on.

    Args:
        names: the names they will have.
        fetch: gives the logs.
    """

    def __init__(self, names: Iterable[str], fetch: Callable[[], Logs]) -> None:
        # The names stand in already: some code written in C looks at the length behind our back.
        super().__init__(dict.fromkeys(names))
        self._fetch: Callable[[], Logs] | None = fetch

    def __reduce__(self) -> tuple:
        return dict, (dict(self.items()),)


def _loading(name: str) -> Callable:
    method = getattr(dict, name)

    def loaded(self: DeferredLogs, *args: Any, **kwargs: Any) -> Any:
        fetch = self._fetch
        if fetch is not None:
            self._fetch = None
            dict.update(self, plain(fetch))
        return method(self, *args, **kwargs)

    loaded.__name__ = name
    return loaded


for _name in (
    "__contains__ __delitem__ __eq__ __getitem__ __ior__ __iter__ __len__ __ne__ __or__ __repr__ __reversed__ __ror__ "
    "__setitem__ clear copy get items keys pop popitem setdefault update values"
).split():
    setattr(DeferredLogs, _name, _loading(_name))


def plain(logs: LazyLogs) -> Logs:
    """The logs as a dict of Python floats, the same dict where it is one already; what is no number stays."""
    if callable(logs):
        logs = logs()
    if logs is None:
        return {}
    if isinstance(logs, dict) and all(type(value) is float for value in logs.values()):
        return logs
    return {name: _float(value) for name, value in logs.items()}


def _float(value: Any) -> Any:
    if isinstance(value, (str, bytes)) or getattr(value, "shape", ()) != ():
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
