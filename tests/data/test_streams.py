import threading
import warnings
from collections import UserDict

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from kerax._errors import ArgumentError, DataError
from kerax.data._adapters import Epoch, StreamAdapter, make_adapter


def numbered(count=6, make=lambda i: (np.full(2, float(i)), np.full(2, i))):
    for i in range(count):
        yield make(i)


def epoch(adapter, **arguments):
    """The number of each batch in the next epoch."""
    with Epoch(adapter, **arguments) as batches:
        return [int(x[0]) for x, _, _ in batches]


class Again:
    """An iterable that begins again, and counts how often it did."""

    def __init__(self, count=3):
        self.count, self.began = count, 0

    def __iter__(self):
        self.began += 1
        return numbered(self.count)


class Sized(Again):
    def __len__(self):
        return self.count


@pytest.mark.parametrize("depth", [0, 1, 2, 5])
def test_a_generator_goes_on_where_it_stopped_and_loses_nothing(depth):
    source = numbered()
    adapter = make_adapter(source, steps=2)
    assert [epoch(adapter, depth=depth) for _ in range(2)] == [[0, 1], [2, 3]]
    assert int(next(source)[0][0]) == 4


def test_a_generator_without_steps_is_one_epoch_and_says_when_nothing_is_left():
    adapter = make_adapter(numbered())
    assert adapter.steps is None
    assert epoch(adapter) == [0, 1, 2, 3, 4, 5]
    with pytest.warns(UserWarning, match="the data ran out: batches were asked for, 0 came"):
        assert epoch(adapter) == []


def test_a_generator_that_runs_out_says_so_once():
    adapter = make_adapter(numbered(3), steps=4, where="fit")
    batches = Epoch(adapter)
    with pytest.warns(UserWarning, match="fit: the data ran out: 4 batches were asked for, 3 came"), batches:
        list(batches)
    assert batches.given == 3
    assert batches.exhausted


def test_steps_of_one_epoch_can_be_set_apart():
    adapter = make_adapter(numbered())
    assert [epoch(adapter, steps=1), epoch(adapter, steps=3)] == [[0], [1, 2, 3]]


@pytest.mark.parametrize("make", [Again, Sized])
def test_a_dataset_begins_again_with_each_epoch(make):
    data = make()
    adapter = make_adapter(data)
    assert adapter.steps == (3 if make is Sized else None)
    assert [epoch(adapter) for _ in range(3)] == [[0, 1, 2]] * 3
    assert data.began == 3


@pytest.mark.parametrize("make", [Again, Sized])
def test_a_dataset_in_shorter_epochs_goes_on_before_it_begins_again(make):
    adapter = make_adapter(make(4), steps=2)
    assert [epoch(adapter) for _ in range(3)] == [[0, 1], [2, 3], [0, 1]]
    adapter = make_adapter(make(3), steps=2)
    assert epoch(adapter) == [0, 1]
    with pytest.warns(UserWarning, match="ran out"):
        assert epoch(adapter) == [2]
    assert epoch(adapter) == [0, 1]


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("steps", [None, 1])
@pytest.mark.parametrize("make", [Again, Sized, numbered])
def test_peeking_loses_and_repeats_nothing(count, steps, make):
    adapter = make_adapter(make(count), steps=steps)
    assert adapter.peek()[0].tolist() == [0, 0] == adapter.peek()[0].tolist()
    assert epoch(adapter) == list(range(count if steps is None else 1))


def test_a_grain_dataset_of_any_kind_is_read():
    grain = pytest.importorskip("grain")
    data = grain.MapDataset.source(np.arange(6)).map(lambda i: (np.float64(i), np.int64(i))).batch(2)
    adapter = make_adapter(data)
    assert adapter.steps == 3
    assert [epoch(adapter) for _ in range(2)] == [[0, 2, 4]] * 2
    assert [epoch(make_adapter(data.to_iter_dataset())) for _ in range(2)] == [[0, 2, 4]] * 2
    assert epoch(make_adapter(iter(data.to_iter_dataset()), steps=2)) == [0, 2]
    assert make_adapter(data.repeat()).steps is None


class Tensor:
    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self.array


class Loader:
    """Gives lists of tensors, as torch's DataLoader does."""

    def __len__(self):
        return 2

    def __iter__(self):
        return ([Tensor(np.full(2, i)), Tensor(np.full(2, i))] for i in range(2))


class TensorFlowData:
    element_spec = "spec"

    def __len__(self):
        raise TypeError("the dataset is infinite")

    def __iter__(self):
        raise AssertionError("tensors are not wanted")

    def as_numpy_iterator(self):
        return numbered(3)


@pytest.mark.parametrize(("data", "steps", "found"), [(Loader(), 2, [0, 1]), (TensorFlowData(), None, [0, 1, 2])])
def test_loaders_of_other_libraries_are_read_by_what_they_look_like(data, steps, found):
    adapter = make_adapter(data)
    assert adapter.steps == steps
    assert [epoch(adapter) for _ in range(2)] == [found] * 2


@pytest.mark.parametrize(
    ("make", "structure"),
    [
        (lambda: np.ones(2), "x"),
        (lambda: {"a": np.ones(2)}, "x"),
        (lambda: (np.ones(2),), "x"),
        (lambda: [np.ones(2), np.ones(2)], "xy"),
        (lambda: (np.ones(2), np.ones(2), np.ones(2)), "xyw"),
        (lambda: ([1.0, 2.0], [1, 2]), "xy"),
        (lambda: (jnp.ones(2), pd.Series([1, 2])), "xy"),
        (lambda: (np.ones(2), None), "x"),
    ],
)
def test_batches_come_in_every_form(make, structure):
    parts = make_adapter(iter([make()])).peek()
    assert "".join(name for name, part in zip("xyw", parts, strict=True) if part is not None) == structure


def test_batches_are_normalised():
    x, y, weight = make_adapter(iter([(np.ones((2, 3)), [1, 2], np.ones(2, "float16"))])).peek()
    assert (x.dtype, y.dtype, weight.dtype) == ("float32", "int32", "float32")
    assert y.shape == (2,)


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([(1, 2, 3, 4)], r"fit: batch 0: got a tuple of 4 items.*\(\(x1, x2\), y\)"),
        ([()], "fit: batch 0: got a tuple of 0 items"),
        ([(np.ones(2), np.ones(2)), np.ones(2)], "fit: batch 1: got x, expected what the first batch held: x, y"),
        ([{"a": np.ones(2)}, {"b": np.ones(2)}], r"batch 1: got x\['b'\], expected .*x\['a'\]"),
        ([(np.ones(2), np.ones(3))], "batch 0: got x: 2 rows, y: 3 rows"),
        ([np.ones((0, 3))], "batch 0: got x: 0 rows"),
        ([(np.ones(2), "label")], "batch 0: y: got one value"),
        ([(np.ones(2), object())], "batch 0: y: got a builtins.object"),
        ([None], "batch 0: got nothing"),
    ],
)
@pytest.mark.parametrize("depth", [0, 2])
def test_a_batch_that_does_not_fit_is_named(batches, message, depth):
    with pytest.raises(DataError, match=message), Epoch(make_adapter(iter(batches)), depth=depth) as found:
        list(found)


def test_a_stream_of_nothing_is_refused():
    with pytest.raises(DataError, match="evaluate: got a generator that gave no batch"):
        make_adapter(iter(()), where="evaluate").peek()
    with pytest.raises(DataError, match="a dataset of no batches"):
        make_adapter(Sized(0))


@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_a_stream_brings_its_own_targets_and_weights(name):
    with pytest.raises(ArgumentError, match=f"fit: {name}: got {name} beside a generator"):
        make_adapter(numbered(), **{name: np.ones(2)})


def test_class_weights_weigh_each_batch():
    adapter = make_adapter(numbered(3), class_weight={0: 2.0, 2: 5.0})
    adapter.peek()
    assert [weight.tolist() for _, _, weight in adapter.batches()] == [[2, 2], [1, 1], [5, 5]]


def test_class_weights_given_after_peeking_reach_the_peeked_batch():
    adapter = make_adapter(numbered(2))
    adapter.peek()
    adapter.weigh_classes({0: 2.0, 1: 5.0}, (None, 2))
    assert [weight.tolist() for _, _, weight in adapter.batches()] == [[2, 2], [5, 5]]


def test_class_weights_and_batches_with_weights_exclude_each_other():
    adapter = make_adapter(iter([(np.ones(2),) * 3]), class_weight={0: 1.0})
    with pytest.raises(ArgumentError, match="batches that bring sample weights"):
        adapter.peek()


def test_one_weight_serves_every_target():
    _, _, weight = make_adapter(iter([(np.ones(2), {"a": np.ones(2), "b": np.ones(2)}, np.arange(2))])).peek()
    assert {name: part.tolist() for name, part in weight.items()} == {"a": [0, 1], "b": [0, 1]}


def test_the_transform_runs_ahead_of_the_consumer():
    seen = []

    def transform(batch):
        seen.append(threading.current_thread().name)
        return batch[0][0]

    with Epoch(make_adapter(numbered()), transform=transform) as batches:
        assert [int(i) for i in batches] == [0, 1, 2, 3, 4, 5]
    assert set(seen) == {"kerax-prefetch"}
    with Epoch(make_adapter(numbered()), transform=transform, depth=0) as batches:
        assert [int(i) for i in batches] == [0, 1, 2, 3, 4, 5]
    assert seen[-1] == threading.current_thread().name


def test_arrays_are_read_as_epochs_too():
    adapter = make_adapter(np.arange(5), batch_size=2, shuffle=False, steps=2)
    assert epoch(adapter) == [0, 2]
    with pytest.warns(UserWarning, match="2 batches were asked for, 1 came"):
        assert epoch(adapter) == [4]


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_an_error_in_the_loop_leaves_no_thread_and_keeps_the_generator(error):
    source = numbered(100)

    def consume():
        with Epoch(make_adapter(source)) as batches:
            for _ in batches:
                raise error

    with pytest.raises(error):
        consume()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("kerax")]
    assert int(next(source)[0][0]) <= 4


def test_the_next_batch_is_read_while_the_last_one_is_used():
    asked = [threading.Event() for _ in range(5)]

    def source():
        for i in range(5):
            asked[i].set()
            yield np.full(2, i)

    with Epoch(make_adapter(source()), depth=1) as batches:
        for number, _ in enumerate(batches):
            assert asked[min(number + 1, 4)].wait(10)


def test_mappings_are_dicts():
    batch = UserDict(a=np.ones(2))
    assert make_adapter(iter([(batch, np.ones(2))])).peek()[0]["a"].tolist() == [1, 1]
    assert make_adapter(batch).rows == 2


def test_a_full_epoch_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert epoch(make_adapter(numbered(), steps=6)) == [0, 1, 2, 3, 4, 5]


def test_a_torch_dataset_is_told_from_a_loader():
    kind = type("Dataset", (), {"__module__": "torch.utils.data.dataset", "__getitem__": lambda self, i: i})
    with pytest.raises(DataError, match=r"torch\.utils\.data\.DataLoader"):
        make_adapter(type("Digits", (kind,), {})())


def test_what_has_items_and_a_length_is_read_by_index():
    class Batches:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.full(2, index)

    adapter = make_adapter(Batches(), shuffle=False)
    assert isinstance(adapter, StreamAdapter)
    assert epoch(adapter) == [0, 1, 2]
