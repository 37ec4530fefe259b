"""Datasets as fit reads them: batches by row numbers where they are rows of arrays, else as they come."""

import json

import numpy as np
import pytest

from kerax._errors import DataError
from kerax.data import Dataset, TensorSpec
from kerax.data._adapters import ArrayAdapter, Epoch, StreamAdapter, make_adapter
from kerax.data._adapters.datasets import DatasetRows

D = Dataset
X = np.arange(22.0).reshape(11, 2)
Y = np.arange(11)


def slices():
    return D.from_tensor_slices((X, Y))


def labels(adapter, epochs=1, **options):
    """The labels of each batch of some epochs."""
    found = []
    for _ in range(epochs):
        with Epoch(adapter, **options) as batches:
            for x, y, _ in batches:
                np.testing.assert_array_equal(x[:, 0], 2 * y)
                found.append(y.tolist())
    return found


ROWS = {
    "batch": lambda data: data.batch(3),
    "batch drops": lambda data: data.batch(3, drop_remainder=True),
    "shuffle": lambda data: data.shuffle(11).batch(3).prefetch(2),
    "shuffle with a seed": lambda data: data.shuffle(11, seed=1).batch(3),
    "shuffle once": lambda data: data.shuffle(11, reshuffle_each_iteration=False).batch(3),
    "shuffle and repeat": lambda data: data.shuffle(11, seed=2).repeat(3).batch(4),
    "repeat and shuffle": lambda data: data.repeat(2).shuffle(11, seed=2).batch(4),
    "a part": lambda data: data.shuffle(11, seed=2).skip(2).take(7).shard(2, 1).batch(2),
    "more than there is": lambda data: data.take(5).batch(32),
}


@pytest.mark.parametrize("build", ROWS.values(), ids=ROWS)
def test_rows_are_the_batches_that_iteration_gives(build):
    np.random.seed(3)
    data = build(slices())
    wanted = [y.tolist() for _ in range(3) for _, y in data]
    np.random.seed(3)
    adapter = make_adapter(build(slices()))
    assert isinstance(adapter, DatasetRows)
    assert labels(adapter, 3) == wanted
    assert adapter.steps == len(wanted) // 3


@pytest.mark.parametrize(
    "data",
    [
        slices().map(lambda x, y: (x, y)).batch(3),
        slices().batch(3).map(lambda x, y: (x, y)),
        D.from_tensor_slices((["a"], [1])).batch(1),
        slices().padded_batch(3),
        slices().batch(3).shuffle(4),
        slices().batch(2).unbatch().batch(3),
    ],
)
def test_everything_else_is_read_as_it_comes(data):
    assert isinstance(make_adapter(data), StreamAdapter)


@pytest.mark.parametrize("where", ["evaluate", "predict"])
def test_evaluation_takes_neighbours_in_order(where):
    for build, wanted in (
        (lambda data: data.batch(3), range(11)),
        (lambda data: data.skip(4).take(6).batch(4, drop_remainder=True).prefetch(1), range(4, 8)),
    ):
        adapter = make_adapter(build(slices()), where=where)
        assert type(adapter) is ArrayAdapter
        x, y, _ = adapter.arrays
        assert x[:, 0].tolist() == [2 * i for i in wanted]
        assert y is None if where == "predict" else y.tolist() == list(wanted)
    for build in (
        lambda data: data.shuffle(11).batch(3),
        lambda data: data.repeat(2).batch(3),
        lambda data: data.shard(2, 0).batch(3),
        lambda data: data.take(0).batch(3),
    ):
        data = build(slices())
        if len(data):
            assert isinstance(make_adapter(data, where=where), StreamAdapter)
        else:
            with pytest.raises(DataError, match="of no batches"):
                make_adapter(data, where=where)


def test_a_dataset_of_no_batches_is_refused():
    with pytest.raises(DataError, match="a Dataset of no batches"):
        make_adapter(slices().batch(32, drop_remainder=True))
    with pytest.raises(DataError, match="a Dataset of no batches"):
        make_adapter(slices().map(lambda x, y: (x, y)).take(0).batch(2))


def test_single_elements_are_told_from_batches():
    with pytest.raises(DataError, match=r"one value.*batch\(32\)"):
        make_adapter(slices()).peek()


@pytest.mark.parametrize("count", [1, 3])
def test_epochs_of_fewer_steps_go_on(count):
    adapter = make_adapter(slices().repeat().batch(4), steps=2)
    assert labels(adapter, 3) == [[*range(4)], [*range(4, 8)], [8, 9, 10, 0], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 0, 1]]
    adapter = make_adapter(slices().batch(4), steps=count)
    if count == 1:
        assert labels(adapter, 4) == [[*range(4)], [*range(4, 8)], [8, 9, 10], [*range(4)]]
    else:
        assert labels(adapter, 2) == [[*range(4)], [*range(4, 8)], [8, 9, 10]] * 2


def test_a_stream_that_ends_early_says_so():
    adapter = make_adapter(slices().map(lambda x, y: (x, y)).batch(4), steps=5)
    with pytest.warns(UserWarning, match="5 batches were asked for, 3 came"):
        labels(adapter)


RESUMED = {
    **{f"rows: {name}": build for name, build in ROWS.items()},
    "rows forever": lambda data: data.shuffle(11).repeat().batch(4),
    "stream": lambda data: data.shuffle(11).map(lambda x, y: (x, y)).batch(3).prefetch(2),
    "stream in threads": lambda data: data.shuffle(11).map(lambda x, y: (x, y), num_parallel_calls=2).batch(3),
    "generator": lambda data: D.from_generator(
        lambda: zip(X, Y), output_signature=(TensorSpec((2,), "float64"), TensorSpec((), "int64"))
    ).shuffle(4).batch(3),
    "cache": lambda data: data.shuffle(11).map(lambda x, y: (x, y)).cache().batch(3),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*ran out")
@pytest.mark.parametrize("steps", [None, 2])
@pytest.mark.parametrize("build", RESUMED.values(), ids=RESUMED)
def test_every_place_goes_on_as_if_nothing_had_happened(build, steps):
    if steps is None and build(slices()).cardinality() == -1:
        steps = 3
    np.random.seed(5)
    adapter = make_adapter(build(slices()), steps=steps)
    adapter.peek()
    states = [json.loads(json.dumps(adapter.get_state()))]
    wanted, epochs = [], 4
    for _ in range(epochs):
        with Epoch(adapter, depth=3) as batches:
            for _, y, _ in batches:
                wanted.append(y.tolist())
                states.append(json.loads(json.dumps(adapter.get_state())))
    for used, state in enumerate(states):
        np.random.seed(90 + used)
        again = make_adapter(build(slices()), steps=steps)
        again.peek()
        again.set_state(state)
        begun = [earlier["done"] for earlier in states[: used + 1]].count(1)
        assert labels(again, epochs - begun + (state["done"] > 0)) == wanted[used:], (used, state)


class GrainLike:
    """What fit asks of a dataset of another library: nothing but iteration."""

    def __iter__(self):
        return iter([(X[:3], Y[:3]), (X[3:6], Y[3:6])])


def test_other_libraries_datasets_are_read():
    grain = pytest.importorskip("grain")
    data = grain.MapDataset.source(list(zip(X, Y, strict=True))).batch(3)
    for source in (data, data.to_iter_dataset(), GrainLike()):
        assert labels(make_adapter(source))[:2] == [[0, 1, 2], [3, 4, 5]]
