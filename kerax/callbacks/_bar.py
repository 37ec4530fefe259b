"""Progbar: one line that tells how far the work is.

    313/313 ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step - accuracy: 0.9012 - loss: 0.3104

In a terminal and in a notebook the line is rewritten in place. In a file it is written once, when the work is
done, and every 30 seconds while it is not. What cannot be written is left out: a progress bar never raises.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from .. import config
from .._errors import ArgumentError
from .._host import terminal

__all__ = ["Progbar"]

log = logging.getLogger("kerax")
LINE_EVERY = 30.0
"""Seconds between two lines about the same work in a file."""

Values = Mapping[str, Any] | Iterable[tuple[str, Any]]


class Progbar:
    """A progress bar.

    Values are averaged over the steps by default. Name the ones that are shown as given in `stateful_metrics`,
    or the ones that are averaged in `stateless_metrics`, not both.

    Args:
        target: the number of steps; None while unknown.
        width: the length of the bar, in characters.
        verbose: 0 is silent, 1 a moving bar, 2 one line at the end.
        interval: the least time between two drawings, in seconds.
        stateful_metrics: names of values shown as given.
        stateless_metrics: names of values averaged over the steps; all others are then shown as given.
        unit_name: what a step is called.
    Raises:
        ArgumentError: both `stateful_metrics` and `stateless_metrics`.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int | str = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ArgumentError(
                "Progbar",
                got="both stateful_metrics and stateless_metrics",
                expected="one of them",
                hint="leave one out; the other follows from it",
            )
        self.target = target
        self.width = width
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = None if stateful_metrics is None else set(stateful_metrics)
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self._averages = self.stateless_metrics is None or bool(self.stateless_metrics)
        self._moving = terminal.is_tty() or terminal.in_notebook()
        self._values: dict[str, Any] = {}
        self._sums: dict[str, tuple[Any, float]] = {}
        self._latest: Values | Callable[[], Values] | None = None
        self._seen = 0
        self._start = time.monotonic()
        self._first: tuple[int, float] | None = None  # the first update holds the compilation: not a typical step
        self._next = 0.0 if self._moving else self._start + LINE_EVERY
        self._shown = 0
        self._open = False

    def add(self, n: int, values: Values | None = None) -> None:
        """`n` more steps are done; see `update`."""
        self.update(self._seen + n, values)

    def update(
        self,
        current: int,
        values: Values | Callable[[], Values] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Tell how far the work is.

        Args:
            current: the number of steps done.
            values: (name, value) pairs or a dict; where nothing is averaged also a function that gives
                them, asked only when something is drawn.
            finalize: whether this is the last update, whose values are shown as they are; default: whether
                `current` has reached the target.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        if values is not None:
            if self._averages:
                self._collect(current, values, finalize)
            else:
                self._latest = values
        now = time.monotonic()
        self._seen = current
        if self._first is None and current:
            self._first = (current, now)
        if not finalize and (now < self._next or self.verbose != 1):
            return
        if self.verbose == 1:
            self._draw(current, now, finalize)
        elif self.verbose == 2:
            self._write(self._summary(current, now) + "\n")

    def close(self) -> None:
        """End the line where it is, when the work broke off."""
        if self._open:
            self._write("\n")
            self._open = False

    # -- values ----------------------------------------------------------------------------

    def _averaged(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return self.stateful_metrics is None or name not in self.stateful_metrics

    def _collect(self, current: int, values: Any, finalize: bool) -> None:
        weight = max(current - self._seen, 1)
        for name, value in _pairs(values):
            if finalize or not self._averaged(name):
                self._values[name] = value
                continue
            total, count = self._sums.get(name, (0.0, 0.0))
            total, count = total + value * weight, count + weight
            self._sums[name] = total, count
            self._values[name] = total / count

    def _metrics(self) -> str:
        if self._latest is not None:
            self._values.update(_pairs(self._latest))
            self._latest = None
        return "".join(f" - {name}: {_number(value)}" for name, value in self._values.items())

    # -- text ------------------------------------------------------------------------------

    def _pace(self, current: int, now: float) -> float:
        """Seconds a step takes, the first one left out where there are others."""
        if self._first is not None and current > self._first[0]:
            return (now - self._first[1]) / (current - self._first[0])
        return (now - self._start) / current if current else 0.0

    def _per_unit(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _summary(self, current: int, now: float) -> str:
        target = current if self.target is None else self.target
        pace = self._per_unit(self._pace(current, now))
        return f"{current}/{target} - {now - self._start:.0f}s - {pace}{self._metrics()}"

    def _draw(self, current: int, now: float, finalize: bool) -> None:
        pace = self._pace(current, now)
        full, rest = _bar_characters(self._moving)
        parts: list[tuple[str, str]] = []  # (text, style)
        if self.target is None:
            parts.append((f"{current:7d}/Unknown ", ""))
        else:
            digits = len(str(self.target))
            done = self.width if self.target == 0 else min(self.width, int(self.width * current / self.target))
            parts += [(f"{current:{digits}d}/{self.target}", "1"), (" ", "")]
            parts += [(full * done, "32"), (rest * (self.width - done), "37"), (" ", "")]
        left = None if self.target is None or finalize else pace * max(self.target - current, 0)
        parts.append((f"{now - self._start:.0f}s" if left is None else _duration(left), "1"))
        parts.append((f" {self._per_unit(pace)}{self._metrics()}", ""))
        if not self._moving:
            self._next = now + LINE_EVERY
            self._write("".join(text for text, _ in parts) + "\n")
            return
        self._next = now + self.interval
        if not finalize and not terminal.in_notebook():  # a line that wraps cannot be rewritten
            parts = _clip(parts, terminal.width() - 1)
        length = sum(len(text) for text, _ in parts)
        coloured = "NO_COLOR" not in os.environ
        styled = (f"\x1b[{style}m{text}\x1b[0m" if style and coloured else text for text, style in parts if text)
        line = "".join(styled)
        self._write("\r" + line + " " * (self._shown - length) + ("\n" if finalize else ""))
        self._shown = 0 if finalize else length
        self._open = not finalize

    @staticmethod
    def _write(text: str) -> None:
        if not config.is_interactive_logging_enabled():
            if text.strip("\r\n "):
                log.info(text.strip("\r\n "))
            return
        stream = sys.stdout
        try:
            stream.write(text)
            stream.flush()
        except (AttributeError, OSError, ValueError):  # no stdout, a closed one, one that cannot encode a name
            return


def _pairs(values: Any) -> list[tuple[str, Any]]:
    values = values() if callable(values) else values
    return list(values.items() if isinstance(values, Mapping) else values)


def _number(value: Any) -> str:
    if value is None or isinstance(value, str):
        return str(value)
    value = float(np.mean(np.asarray(value, dtype="float64")))
    return f"{value:.4f}" if abs(value) > 1e-3 or value != value else f"{value:.4e}"


def _duration(seconds: float) -> str:
    seconds = int(seconds)
    if seconds > 3600:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds > 60 else f"{seconds}s"


def _bar_characters(coloured: bool) -> tuple[str, str]:
    """(done, to do); a colour tells the two apart where there are colours."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        "━".encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return "=", "."
    return ("━", "━") if coloured and "NO_COLOR" not in os.environ else ("━", "─")


def _clip(parts: list[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    kept: list[tuple[str, str]] = []
    for text, style in parts:
        if len(text) > width:
            return [*kept, (text[: max(width - 1, 0)] + "…", style)] if width > 0 else kept
        kept.append((text, style))
        width -= len(text)
    return kept
