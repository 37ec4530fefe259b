"""`Dataset`: elements from arrays, functions and files, made ready for training step by step."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from .._errors import ArgumentError, DTypeError
from ._adapters.leaves import path_name
from ._arguments import count, parallel, seed_of, signature, specs, whole
from ._element import each, leaves
from ._options import Options
from ._readable import Readable
from ._stages.base import ENDLESS, INFINITE, UNKNOWN, Stage
from ._stages.batching import Batch, Unbatch, padding
from ._stages.caching import FileCache
from ._stages.choosing import Filter, IgnoreErrors, TakeWhile
from ._stages.combining import Concatenate, numbered, zipped
from ._stages.files import Lines
from ._stages.functions import Generator, Scan
from ._stages.keeping import Cache, Prefetch
from ._stages.mapping import Map
from ._stages.mixing import Choose, Sample
from ._stages.nesting import Interleave, Window
from ._stages.order import Repeat, Shard, Shuffle, Skip, Take
from ._stages.reading import AUTOTUNE
from ._stages.sources import Numbers, rows_of, single

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "TextLineDataset"]

INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = INFINITE, UNKNOWN


class Dataset(Readable):
    """A row of elements, each an array, a text, or a tuple or dict of them; what `tf.data.Dataset` is to TensorFlow.

    Methods give new datasets and leave this one as it is. Nothing is read before somebody iterates: a loop,
    or `fit`, `evaluate` and `predict`, which take a dataset of batches.

    **Elements.** Functions given to `map`, `filter` and the like get NumPy arrays, and a `str` for one text.
    They run on the host, as plain Python, and may do anything. Iteration gives NumPy arrays that also have
    `.numpy()`; texts come as arrays of `str` whose `.numpy()` is bytes, as TensorFlow has it. Python's numbers
    become int32 and float32, NumPy's keep their dtype.

    **Order.** Every order follows from the seeds and the number of the pass, so a run repeats, and each pass
    through a shuffled dataset has an order of its own. Where elements are known by number (arrays, ranges, lists of
    files, and what `map`, `batch`, `take`, `skip`, `shard`, `zip`, `concatenate`, `repeat`, `window` and `cache`
    make of them) `shuffle` shuffles all of them, whatever its buffer.

    **Place.** An iterator says where it stands, `state = it.get_state()`, in plain values that JSON takes, and goes
    there, `it.set_state(state)`, in another process too. See `DatasetIterator`.

    Examples:
        >>> data = Dataset.from_tensor_slices(([1, 2, 3], ["a", "b", "c"]))
        >>> [(x.tolist(), y.tolist()) for x, y in data.map(lambda x, y: (10 * x, y.upper())).batch(2)]
        [([10, 20], ['A', 'B']), ([30], ['C'])]
    """

    # -- makers ----------------------------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """The rows of arrays.

        Args:
            tensors: arrays of one length: NumPy, JAX, pandas, torch, lists; nested in tuples and dicts. A list is one
                array, a tuple several. They are not copied.
            name: has no effect.
        Raises:
            DataError: they differ in length, or are no arrays.
        """
        return Dataset(rows_of(tensors, "Dataset.from_tensor_slices"))

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """One element."""
        return Dataset(single(tensors, "Dataset.from_tensors"))

    @staticmethod
    def from_generator(
        generator: Callable,
        output_types: Any = None,
        output_shapes: Any = None,
        args: tuple | None = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """What a generator function gives; each pass calls it anew.

        Args:
            generator: called as `generator(*args)`; returns an iterable of elements.
            output_types: the older form of a signature: dtypes nested like an element.
            output_shapes: the shapes that go with them; None where any will do.
            args: its arguments.
            output_signature: `TensorSpec`s nested like an element. Every element is checked against it, and cast to its
                dtypes where no value can change its kind. None takes elements as they come.
            name: has no effect.
        Raises:
            DTypeError, DataError: (when iterated) an element that does not fit the signature; its number is named.
        """
        if not callable(generator):
            raise DTypeError(
                "Dataset.from_generator",
                got=f"a {type(generator).__name__}",
                expected="a function that returns a generator, since each pass begins a new one",
                hint="the function without its parentheses, or lambda: my_generator",
            )
        if output_signature is not None and (output_types is not None or output_shapes is not None):
            raise DTypeError(
                "Dataset.from_generator", got="output_signature beside output_types", expected="one of the two forms"
            )
        if output_types is not None:
            output_signature = signature(output_types, output_shapes)
        elif output_shapes is not None:
            raise DTypeError("Dataset.from_generator", got="output_shapes without output_types", expected="both")
        fn = generator if not args else lambda: generator(*args)
        return Dataset(Generator(fn, None if output_signature is None else specs(output_signature)))

    @staticmethod
    def range(*args: Any, output_type: Any = "int64", name: str | None = None) -> Dataset:
        """Python's `range`, as int64."""
        return Dataset(Numbers.upto(*args, dtype=output_type))

    @staticmethod
    def counter(start: int = 0, step: int = 1, dtype: Any = "int64", name: str | None = None) -> Dataset:
        """start, start + step, …, without end."""
        return Dataset(Numbers(int(start), int(step), ENDLESS, dtype))

    @staticmethod
    def random(
        seed: int | None = None, rerandomize_each_iteration: bool | None = None, name: str | None = None
    ) -> Dataset:
        """Random whole numbers below 2**32, without end; the same in every pass unless `rerandomize_each_iteration`."""
        draw = lambda _, rng: rng.integers(2**32)  # noqa: E731
        each_pass = bool(rerandomize_each_iteration)
        return Dataset(Map(Numbers(0, 1, ENDLESS), draw, seed=seed_of(seed), seeded=True, each_pass=each_pass))

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Elements of several datasets together, as many as the shortest has.

        Args:
            *args: datasets; or one tuple or dict of them, which may be nested.
            datasets: the same, as older code has it.
            name: has no effect.
        Raises:
            DTypeError: something in it is no dataset.
        """
        structure = datasets if not args else args[0] if len(args) == 1 else args
        if isinstance(structure, list):
            structure = tuple(structure)
        if structure is None or structure == ():
            raise DTypeError("Dataset.zip", got="nothing", expected="at least one dataset")
        for path, part in leaves(structure):
            if not isinstance(part, Dataset):
                raise DTypeError(
                    f"Dataset.zip: {path_name('datasets', path)}", got=f"a {type(part).__name__}", expected="a Dataset",
                    hint="tuples and dicts of datasets; Dataset.from_tensor_slices makes one of arrays",
                )  # fmt: skip
        return Dataset(zipped(each(lambda part: part._stage, structure)))

    @staticmethod
    def list_files(
        file_pattern: Any, shuffle: bool | None = None, seed: int | None = None, name: str | None = None
    ) -> Dataset:
        """The paths of files that match patterns such as "photos/*/*.jpg".

        Args:
            file_pattern: a pattern, or several.
            shuffle: whether they come in random order, a new one in each pass; True by default. Else by name.
            seed: of that order.
            name: has no effect.
        Raises:
            ArgumentError: nothing matches.
        """
        patterns = [file_pattern] if isinstance(file_pattern, (str, bytes, os.PathLike)) else list(file_pattern)
        paths = sorted({path for pattern in patterns for path in glob.glob(os.fsdecode(pattern))})
        if not paths:
            named = ", ".join(repr(os.fsdecode(pattern)) for pattern in patterns)
            raise ArgumentError("Dataset.list_files", got=named, expected="a pattern that some file matches")
        files = Dataset.from_tensor_slices(paths)
        return files if shuffle is False else files.shuffle(len(paths), seed=seed)

    @staticmethod
    def sample_from_datasets(
        datasets: Any,
        weights: Any = None,
        seed: int | None = None,
        stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
    ) -> Dataset:
        """Elements of several datasets, each drawn at random.

        Args:
            datasets: a list of datasets.
            weights: how likely each is drawn; all alike for None.
            seed: of the draws.
            stop_on_empty_dataset: whether the first dataset that ends, ends it.
            rerandomize_each_iteration: each pass draws anew, in any case.
        """
        parts = [_stage_of(part, "sample_from_datasets") for part in datasets]
        wanted = [1.0] * len(parts) if weights is None else [float(weight) for weight in np.ravel(np.asarray(weights))]
        if len(wanted) != len(parts) or min(wanted, default=0) < 0 or sum(wanted) <= 0:
            raise ArgumentError(
                "sample_from_datasets: weights", got=repr(weights), expected=f"{len(parts)} numbers from 0 up"
            )
        return Dataset(Choose(Sample(wanted, seed), parts, stop_on_empty_dataset))

    @staticmethod
    def choose_from_datasets(datasets: Any, choice_dataset: Dataset, stop_on_empty_dataset: bool = True) -> Dataset:
        """The next element of the dataset whose number `choice_dataset` gives."""
        parts = [_stage_of(part, "choose_from_datasets") for part in datasets]
        return Dataset(Choose(_stage_of(choice_dataset, "choose_from_datasets"), parts, stop_on_empty_dataset))

    # -- elements --------------------------------------------------------------------------------

    def map(
        self,
        map_func: Callable,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        synchronous: bool | None = None,
        use_unbounded_threadpool: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """`map_func` of each element.

        Args:
            map_func: gets the parts of a tuple as its arguments. What it returns is an element: tuples and dicts are
                structures, a list is an array.
            num_parallel_calls: how many threads call it, ahead of who iterates; `AUTOTUNE` for a few a core. None:
                one call after the other.
            deterministic: the order is kept in any case.
            synchronous, use_unbounded_threadpool, name: have no effect.
        """
        return Dataset(Map(self._stage, map_func, parallel(num_parallel_calls, "map")))

    def random_map(self, map_func: Callable, seed: int | None = None, num_parallel_calls: int | None = None) -> Dataset:
        """`map` with random numbers that repeat: `map_func(*element, rng)`.

        `rng`, a `numpy.random.Generator`, follows from the seed, the pass and the number of the element alone: the
        same for any number of threads, another in each pass, and the same again after `set_state`.
        """
        return Dataset(Map(self._stage, map_func, parallel(num_parallel_calls, "random_map"), seed, seeded=True))

    def filter(self, predicate: Callable, name: str | None = None) -> Dataset:
        """The elements for which `predicate` says True."""
        return Dataset(Filter(self._stage, predicate))

    def take_while(self, predicate: Callable, name: str | None = None) -> Dataset:
        """The elements before the first for which `predicate` says False."""
        return Dataset(TakeWhile(self._stage, predicate))

    def ignore_errors(self, log_warning: bool = False, name: str | None = None) -> Dataset:
        """The elements that can be made; those whose functions raise are left out, and counted in the log."""
        return Dataset(IgnoreErrors(self._stage, log_warning))

    def scan(self, initial_state: Any, scan_func: Callable, name: str | None = None) -> Dataset:
        """The elements out of `(state, out) = scan_func(state, element)`."""
        return Dataset(Scan(self._stage, initial_state, scan_func))

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """`(number, element)` pairs."""
        return Dataset(numbered(self._stage, start))

    # -- batches ---------------------------------------------------------------------------------

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Neighbours stacked along a new first axis.

        Args:
            batch_size: how many.
            drop_remainder: whether a last, smaller batch is left out.
            num_parallel_calls, deterministic, name: have no effect.
        Raises:
            ArgumentError: a size below 1.
            DataError: (when iterated) elements of different shapes.
        """
        return Dataset(Batch(self._stage, count(batch_size, "batch: batch_size"), drop_remainder))

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Neighbours filled up to one shape and stacked.

        Args:
            batch_size: how many.
            padded_shapes: for each part of an element the sizes to fill up to; None or -1 for the largest in each
                batch. None: that for all.
            padding_values: what to fill with, for each part or one for all; 0, "" and False by default.
            drop_remainder: whether a last, smaller batch is left out.
            name: has no effect.
        """
        collate, shapes = padding(padded_shapes, padding_values)
        size = count(batch_size, "padded_batch: batch_size")
        return Dataset(Batch(self._stage, size, drop_remainder, collate, shapes))

    def unbatch(self, name: str | None = None) -> Dataset:
        """The rows of each element, one by one."""
        return Dataset(Unbatch(self._stage))

    def rebatch(self, batch_size: int, drop_remainder: bool = False, name: str | None = None) -> Dataset:
        """Batches of another size."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def window(
        self,
        size: int,
        shift: int | None = None,
        stride: int = 1,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Neighbours as datasets of their own: one for each array of an element, in its structure.

        Args:
            size: elements in a window.
            shift: from the first of one window to the first of the next; `size` by default.
            stride: from one element of a window to the next.
            drop_remainder: whether windows with fewer elements are left out.
            name: has no effect.
        """
        length, step = count(size, "window: size"), count(stride, "window: stride")
        jump = length if shift is None else count(shift, "window: shift")
        return Dataset(Window(self._stage, length, jump, step, drop_remainder, Dataset))

    # -- order and number ------------------------------------------------------------------------

    def shuffle(
        self,
        buffer_size: int | None,
        seed: int | None = None,
        reshuffle_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """A random order.

        Args:
            buffer_size: of a dataset whose elements are not known by number, how many wait to be picked from; None
                for all. Of others all are shuffled, unless it is 1.
            seed: what the order follows from. None: drawn from NumPy's global seed, which
                `kerax.utils.set_random_seed` sets.
            reshuffle_each_iteration: whether each pass has an order of its own; True by default.
            name: has no effect.
        """
        size = None if buffer_size is None else count(buffer_size, "shuffle: buffer_size")
        return Dataset(Shuffle(self._stage, size, seed_of(seed), reshuffle_each_iteration is not False))

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """The dataset `count` times; without end for None or -1."""
        return Dataset(Repeat(self._stage, None if count is None else whole(count, "repeat: count")))

    def take(self, count: int, name: str | None = None) -> Dataset:
        """The first `count` elements; all for -1."""
        return Dataset(Take(self._stage, whole(count, "take: count")))

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """All but the first `count` elements; none for -1."""
        return Dataset(Skip(self._stage, whole(count, "skip: count")))

    def shard(self, num_shards: int, index: int, name: str | None = None) -> Dataset:
        """Every `num_shards`-th element from number `index` on, such as the part of one process.

        Raises:
            ArgumentError: an index that is not from 0 to num_shards - 1.
        """
        shards, place = count(num_shards, "shard: num_shards"), whole(index, "shard: index")
        if not 0 <= place < shards:
            raise ArgumentError(
                "Dataset.shard: index", got=place, expected=f"0 to {shards - 1} for num_shards={shards}"
            )
        return Dataset(Shard(self._stage, shards, place))

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """This dataset, then the other.

        Raises:
            DTypeError: `dataset` is none; or (when iterated) its elements are of another kind.
        """
        return Dataset(Concatenate(self._stage, _stage_of(dataset, "Dataset.concatenate")))

    def interleave(
        self,
        map_func: Callable,
        cycle_length: int | None = None,
        block_length: int | None = None,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Elements of the datasets that `map_func` makes of elements, in turn.

        Args:
            map_func: gets an element, returns a Dataset.
            cycle_length: how many datasets are open at a time; 4 for None and AUTOTUNE.
            block_length: how many elements each gives in its turn; 1 by default.
            num_parallel_calls: not None: each open dataset is read ahead by a thread.
            deterministic: the order is kept in any case.
            name: has no effect.
        """
        cycle = 4 if cycle_length in (None, AUTOTUNE) else count(cycle_length, "interleave: cycle_length")
        block = 1 if block_length in (None, AUTOTUNE) else count(block_length, "interleave: block_length")
        return Dataset(Interleave(self._stage, map_func, cycle, block, parallel(num_parallel_calls, "interleave")))

    def flat_map(self, map_func: Callable, name: str | None = None) -> Dataset:
        """The datasets that `map_func` makes of elements, one after the other."""
        return Dataset(Interleave(self._stage, map_func))

    # -- speed -----------------------------------------------------------------------------------

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """The elements of the first pass, kept for all later ones.

        Args:
            filename: where on disk; memory by default.
            name: has no effect.
        """
        path = os.fspath(filename)
        return Dataset(Cache(self._stage) if not path else FileCache(self._stage, path))

    def prefetch(self, buffer_size: int | None = AUTOTUNE, name: str | None = None) -> Dataset:
        """The next elements, made ready by a thread while the last ones are used. `fit` does that in any case.

        Args:
            buffer_size: how many; 2 for AUTOTUNE.
            name: has no effect.
        """
        depth = 2 if buffer_size in (None, AUTOTUNE) else whole(buffer_size, "prefetch: buffer_size")
        return self if depth == 0 else Dataset(Prefetch(self._stage, max(1, depth)))

    def apply(self, transformation_func: Callable) -> Any:
        """`transformation_func(self)`."""
        return transformation_func(self)

    def with_options(self, options: Any, name: str | None = None) -> Dataset:
        """The same dataset: there is nothing to tune."""
        return self

    def options(self) -> Options:
        """Options without effect."""
        return Options()


class TextLineDataset(Dataset):
    """The lines of text files, without their ends, one `str` each.

    Args:
        filenames: a path, several, or a dataset of paths.
        compression_type: "", "GZIP" or "ZLIB".
        buffer_size, num_parallel_reads, name: have no effect.
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: str | None = None,
        buffer_size: int | None = None,
        num_parallel_reads: int | None = None,
        name: str | None = None,
    ) -> None:
        if isinstance(filenames, Dataset):
            super().__init__(Interleave(filenames._stage, lambda path: TextLineDataset(path, compression_type)))
            return
        if isinstance(filenames, np.ndarray):
            filenames = filenames.ravel().tolist()
        one = isinstance(filenames, (str, bytes, os.PathLike))
        super().__init__(Lines([os.fsdecode(path) for path in ([filenames] if one else filenames)], compression_type))


def _stage_of(value: Any, where: str) -> Stage:
    if not isinstance(value, Dataset):
        raise DTypeError(where, got=f"a {type(value).__name__}", expected="a Dataset")
    return value._stage
