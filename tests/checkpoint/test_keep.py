"""Which checkpoints stay."""

import math

import pytest

from kerax.checkpoint.keep import best, kept

VALUES = {10: 0.5, 20: 0.3, 30: None, 40: 0.9, 50: math.nan, 60: 0.3}


@pytest.mark.parametrize(
    ("newest", "good", "rising", "stay"),
    [
        (1, 0, False, {60}),
        (2, 1, False, {20, 50, 60}),
        (1, 2, True, {10, 40, 60}),
        (None, 0, False, set(VALUES)),
        (9, 3, True, set(VALUES)),
    ],
)
def test_the_newest_and_the_best_stay(newest, good, rising, stay):
    assert kept(VALUES, newest, good, rising) == stay


def test_among_equals_the_older_one_is_better():
    assert best(VALUES, 2, rising=False) == [20, 60]
    assert best({1: None, 2: math.nan}, 1, rising=True) == []
