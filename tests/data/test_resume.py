"""A place in the data: what was used counts, what was read ahead does not."""

import json

import numpy as np
import pytest

from kerax._errors import ArgumentError, StateError
from kerax.data._adapters import Epoch, make_adapter
from kerax.utils import PyDataset

ROWS = 11


class Batches(PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return np.full(2, index)


def arrays(shuffle=True, **options):
    return lambda: make_adapter(np.arange(ROWS), batch_size=2, shuffle=shuffle, **options)


def indexed(**options):
    return lambda: make_adapter(Batches(**options), shuffle=True)


def grain_map(**options):
    grain = pytest.importorskip("grain")
    data = grain.MapDataset.range(ROWS).seed(1).shuffle().batch(2)
    return lambda: make_adapter(data.to_iter_dataset(), **options)


def grain_loader():
    grain = pytest.importorskip("grain")
    sampler = grain.samplers.IndexSampler(ROWS, shuffle=True, seed=3, num_epochs=1)
    return make_adapter(
        grain.DataLoader(
            data_source=list(range(ROWS)), sampler=sampler, worker_count=0, operations=[grain.transforms.Batch(2)]
        )
    )


SOURCES = {
    "arrays": arrays(),
    "arrays in order": arrays(shuffle=False),
    "arrays shuffled in batches": arrays(shuffle="batch"),
    "arrays in short epochs": arrays(steps=4),
    "PyDataset": indexed(),
    "PyDataset with workers": indexed(workers=2),
    "Grain dataset": lambda: grain_map()(),
    "Grain dataset in short epochs": lambda: grain_map(steps=4)(),
    "Grain loader": grain_loader,
}


def used(adapter, epochs, stop=None, states=None):
    """The first row of each batch of some epochs; `states` collects what get_state says after each."""
    rows = []
    for _ in range(epochs):
        with Epoch(adapter, depth=3) as batches:
            for x, _, _ in batches:
                rows.append(int(x[0]))
                if states is not None:
                    states.append(json.loads(json.dumps(adapter.get_state())))
                if len(rows) == stop:
                    return rows
    return rows


@pytest.mark.filterwarnings("ignore:.*ran out")
@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
def test_every_place_goes_on_as_if_nothing_had_happened(make):
    np.random.seed(5)
    adapter, states = make(), []
    start = json.loads(json.dumps(adapter.get_state()))
    wanted = used(adapter, 3, states=states)
    epochs = [state["done"] for state in states].count(1)
    assert epochs == 3
    for index, state in [(-1, start), *enumerate(states)]:
        np.random.seed(99)  # another process: nothing may come from here
        again = make()
        again.peek()
        again.set_state(state)
        assert again.done == state["done"]
        begun = [s["done"] for s in states[: index + 1]].count(1)
        found = used(again, 3 - begun + (state["done"] > 0))
        assert found == wanted[index + 1 :], (index, state)


def test_what_is_read_ahead_does_not_count():
    adapter = arrays()()
    with Epoch(adapter, depth=5) as batches:
        next(batches)
        assert adapter.get_state()["done"] == 1
        assert adapter.get_state()["place"]["row"] == 2


def test_between_two_epochs_nothing_is_done():
    adapter = arrays()()
    used(adapter, 1)
    assert adapter.done == 0
    assert adapter.get_state()["place"] | {"seed": 0} == {"seed": 0, "pass": 1, "row": 0}


def test_shuffled_passes_differ():
    np.random.seed(0)
    adapter = arrays()()
    assert used(adapter, 1) != used(adapter, 1)


def test_a_generator_has_no_place():
    adapter = make_adapter(iter([np.ones(2)] * 3))
    with pytest.raises(StateError, match=r"place in a generator.*Dataset\.from_generator"):
        adapter.get_state()
    with pytest.raises(StateError, match=r"place in a generator.*Dataset\.from_generator"):
        adapter.set_state({"data": "generator", "done": 0, "place": None})


class Loader:
    def __iter__(self):
        return iter([np.full(2, i) for i in range(3)])


def test_a_loader_without_a_state_has_a_place_between_epochs_only():
    adapter = make_adapter(Loader())
    assert used(adapter, 1) == [0, 1, 2]
    state = adapter.get_state()
    adapter.set_state(state)
    with Epoch(adapter) as batches:
        next(batches)
        with pytest.raises(StateError, match="1 batches of the epoch used.*between epochs only"):
            adapter.get_state()


def test_the_state_of_other_data_is_refused():
    with pytest.raises(ArgumentError, match="got that of 'PyDataset', expected that of 'arrays'"):
        arrays()().set_state(indexed()().get_state())
