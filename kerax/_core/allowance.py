"""How much a config may make: a rule that is asked before each weight is made, while one is read.

A config is a few bytes that can ask for any amount of memory. Whoever reads one says what is right: as many numbers as
the weights that came with it, or what this machine can hold.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager

from .._errors import DataError
from . import placement
from .context import here, setting

SLACK = 1 << 24
"""Numbers that may be made beyond those in a file: states of metrics and random generators."""


class Allowance:
    """Counts the numbers in new weights, and refuses those that exceed a limit.

    Args:
        limit: how many, in numbers or in bytes.
        where: what errors call the source of the config.
        expected: what errors say about the limit.
        in_bytes: whether bytes are counted.
    """

    def __init__(self, limit: int, where: str, expected: str, hint: str, in_bytes: bool = False) -> None:
        self.limit, self.where, self.expected, self.hint = limit, where, expected, hint
        self.in_bytes = in_bytes
        self.spent = 0

    def __call__(self, path: str, shape: tuple[int, ...], itemsize: int) -> None:
        """A weight of that shape is about to be made.

        Raises:
            DataError: too many.
        """
        self.spent += math.prod(shape) * (itemsize if self.in_bytes else 1)
        if self.spent > self.limit:
            unit = "bytes" if self.in_bytes else "numbers"
            raise DataError(
                self.where,
                got=f"a config that asks for {self.spent} {unit} of weights, with {path!r} of shape {shape}",
                expected=self.expected,
                hint=self.hint,
            )


def of_a_file(elements: int, where: str) -> Allowance:
    """As many numbers as a file holds."""
    return Allowance(
        elements + SLACK,
        where,
        f"about the {elements} numbers that the weights with it hold",
        "pass safe_mode=False if you trust its author; else do not load this file",
    )


@contextmanager
def allowing(rule: Allowance | None = None) -> Iterator[None]:
    """Within the block new weights are counted; a block around this one keeps its rule.

    Args:
        rule: default: what the memory of this machine can hold.
    """
    if here.allot is not None:
        yield
        return
    if rule is None and placement.current is None:  # one device: else no machine holds them all
        memory = _memory()
        if memory:
            rule = Allowance(
                memory, "A config", f"at most {memory}, the memory of this machine", "smaller sizes", in_bytes=True
            )
    with setting(allot=rule):
        yield


def _memory() -> int:
    """Bytes of memory of this machine, 0 where nobody says."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
