"""Which checkpoints stay: the newest few and the best few."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["best", "kept"]


def best(values: Mapping[int, float | None], count: int, rising: bool) -> list[int]:
    """The numbers of the best `count`, best first; among equals the older one is better, and NaN is worst."""
    known = [(step, value) for step, value in values.items() if value is not None and value == value]
    known.sort(key=lambda item: (-item[1] if rising else item[1], item[0]))
    return [step for step, _ in known[:count]]


def kept(values: Mapping[int, float | None], newest: int | None, good: int, rising: bool) -> set[int]:
    """The numbers of the checkpoints that stay.

    Args:
        values: number -> the watched value, None where there is none.
        newest: how many of the newest stay; None for all.
        good: how many of the best stay as well.
        rising: whether higher is better.
    """
    steps = sorted(values)
    return {*(steps if newest is None else steps[-newest:]), *best(values, good, rising)}
