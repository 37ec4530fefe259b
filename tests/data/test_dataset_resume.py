"""An iterator goes on from a place as if nothing had happened: from every place, through every stage, anew."""

import json

import numpy as np
import pytest

from kerax._errors import ArgumentError
from kerax.data import Dataset, TensorSpec, TextLineDataset

D = Dataset


def numbered(count=9):
    return D.range(count)


def streamed(count=9):
    return D.from_generator(lambda: iter(range(count)), output_signature=TensorSpec((), "int64"))


STAGES = {
    "as it is": lambda data: data,
    "map": lambda data: data.map(lambda x: x * 2),
    "map in threads": lambda data: data.map(lambda x: x * 2, num_parallel_calls=2),
    "random_map": lambda data: data.random_map(lambda x, rng: x + rng.random()),
    "random_map in threads": lambda data: data.random_map(lambda x, rng: x + rng.random(), num_parallel_calls=2),
    "batch": lambda data: data.batch(2),
    "batch drops": lambda data: data.batch(2, drop_remainder=True),
    "padded_batch": lambda data: data.map(lambda x: np.ones(int(x))).padded_batch(2),
    "unbatch": lambda data: data.batch(4).unbatch(),
    "rebatch": lambda data: data.batch(4).rebatch(3),
    "shuffle": lambda data: data.shuffle(9),
    "shuffle with a seed": lambda data: data.shuffle(4, seed=3),
    "shuffle once": lambda data: data.shuffle(9, reshuffle_each_iteration=False),
    "shuffle and repeat": lambda data: data.shuffle(9).repeat(2),
    "repeat and shuffle": lambda data: data.repeat(2).shuffle(30),
    "repeat forever": lambda data: data.shuffle(4).repeat().batch(4).take(6),
    "take": lambda data: data.take(5),
    "skip": lambda data: data.skip(4),
    "shard": lambda data: data.shard(2, 1),
    "filter": lambda data: data.filter(lambda x: x % 3),
    "take_while": lambda data: data.take_while(lambda x: x < 5),
    "ignore_errors": lambda data: data.map(lambda x: 1 // (int(x) - 3)).ignore_errors(),
    "cache": lambda data: data.shuffle(9).cache().repeat(3),
    "prefetch": lambda data: data.shuffle(4).prefetch(3),
    "repeat in threads": lambda data: data.map(lambda x: x, num_parallel_calls=2).repeat().batch(4).take(5),
    "prefetch in threads": lambda data: data.map(lambda x: x, num_parallel_calls=2).batch(2).prefetch(3),
    "interleave": lambda data: data.interleave(lambda x: D.range(x).shuffle(9), cycle_length=3, block_length=2),
    "interleave in threads": lambda data: data.interleave(D.range, cycle_length=2, num_parallel_calls=2),
    "flat_map": lambda data: data.shuffle(9).flat_map(lambda x: D.range(x)),
    "window": lambda data: data.window(3, shift=2).flat_map(lambda part: part.batch(3)),
    "window jumps": lambda data: data.window(2, shift=4).flat_map(lambda part: part),
    "enumerate": lambda data: data.shuffle(9).enumerate(5),
    "zip": lambda data: D.zip(data.shuffle(9), {"b": data.shuffle(9)}),
    "concatenate": lambda data: data.shuffle(9).concatenate(data.shuffle(9)),
    "scan": lambda data: data.scan(np.int64(0), lambda state, x: (state + x, state + x)),
    "sample": lambda data: D.sample_from_datasets([data.shuffle(9), data.map(lambda x: -x)]),
    "choose": lambda data: D.choose_from_datasets([data.shuffle(9), data], D.range(2).repeat(3)),
    "random": lambda data: D.zip(data, D.random()),
    "a whole pipeline": lambda data: (
        data.shuffle(9).map(lambda x: (x, x * 2), num_parallel_calls=2).repeat(2).batch(4).prefetch(2)
    ),
}  # fmt: skip


def elements_of(iterator):
    import jax

    return [[np.asarray(leaf).tolist() for leaf in jax.tree.leaves(element)] for element in iterator]


@pytest.mark.parametrize("source", [numbered, streamed])
@pytest.mark.parametrize("build", STAGES.values(), ids=STAGES)
def test_every_place_is_gone_to(build, source):
    np.random.seed(1)
    data = build(source())
    list(data)  # the second pass is not the first
    wanted, states = [], []
    with iter(data) as iterator:
        states.append(json.loads(json.dumps(iterator.get_state())))
        for element in iterator:
            wanted.extend(elements_of([element]))
            states.append(json.loads(json.dumps(iterator.get_state())))
        states.append(json.loads(json.dumps(iterator.get_state())))  # the end was reached
        assert list(iterator) == []
    assert len(wanted) > 1
    then = elements_of(data)
    for given, state in enumerate(states):
        np.random.seed(50 + given)  # another process, where nothing was drawn the same
        again = build(source())
        with iter(again) as iterator:
            next(iterator)
            iterator.set_state(state)
            assert elements_of(iterator) == wanted[given:], given
        if given in (0, len(states) - 3):
            assert elements_of(again) == then, "the pass after it"


def test_lines(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text("".join(f"{name}{i}\n" for i in range(3)))
    data = TextLineDataset([tmp_path / "a", tmp_path / "b"])
    states, iterator = [], iter(data)
    lines = []
    for line in iterator:
        lines.append(str(line))
        states.append(iterator.get_state())
    for given, state in enumerate(states):
        with iter(TextLineDataset([tmp_path / "a", tmp_path / "b"])) as again:
            again.set_state(state)
            assert [str(line) for line in again] == lines[given + 1 :]


@pytest.mark.parametrize("full", [False, True])
def test_a_cache_on_disk(tmp_path, full):
    def make():
        return numbered().shuffle(9, seed=4).cache(str(tmp_path / "file"))

    data = make()
    if full:
        list(data)
    with iter(data) as iterator:
        head = elements_of(next(iterator) for _ in range(4))
        state = iterator.get_state()
    with iter(make()) as again:
        again.set_state(state)
        assert sorted(head + elements_of(again)) == [[i] for i in range(9)]


def test_the_cache_of_another_pass_is_dropped():
    data = numbered().shuffle(9).map(lambda x: x).cache()
    with iter(data) as iterator:
        first = elements_of(iterator)
    with iter(data) as iterator:
        state = iterator.get_state()
    other = numbered().shuffle(9).map(lambda x: x).cache()
    assert elements_of(other) != first
    with iter(other) as iterator:
        iterator.set_state(state)
        assert elements_of(iterator) == first


def test_a_place_among_numbered_elements_costs_nothing():
    calls = []
    data = numbered(100).map(lambda x: calls.append(int(x)) or x).shuffle(100, seed=1).batch(10)
    with iter(data) as iterator:
        iterator.set_state({**iterator.get_state(), "at": 9})
        next(iterator)
    assert len(calls) == 10


def test_the_state_of_another_dataset_is_refused():
    state = iter(numbered().batch(2)).get_state()
    with pytest.raises(ArgumentError, match="a state of another dataset.*Numbers"):
        iter(numbered()).set_state(state)


def test_what_is_not_asked_for_is_not_drawn():
    before = np.random.get_state()[1].tolist()
    list(numbered().shuffle(9, seed=1).batch(2))
    iter(numbered().batch(2)).get_state()
    assert np.random.get_state()[1].tolist() == before
