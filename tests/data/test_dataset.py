"""What a Dataset gives. The expected values are those that the documentation of tf.data shows, or plain Python's."""

import collections
import itertools
import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from kerax._core import placement
from kerax._errors import ArgumentError, DataError, DTypeError
from kerax.data import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset, Options, TensorSpec, TextLineDataset

D = Dataset


def plain(data):
    """The elements as Python has them."""

    def of(value):
        if isinstance(value, dict):
            return {key: of(part) for key, part in value.items()}
        if isinstance(value, tuple):
            return tuple(of(part) for part in value)
        return [of(part) for part in list(value)] if isinstance(value, Dataset) else value.tolist()

    return [of(element) for element in data]


def streamed(count=6):
    """0, 1, … from a generator: elements that are not known by number."""
    return D.from_generator(lambda: iter(range(count)), output_signature=TensorSpec((), "int64"))


# -- makers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tensors", "wanted", "dtype"),
    [
        ([1, 2, 3], [1, 2, 3], "int32"),
        ([1.0, 2.0], [1.0, 2.0], "float32"),
        ([True, False], [True, False], "bool"),
        ([2**40], [2**40], "int64"),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]], "int32"),
        ([np.float64(1.0), np.float64(2.0)], [1.0, 2.0], "float64"),
        ([np.arange(2), np.arange(2)], [[0, 1], [0, 1]], "int64"),
        (np.arange(3, dtype="uint8"), [0, 1, 2], "uint8"),
        (np.ones(2), [1.0, 1.0], "float64"),
        (range(3), [0, 1, 2], "int32"),
        (jnp.arange(2.0), [0.0, 1.0], "float32"),
        (["a", "bc"], ["a", "bc"], "string"),
        (np.array(["a", "bc"]), ["a", "bc"], "string"),
        (np.array(["a", "bc"], object), ["a", "bc"], "string"),
        (np.array([1, 2], object), [1, 2], "int64"),
        (pd.Series(["a", "b"]), ["a", "b"], "string"),
        (pd.Series(["a", "b"], dtype="category"), ["a", "b"], "string"),
        (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), [[1, 3], [2, 4]], "int64"),
    ],
)
def test_rows_of_an_array(tensors, wanted, dtype):
    data = D.from_tensor_slices(tensors)
    assert plain(data) == wanted
    assert data.element_spec.dtype == dtype
    assert len(data) == len(wanted)


def test_rows_of_structures_keep_their_form():
    Pair = collections.namedtuple("Pair", "z a")
    data = D.from_tensor_slices({"z": [1, 2], "a": ([3, 4], Pair(["x", "y"], [5.0, 6.0]))})
    first = next(iter(data))
    assert list(first) == ["z", "a"]
    assert isinstance(first["a"][1], Pair)
    assert plain(data)[1] == {"z": 2, "a": (4, ("y", 6.0))}
    frame = pd.DataFrame({"size": [1, 2], "name": ["u", "v"]})
    assert plain(D.from_tensor_slices((dict(frame), [0, 1])))[0] == ({"size": 1, "name": "u"}, 0)


def test_the_arrays_are_the_users_own_and_safe():
    x = np.arange(6.0).reshape(3, 2)
    row = next(iter(D.from_tensor_slices(x)))
    assert np.shares_memory(row, x)
    with pytest.raises(ValueError, match="read-only"):
        row += 1
    x[0] = 9  # still the user's


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: D.from_tensor_slices(([1, 2], [1])), DataError, r"tensors\[0\]: 2 rows, tensors\[1\]: 1 rows"),
        (lambda: D.from_tensor_slices(5), DataError, "got a single value.*from_tensors"),
        (lambda: D.from_tensor_slices([[1], [1, 2]]), DataError, "items differ.*pad_sequences"),
        (lambda: D.from_tensor_slices(object()), DataError, "builtins.object"),
        (lambda: D.from_tensor_slices(np.array(["a", None], object)), DataError, r"objects \(NoneType, str\)"),
        (lambda: D.from_tensor_slices(()), DataError, "no array"),
        (lambda: D([1]), DTypeError, "Dataset.from_tensor_slices"),
        (lambda: D.range(), ArgumentError, "0 numbers"),
        (lambda: D.from_generator([1]), DTypeError, "got a list, expected a function"),
        (lambda: D.from_generator(iter, output_shapes=()), DTypeError, "output_shapes without output_types"),
        (lambda: D.from_generator(iter, output_types="int32", output_signature=TensorSpec(())), DTypeError, "beside"),
        (lambda: D.from_generator(iter, output_signature="int32"), DTypeError, "expected TensorSpecs"),
        (lambda: D.zip(D.range(2), [1, 2]), DTypeError, r"datasets\[1\]: got a list"),
        (lambda: D.zip(), DTypeError, "at least one dataset"),
        (lambda: D.range(2).concatenate([1]), DTypeError, "Dataset.concatenate: got a list"),
        (lambda: D.range(2).batch(0), ArgumentError, "Dataset.batch: batch_size: got 0"),
        (lambda: D.range(2).batch(2.5), DTypeError, "batch_size: got 2.5"),
        (lambda: D.range(2).shuffle(0), ArgumentError, "shuffle: buffer_size"),
        (lambda: D.range(2).shard(2, 2), ArgumentError, "shard: index: got 2, expected 0 to 1"),
        (lambda: D.range(2).window(0), ArgumentError, "window: size"),
        (lambda: D.list_files("/nowhere/*.txt"), ArgumentError, "/nowhere/.*some file matches"),
        (lambda: len(D.range(2).repeat()), TypeError, "without end"),
        (lambda: len(streamed()), TypeError, "not known before"),
        (lambda: D.sample_from_datasets([D.range(2)], [1.0, 2.0]), ArgumentError, "1 numbers"),
        (lambda: D.range(2).get_single_element(), ArgumentError, "got more"),
    ],
)
def test_what_cannot_be_made_says_why(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_one_element():
    assert plain(D.from_tensors(([1, 2], "a"))) == [([1, 2], "a")]


@pytest.mark.parametrize("bounds", [(5,), (2, 5), (1, 8, 3), (8, 1, -3), (0,)])
def test_range(bounds):
    assert plain(D.range(*bounds)) == list(range(*bounds))
    assert D.range(3).element_spec == TensorSpec((), "int64")
    assert D.range(3, output_type="int32").element_spec == TensorSpec((), "int32")


def test_counter_and_random():
    assert plain(D.counter(3, 2).take(3)) == [3, 5, 7]
    data = D.random(seed=4).take(3)
    assert plain(data) == plain(data)
    data = D.random(seed=4, rerandomize_each_iteration=True).take(3)
    assert plain(data) != plain(data)


class TestGenerator:
    def test_a_signature_is_what_elements_become(self):
        signature = (TensorSpec((None,), "float32"), {"n": TensorSpec((), "uint8"), "t": TensorSpec((), "string")})
        data = D.from_generator(lambda: iter([([1.0, 2.0], {"t": "a", "n": 3})]), output_signature=signature)
        x, parts = next(iter(data))
        assert (x.dtype, parts["n"].dtype) == ("float32", "uint8")
        assert list(parts) == ["n", "t"]
        assert data.element_spec == signature

    def test_the_older_form(self):
        data = D.from_generator(lambda n: iter([(n, [1, 2])]), ("int64", "float32"), ((), (None,)), args=(7,))
        assert plain(data) == [(7, [1.0, 2.0])]
        assert data.element_spec == (TensorSpec((), "int64"), TensorSpec((None,), "float32"))
        assert D.from_generator(lambda: iter("ab"), str).element_spec == TensorSpec(None, "string")

    def test_without_a_signature_elements_are_taken_as_they_come(self):
        data = D.from_generator(lambda: iter([{"a": [1, 2]}]))
        assert plain(data) == [{"a": [1, 2]}]
        assert data.element_spec == {"a": TensorSpec((2,), "int32")}

    @pytest.mark.parametrize(
        ("element", "error", "message"),
        [
            ((1, 2), DataError, r"element 1: got the shape \(2,\), expected \(\)"),
            (1.5, DTypeError, "element 1: got float64, expected int32"),
            ([1], DataError, r"element 1: got the shape \(1,\), expected \(\)"),
            ("a", DTypeError, "element 1"),
            (2**40, DTypeError, "element 1: got int64, expected int32"),
        ],
    )
    def test_an_element_that_does_not_fit_is_named(self, element, error, message):
        data = D.from_generator(lambda: iter([3, element]), output_signature=TensorSpec((), "int32"))
        with pytest.raises(error, match=message):
            plain(data)

    def test_a_part_that_does_not_fit_is_named(self):
        signature = ({"a": TensorSpec((2,), "float32")}, TensorSpec((), "string"))
        for element, message in [
            (({"b": [1, 2]}, "t"), r"element 0: element\[0\]: got a dict of \['b'\], expected a dict of \['a'\]"),
            (({"a": [1, 2, 3]}, "t"), r"element\[0\]\['a'\]: got the shape \(3,\), expected \(2,\)"),
            (({"a": [1, 2]}, 3), r"element\[1\]: got a int, expected text"),
            (({"a": [[1], [1, 2]]}, "t"), "items differ in shape"),
            ("ab", "element 0: got a str, expected a tuple of 2 items"),
        ]:
            with pytest.raises((DTypeError, DataError), match=message):
                plain(D.from_generator(lambda element=element: iter([element]), output_signature=signature))

    def test_each_pass_calls_it_and_ends_it(self):
        ended = []

        def generator():
            try:
                yield from range(10)
            finally:
                ended.append(True)

        data = D.from_generator(generator, output_signature=TensorSpec((), "int32"))
        assert plain(data.take(2)) == plain(data.take(2)) == [0, 1]
        with iter(data) as elements:
            next(elements)
        assert len(ended) == 3


def test_lines(tmp_path):
    import gzip
    import zlib

    (tmp_path / "a.txt").write_bytes(b"eins\r\nzwei\n\n")
    (tmp_path / "b.txt").write_text("drei ü")
    with gzip.open(tmp_path / "c.gz", "wb") as file:
        file.write(b"x\ny")
    (tmp_path / "d.z").write_bytes(zlib.compress(b"p\nq\n"))
    files = sorted(tmp_path.glob("*.txt"))
    assert plain(TextLineDataset(files)) == ["eins", "zwei", "", "drei ü"]
    assert plain(TextLineDataset(str(files[1]))) == ["drei ü"]
    assert plain(TextLineDataset(D.from_tensor_slices([str(path) for path in files])).skip(3)) == ["drei ü"]
    assert plain(TextLineDataset(tmp_path / "c.gz", "GZIP")) == ["x", "y"]
    assert plain(TextLineDataset(tmp_path / "d.z", "ZLIB")) == ["p", "q"]
    (tmp_path / "bad.txt").write_bytes(b"ok\n\xff\xfe\n")
    with pytest.raises(UnicodeDecodeError) as error:
        plain(TextLineDataset(tmp_path / "bad.txt"))
    assert any("line 2" in note for note in error.value.__notes__)
    with pytest.raises(ArgumentError, match="compression_type"):
        TextLineDataset("x", "BZIP")


def test_list_files(tmp_path):
    for name in "cab":
        (tmp_path / f"{name}.txt").touch()
    paths = [str(tmp_path / f"{name}.txt") for name in "abc"]
    assert plain(D.list_files(str(tmp_path / "*.txt"), shuffle=False)) == paths
    assert plain(D.list_files([tmp_path / "a*", tmp_path / "b*"], shuffle=False)) == paths[:2]
    shuffled = D.list_files(str(tmp_path / "*"), seed=1)
    orders = {tuple(plain(shuffled)) for _ in range(8)}
    assert len(orders) > 1
    assert all(sorted(order) == paths for order in orders)


# -- stages --------------------------------------------------------------------------------------

SLICES = D.from_tensor_slices
DOCUMENTED = {
    "batch": (D.range(8).batch(3), [[0, 1, 2], [3, 4, 5], [6, 7]]),
    "batch drops": (D.range(8).batch(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]]),
    "batch of batches": (D.range(6).batch(2).batch(2), None),
    "unbatch": (SLICES(np.array([[1, 2], [3, 4]])).unbatch(), [1, 2, 3, 4]),
    "rebatch": (D.range(6).batch(2).rebatch(4), [[0, 1, 2, 3], [4, 5]]),
    "map": (D.range(1, 6).map(lambda x: x + 1), [2, 3, 4, 5, 6]),
    "map of several": (SLICES(([1, 2], [3, 4])).map(lambda x, y: {"sum": x + y}), [{"sum": 4}, {"sum": 6}]),
    "map of a dict": (SLICES({"a": [1, 2]}).map(lambda row: (row["a"], 7)), [(1, 7), (2, 7)]),
    "map to a list": (D.range(2).map(lambda x: [x, x]), [[0, 0], [1, 1]]),
    "filter": (SLICES([1, 2, 3]).filter(lambda x: x < 3), [1, 2]),
    "filter of several": (SLICES(([1, 2], [2, 1])).filter(lambda x, y: x < y), [(1, 2)]),
    "take_while": (D.range(10).take_while(lambda x: x < 5), [0, 1, 2, 3, 4]),
    "take": (D.range(10).take(3), [0, 1, 2]),
    "take all": (D.range(2).take(-1), [0, 1]),
    "skip": (D.range(10).skip(7), [7, 8, 9]),
    "skip all": (D.range(10).skip(-1), []),
    "skip more": (D.range(2).skip(5), []),
    "repeat": (SLICES([1, 2, 3]).repeat(3), [1, 2, 3, 1, 2, 3, 1, 2, 3]),
    "repeat none": (SLICES([1, 2, 3]).repeat(0), []),
    "repeat a batch": (D.range(3).repeat(2).batch(4), [[0, 1, 2, 0], [1, 2]]),
    "shard": (D.range(10).shard(3, 0), [0, 3, 6, 9]),
    "shard 2": (D.range(10).shard(3, 2), [2, 5, 8]),
    "concatenate": (D.range(1, 4).concatenate(D.range(4, 8)), [1, 2, 3, 4, 5, 6, 7]),
    "zip": (D.zip((D.range(1, 4), D.range(4, 7))), [(1, 4), (2, 5), (3, 6)]),
    "zip of three": (D.zip(D.range(2), SLICES(["a", "b"]), D.range(9)), [(0, "a", 0), (1, "b", 1)]),
    "zip of a dict": (D.zip({"a": D.range(2), "b": (D.range(2), D.range(3))}), None),
    "zip of rows": (D.zip(SLICES([1, 2, 3]), SLICES([4, 5])), [(1, 4), (2, 5)]),
    "enumerate": (SLICES([1, 2, 3]).enumerate(start=5), [(5, 1), (6, 2), (7, 3)]),
    "enumerate several": (SLICES(([7, 8], [9, 10])).enumerate(), [(0, (7, 9)), (1, (8, 10))]),
    "flat_map": (SLICES([[1, 2, 3], [4, 5, 6]]).flat_map(SLICES), [1, 2, 3, 4, 5, 6]),
    "interleave": (
        D.range(1, 6).interleave(lambda x: D.from_tensors(x).repeat(6), cycle_length=2, block_length=4),
        [1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5],
    ),
    "window": (D.range(7).window(3), [[0, 1, 2], [3, 4, 5], [6]]),
    "window drops": (D.range(7).window(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]]),
    "window shifts": (D.range(7).window(3, 2, 1, True), [[0, 1, 2], [2, 3, 4], [4, 5, 6]]),
    "window strides": (D.range(7).window(3, 1, 2, True), [[0, 2, 4], [1, 3, 5], [2, 4, 6]]),
    "window jumps": (D.range(7).window(2, 3), [[0, 1], [3, 4], [6]]),
    "windows as batches": (
        D.range(5).window(3, shift=1, drop_remainder=True).flat_map(lambda part: part.batch(3)),
        [[0, 1, 2], [1, 2, 3], [2, 3, 4]],
    ),
    "windows of several": (SLICES((range(4), range(4))).window(2), [([0, 1], [0, 1]), ([2, 3], [2, 3])]),
    "scan": (D.range(6).scan(np.int64(0), lambda state, x: (state + x, state + x)), [0, 1, 3, 6, 10, 15]),
    "padded_batch": (
        D.range(1, 5).map(lambda x: np.full(x, x)).padded_batch(2),
        [[[1, 0], [2, 2]], [[3, 3, 3, 0], [4, 4, 4, 4]]],
    ),
    "padded_batch to a size": (
        D.range(1, 5).map(lambda x: np.full(x, x)).padded_batch(2, padded_shapes=[5], padding_values=-1),
        [[[1, -1, -1, -1, -1], [2, 2, -1, -1, -1]], [[3, 3, 3, -1, -1], [4, 4, 4, 4, -1]]],
    ),
    "padded_batch of several": (
        D.range(1, 3)
        .map(lambda x: (np.full(x, x), x, ["a"] * int(x)))
        .padded_batch(2, ([None], [], [3]), (9, None, "?")),
        [([[1, 9], [2, 2]], [1, 2], [["a", "?", "?"], ["a", "a", "?"]])],
    ),
    "choose_from_datasets": (
        D.choose_from_datasets([SLICES(["foo"]).repeat(), SLICES(["bar"]).repeat()], D.range(2).repeat(2)),
        ["foo", "bar", "foo", "bar"],
    ),
    "apply": (D.range(3).apply(lambda data: data.skip(1)), [1, 2]),
    "with_options": (D.range(2).with_options(Options()), [0, 1]),
    "prefetch": (D.range(3).prefetch(2), [0, 1, 2]),
    "cache": (D.range(3).cache(), [0, 1, 2]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), DOCUMENTED.values(), ids=DOCUMENTED)
def test_stages_give_what_tf_data_documents(data, wanted):
    found = plain(data)
    if wanted is not None:
        assert found == wanted
    assert plain(data) == found
    count = data.cardinality()
    assert count in (UNKNOWN_CARDINALITY, len(found))


def _forms(name, build):
    """A stage over elements known by number, and over a stream."""
    return pytest.param(build, id=name)


@pytest.mark.parametrize(
    "build",
    [
        _forms("map", lambda data: data.map(lambda x: x * 2)),
        _forms("map in threads", lambda data: data.map(lambda x: x * 2, num_parallel_calls=3)),
        _forms("batch", lambda data: data.batch(4)),
        _forms("batch drops", lambda data: data.batch(4, drop_remainder=True)),
        _forms("padded_batch", lambda data: data.map(lambda x: np.ones(int(x))).padded_batch(4)),
        _forms("take", lambda data: data.take(3)),
        _forms("take all", lambda data: data.take(-1)),
        _forms("skip", lambda data: data.skip(4)),
        _forms("skip all", lambda data: data.skip(-1)),
        _forms("skip more", lambda data: data.skip(40)),
        _forms("shard", lambda data: data.shard(3, 1)),
        _forms("repeat", lambda data: data.repeat(2)),
        _forms("repeat forever", lambda data: data.repeat().take(9)),
        _forms("zip", lambda data: D.zip(data, data.map(lambda x: x * 2))),
        _forms("enumerate", lambda data: data.enumerate()),
        _forms("concatenate", lambda data: data.concatenate(data)),
        _forms("window", lambda data: data.window(4, shift=2)),
        _forms("window drops", lambda data: data.window(3, shift=1, stride=2, drop_remainder=True)),
        _forms("window jumps", lambda data: data.window(2, shift=4)),
        _forms("cache", lambda data: data.cache()),
        _forms("prefetch", lambda data: data.prefetch(3)),
        _forms("unbatch", lambda data: data.batch(4).unbatch()),
        _forms("filter", lambda data: data.filter(lambda x: x % 2)),
        _forms("interleave", lambda data: data.interleave(lambda x: D.range(x), cycle_length=3, num_parallel_calls=2)),
    ],
)
def test_streams_give_what_numbered_elements_give(build):
    assert plain(build(streamed(10))) == plain(build(D.range(10)))


def test_what_is_given_in_python():
    data = SLICES((np.arange(4, dtype="float32").reshape(2, 2), ["a", "ü"], [1, 2]))
    x, text, number = next(iter(data))
    assert isinstance(x, np.ndarray)
    assert type(x.numpy()) is np.ndarray
    assert isinstance(x[0].numpy(), np.float32)
    assert isinstance(number.numpy(), np.int32)
    assert text.numpy() == b"a"
    assert [one.numpy().decode() for one in next(iter(data.batch(2)))[1]] == ["a", "ü"]
    assert [10, 20, 30][number] == 20
    assert f"{number:03d}" == "001"
    assert float(jnp.sum(x)) == 1.0
    with pytest.raises(TypeError, match="single value"):
        iter(number)
    assert list(SLICES(["a", "ü"]).as_numpy_iterator()) == [b"a", "ü".encode()]
    assert [type(one) for one in D.range(2).as_numpy_iterator()] == [np.int64] * 2


def test_what_functions_get():
    seen = []
    list(SLICES((np.ones((1, 2)), ["a"], [3])).map(lambda *parts: seen.append([type(p) for p in parts]) or 0))
    assert seen == [[np.ndarray, str, np.int32]]
    list(SLICES({"a": [1]}).map(lambda row: seen.append(row) or 0))
    assert seen[1] == {"a": 1}


@pytest.mark.parametrize(
    ("returned", "dtype"),
    [(1, "int32"), (1.5, "float32"), (np.float64(1), "float64"), (jnp.ones(2), "float32"), ("a", "string"),
     (["a", "b"], "string"), (b"a", "string"), (True, "bool"), (jnp.int32(1), "int32")],
)  # fmt: skip
def test_what_functions_may_return(returned, dtype):
    assert D.range(1).map(lambda _: returned).element_spec.dtype == dtype


def test_layers_and_ops_work_in_map():
    import kerax

    layer = kerax.layers.Rescaling(0.5)
    data = SLICES(np.arange(4.0)).batch(2).map(lambda x: layer(x))
    assert plain(data) == [[0.0, 0.5], [1.0, 1.5]]


def test_layers_on_text_give_numpy_in_map():
    import kerax

    layer = kerax.layers.StringLookup(vocabulary=["a", "b"])
    kinds = []

    def looked_up(texts):
        found = layer(texts)
        kinds.append(type(found))
        return found

    assert plain(SLICES(["b", "c"]).batch(2).map(looked_up)) == [[2, 0]]
    assert set(kinds) == {np.ndarray}
    assert isinstance(layer(["b"]), jax.Array)


@pytest.mark.parametrize("there", [True, False])
def test_beside_an_accelerator_map_computes_on_the_cpu_where_jax_has_one(monkeypatch, there):
    cpu = jax.devices("cpu")[0]

    def devices(backend):
        if not there:
            raise RuntimeError(f"Unknown backend {backend}")
        return [cpu]

    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(jax, "local_devices", devices)
    placement.cpu_beside.cache_clear()
    try:
        chosen = []
        plain(D.range(2).map(lambda x: chosen.append(jax.config.jax_default_device) or x))
        assert set(chosen) == {cpu if there else None}
    finally:
        placement.cpu_beside.cache_clear()


@pytest.mark.parametrize("threads", [None, 3])
@pytest.mark.parametrize("source", [D.range(6), streamed()], ids=["numbered", "streamed"])
def test_an_error_in_a_function_comes_with_its_own_traceback(source, threads):
    def fails(x):
        if x == 3:
            raise KeyError("no such label")
        return x

    data = source.map(fails, num_parallel_calls=threads)
    elements = iter(data)
    assert [int(next(elements)) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError, match="no such label") as error:
        next(elements)
    assert "fails" in [entry.name for entry in error.traceback]
    elements.close()
    assert plain(data.ignore_errors()) == [0, 1, 2, 4, 5]


def test_left_out_elements_are_counted(caplog):
    data = D.range(4).map(lambda x: 1 // int(x)).ignore_errors(log_warning=True)
    assert plain(data) == [1, 0, 0]
    assert "ZeroDivisionError" in caplog.text
    assert "1 elements were left out" in caplog.text


def test_a_function_that_stops_the_iteration_is_an_error():
    def ends(x):
        raise StopIteration

    for data in (D.range(3), streamed()):
        with pytest.raises(RuntimeError, match="StopIteration"):
            list(data.map(ends))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (D.range(1, 4).map(lambda x: np.ones(int(x))).batch(3), DataError, r"shapes \(1,\), \(2,\), .*padded_batch"),
        (D.range(2).map(lambda x: x if x else (x, x)).batch(2), DataError, "different structures"),
        (D.range(2).concatenate(SLICES(["a"])), DTypeError, "concatenate"),
        (streamed().concatenate(SLICES([(1, 2)]).map(lambda x: (x, x))), DTypeError, "concatenate"),
        (D.range(2).filter(lambda x: np.ones(2)), ArgumentError, r"filter: got float64\[2\]"),
        (D.range(2).flat_map(lambda x: [x]), DTypeError, "flat_map: got a list.*Dataset.map"),
        (D.range(2).interleave(lambda x: x, cycle_length=2), DTypeError, "interleave"),
        (D.range(2).unbatch(), DataError, "unbatch: element: got a single value"),
        (D.range(2).scan(0, lambda s, x: s), DTypeError, "expected .state, element"),
        (D.range(2).map(lambda x: object()), DataError, "Dataset.map: got a builtins.object"),
        (D.range(2).map(lambda x: [[1], [1, 2]]), DataError, "items differ"),
        (D.range(3).map(lambda x: np.ones(int(x))).padded_batch(3, [1]), DataError, "at most"),
        (D.range(3).padded_batch(3, [1]), DataError, "0 axes"),
        (D.choose_from_datasets([D.range(2)], D.range(3)), ArgumentError, "the number 1"),
        (D.range(2).window(2).batch(1), DataError, "batch"),
    ],
)  # fmt: skip
def test_elements_that_do_not_fit_say_why(data, error, message):
    with pytest.raises(error, match=message):
        list(data)


SPECS = {
    "rows": (SLICES((np.ones((2, 3), "f4"), ["a", "b"])), (TensorSpec((3,), "float32"), TensorSpec((), "string"))),
    "batch": (D.range(4).batch(2), TensorSpec((None,), "int64")),
    "batch drops": (D.range(4).batch(2, True), TensorSpec((2,), "int64")),
    "map": (D.range(4).map(lambda x: np.ones(3, "f4")).batch(2), TensorSpec((None, 3), "float32")),
    "padded": (streamed().map(lambda x: np.ones(int(x))).padded_batch(2), TensorSpec((None, None), "float64")),
    "zip": (D.zip(D.range(2), D.range(2)), (TensorSpec((), "int64"),) * 2),
    "unbatch": (SLICES(np.ones((2, 3))).unbatch(), TensorSpec((), "float64")),
    "concatenate": (
        SLICES(np.ones((1, 3))).concatenate(SLICES(np.ones((1, 4)))),
        TensorSpec((None,), "float64"),
    ),
    "window": (D.range(4).window(2).flat_map(lambda part: part.batch(2)), TensorSpec((2,), "int64")),
    "filter": (SLICES([1.0]).filter(lambda x: True), TensorSpec((), "float32")),
    "lines": (TextLineDataset("nowhere"), TensorSpec((), "string")),
}


@pytest.mark.parametrize(("data", "spec"), SPECS.values(), ids=SPECS)
def test_specs(data, spec):
    assert data.element_spec == spec


CARDINALITIES = {
    "endless": (D.range(4).repeat(), INFINITE_CARDINALITY),
    "endless batches": (D.range(4).repeat().batch(3), INFINITE_CARDINALITY),
    "taken": (D.range(4).repeat().take(7), 7),
    "zip": (D.zip(D.range(4).repeat(), D.range(3)), 3),
    "zip unknown": (D.zip(streamed(), D.range(3)), UNKNOWN_CARDINALITY),
    "filter": (D.range(4).filter(bool), UNKNOWN_CARDINALITY),
    "generator": (streamed(), UNKNOWN_CARDINALITY),
    "generator repeated": (streamed().repeat(), INFINITE_CARDINALITY),
    "shard": (D.range(10).shard(4, 3), 2),
    "padded": (D.range(10).padded_batch(4), 3),
    "nothing": (D.range(0).repeat(), 0),
    "concatenate": (D.range(2).concatenate(D.range(3)), 5),
    "counter": (D.counter(), INFINITE_CARDINALITY),
}


@pytest.mark.parametrize(("data", "count"), CARDINALITIES.values(), ids=CARDINALITIES)
def test_cardinality(data, count):
    assert data.cardinality().numpy() == count
    if count >= 0:
        assert len(data) == count == len(list(data))


def test_reduce():
    assert D.range(5).reduce(np.int64(0), lambda state, x: state + x).numpy() == 10
    pair = SLICES(([1, 2], [3, 4])).reduce((0, 0), lambda state, row: (state[0] + row[0], state[1] + row[1]))
    assert [int(part) for part in pair] == [3, 7]


def test_an_empty_dataset_is_true_and_shows_its_stages():
    assert D.range(0)
    assert "Numbers → Batch" in repr(D.range(3).batch(2))
    assert D.from_tensors(3).get_single_element().numpy() == 3


def test_options_take_everything():
    options = Options()
    options.experimental_distribute.auto_shard_policy = 1
    options.autotune.enabled = True
    assert options.autotune.enabled is True
    assert isinstance(D.range(1).options(), Options)
    assert options.merge(Options()).autotune.enabled is True


# -- order ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [D.range(50), streamed(50)], ids=["numbered", "streamed"])
class TestShuffle:
    def test_a_seed_repeats_the_passes_which_differ(self, source):
        first, again = source.shuffle(50, seed=3), source.shuffle(50, seed=3)
        orders = [plain(first), plain(first)]
        assert orders == [plain(again), plain(again)]
        assert orders[0] != orders[1]
        assert sorted(orders[0]) == sorted(orders[1]) == list(range(50))
        assert plain(source.shuffle(50, seed=4)) != orders[0]

    def test_one_order_for_all_passes(self, source):
        data = source.shuffle(50, reshuffle_each_iteration=False)
        order = plain(data)
        assert order == plain(data) != list(range(50))
        assert plain(data.take(20)) + plain(data.skip(20)) == order

    def test_repeat_draws_anew(self, source):
        both = plain(source.shuffle(50, seed=1).repeat(2))
        assert sorted(both[:50]) == sorted(both[50:]) == list(range(50))
        assert both[:50] != both[50:]

    def test_it_follows_numpys_seed(self, source):
        orders = []
        for _ in range(2):
            np.random.seed(7)
            data = source.shuffle(50)
            orders.append([plain(data), plain(data)])
        assert orders[0] == orders[1]
        assert orders[0][0] != orders[0][1]

    def test_two_shuffles_are_two_orders(self, source):
        twice = D.zip(source.shuffle(50), source.shuffle(50))
        assert any(a != b for a, b in plain(twice))

    def test_a_buffer_of_one_keeps_the_order(self, source):
        assert plain(source.shuffle(1)) == list(range(50))


def test_a_buffer_mixes_neighbours_of_a_stream_only():
    order = plain(streamed(100).shuffle(5, seed=0))
    assert sorted(order) == list(range(100))
    assert all(value <= place + 4 for place, value in enumerate(order))
    assert plain(D.range(100).shuffle(5, seed=0))[0] > 5  # known by number: all are shuffled


def test_what_belongs_together_stays_together():
    x = np.arange(40).reshape(20, 2)
    data = SLICES((x, x[:, 0])).shuffle(20, seed=1).batch(6)
    for rows, labels in data:
        np.testing.assert_array_equal(rows[:, 0], labels)
    assert len(data) == 4


def test_random_map_repeats_for_any_number_of_threads():
    def noisy(x, rng):
        return x + rng.random()

    found = [plain(D.range(8).random_map(noisy, seed=2, num_parallel_calls=n)) for n in (None, 3)]
    assert found[0] == found[1] == plain(streamed(8).random_map(noisy, seed=2, num_parallel_calls=2))
    data = D.range(8).random_map(noisy, seed=2)
    assert plain(data) != plain(data)


def test_cache_keeps_the_first_pass():
    calls = []
    data = D.range(20).shuffle(20, seed=0).map(lambda x: calls.append(x) or x).cache()
    assert plain(data) == plain(data) == plain(data.repeat(1))
    assert len(calls) == 20
    assert plain(data.shuffle(20, seed=1)) != plain(data)
    assert len(calls) == 20


def test_looking_at_the_spec_fixes_nothing(tmp_path):
    calls = []
    data = streamed(5).map(lambda x: calls.append(x) or x).cache().map(lambda x: x).cache(str(tmp_path / "file"))
    assert data.prefetch(1).batch(2).element_spec == TensorSpec((None,), "int64")
    assert len(calls) == 1
    assert list(tmp_path.iterdir()) == []
    orders = set()
    for seed in range(6):
        np.random.seed(seed)
        shuffled = D.range(9).shuffle(9).cache().map(lambda x: x)
        assert shuffled.element_spec == TensorSpec((), "int64")
        orders.add(tuple(plain(shuffled)))
    assert len(orders) > 1


def test_a_function_without_threads_of_its_own_is_called_one_at_a_time():
    inside, most = [0], [0]

    def alone(x):
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.002)
        inside[0] -= 1
        return x

    assert plain(D.range(20).map(alone).map(lambda x: x, num_parallel_calls=4)) == list(range(20))
    assert most == [1]


def test_what_is_cached_cannot_be_written_on():
    data = D.range(2).map(lambda x: np.zeros(2)).cache().map(lambda x: np.add(x, 1, out=x))
    with pytest.raises(ValueError, match="read-only"):
        plain(data)


def test_a_cache_on_disk_serves_another_dataset(tmp_path):
    calls = []
    elements = [
        ({"a": np.ones(2), "t": "ü"}, np.array(["x", "yz"]), b"\xff", 3, None),
    ]

    def make():
        return D.from_generator(lambda: calls.append(1) or iter(elements * 2)).cache(str(tmp_path / "deep" / "file"))

    first = list(make().as_numpy_iterator())
    assert len(calls) == 1
    again = list(make().as_numpy_iterator())
    assert len(calls) == 1
    for a, b in zip(first, again, strict=True):
        assert a[0]["t"] == b[0]["t"] == "ü".encode()
        np.testing.assert_array_equal(a[0]["a"], b[0]["a"])
        assert a[1].tolist() == b[1].tolist() == [b"x", b"yz"]
        assert (a[2], int(a[3]), a[4]) == (b[2], int(b[3]), b[4]) == (b"\xff", 3, None)
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["file", "file.index"]


def test_a_cache_that_was_not_filled_is_written_anew(tmp_path):
    calls = []
    data = D.range(3).map(lambda x: calls.append(x) or x).cache(str(tmp_path / "file"))
    with iter(data) as elements:
        next(elements)
    assert list(tmp_path.iterdir()) == []
    assert plain(data) == plain(data) == [0, 1, 2]
    assert len(calls) == 4


def test_sampling_follows_its_weights_and_seed():
    parts = [SLICES([number]).repeat() for number in range(3)]
    data = D.sample_from_datasets(parts, [0.5, 0.0, 0.5], seed=1)
    drawn = plain(data.take(200))
    assert 1 not in drawn
    assert 60 < drawn.count(0) < 140
    again = D.sample_from_datasets(parts, [0.5, 0.0, 0.5], seed=1)
    assert plain(again.take(200)) == drawn
    short = D.sample_from_datasets([D.range(2), D.range(10)], seed=1)
    assert len(plain(short)) == 12
    assert len(plain(D.sample_from_datasets([D.range(2), D.range(100)], seed=1, stop_on_empty_dataset=True))) < 102


# -- threads -------------------------------------------------------------------------------------


def ours():
    names = ("kerax", "grain")
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(names)]


def gone(seconds=3.0):
    end = time.monotonic() + seconds
    while ours() and time.monotonic() < end:
        time.sleep(0.02)
    return not ours()


@pytest.mark.parametrize(
    "data",
    [
        D.range(1000).map(lambda x: x, num_parallel_calls=3),
        D.range(1000).map(lambda x: x, num_parallel_calls=3).batch(2).prefetch(2),
        streamed(1000).map(lambda x: x, num_parallel_calls=3),
        streamed(1000).prefetch(4),
        D.range(1000).interleave(lambda x: D.range(x), cycle_length=3, num_parallel_calls=2).prefetch(2),
    ],
)
@pytest.mark.parametrize("end", ["close", "drop", "exhaust"])
def test_no_thread_is_left(data, end):
    elements = iter(data.take(30) if end == "exhaust" else data)
    taken = list(itertools.islice(elements, None if end == "exhaust" else 3))
    assert taken
    assert end == "exhaust" or ours()
    if end == "close":
        elements.close()
    del elements
    assert gone()


def test_a_closed_iterator_gives_nothing_more():
    elements = iter(streamed())
    assert int(next(elements)) == 0
    elements.close()
    assert list(elements) == []
    elements.set_state(elements.get_state())
    assert int(next(elements)) == 1


def test_threads_really_work_side_by_side():
    barrier = threading.Barrier(3, timeout=20)
    for source in (D.range(6), streamed(6)):
        data = source.map(lambda x: barrier.wait() * 0 + x, num_parallel_calls=3)
        assert plain(data) == list(range(6))
    assert gone()


def test_prefetching_runs_ahead():
    made = threading.Event()
    elements = iter(streamed(4).map(lambda x: (made.set() if x == 2 else None, x)[1]).prefetch(3))
    next(elements)
    assert made.wait(10)
    elements.close()


def test_a_function_of_the_user_is_called_for_each_element_whatever_else_it_has():
    class Doubling:
        def __call__(self, x):
            return 2 * x

        def stacked(self, elements):
            raise AssertionError("not asked for")

    batches = list(Dataset.range(5).map(Doubling()).batch(2))
    assert [np.asarray(batch).tolist() for batch in batches] == [[0, 2], [4, 6], [8]]
