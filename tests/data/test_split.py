import numpy as np
import pandas as pd
import pytest

from kerax._errors import ArgumentError, DataError
from kerax.data._adapters import train_validation_split


@pytest.mark.parametrize("rows", [2, 3, 7, 10, 333])
@pytest.mark.parametrize("split", [0.1, 0.15, 0.2, 0.25, 0.3, 1 / 3, 0.7, 0.9])
def test_the_cut_is_where_keras_makes_it(keras_batches, rows, split):
    x = np.arange(rows)
    try:
        (wanted, _, _), (rest, _, _) = keras_batches(x, validation_split=split, batch_size=rows, shuffle=False)
    except ValueError:
        with pytest.raises(DataError, match=f"{rows} rows, which leaves"):
            train_validation_split((x, None, None), split)
        return
    (train, _, _), (held_out, _, _) = train_validation_split((x, None, None), split)
    assert train.tolist() == wanted.tolist()
    assert held_out.tolist() == rest.tolist()


def test_every_part_is_cut_at_the_same_row_without_a_copy():
    x = {"a": np.arange(10, dtype="float32")}
    (tx, ty, tw), (vx, vy, vw) = train_validation_split((x, [np.arange(10)] * 2, pd.Series(range(10))), 0.2)
    assert np.shares_memory(vx["a"], x["a"])
    assert [len(part) for part in (tx["a"], ty[0], ty[1], tw[0])] == [8] * 4
    assert vx["a"].tolist() == vy[0].tolist() == vy[1].tolist() == vw[1].ravel().tolist() == [8, 9]


def test_lists_of_numbers_can_be_cut():
    (tx, ty, _), (vx, vy, _) = train_validation_split(([1.0, 2.0, 3.0, 4.0], [0, 1, 0, 1], None), 0.25)
    assert (tx.tolist(), ty.tolist(), vx.tolist(), vy.tolist()) == ([1, 2, 3], [0, 1, 0], [4], [1])


@pytest.mark.parametrize("split", [0, 1, -0.1, 1.5])
def test_the_part_lies_between_0_and_1(split):
    with pytest.raises(ArgumentError, match=rf"validation_split: got {split}"):
        train_validation_split((np.ones(10), None, None), split)


@pytest.mark.parametrize("stream", [(i for i in range(3)), iter([1]), object()])
def test_a_stream_cannot_be_cut(stream):
    with pytest.raises(DataError, match=r"fit: validation_split: got a .*validation_data"):
        train_validation_split((stream, None, None), 0.2)


def test_lengths_are_compared_before_the_cut():
    with pytest.raises(DataError, match="x: 10 rows, y: 9 rows"):
        train_validation_split((np.ones(10), np.ones(9), None), 0.2)
