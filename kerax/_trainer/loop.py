"""Epochs: fit, evaluate and predict hand the same loop different steps.

The state lives in the Variables: a dispatch takes what they hold and puts back, by reference, what
comes out. Nothing is donated, so whatever goes wrong, they hold the last finished step; and a
callback may read and assign them between any two dispatches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import jax
import numpy as np

from .. import config, tree
from .._core import nnx_private, placement
from .._core.stateful import Carried, discover
from .._errors import ArgumentError, DataError
from .._graph.shape import infer
from .._graph.tensor import KerasTensor
from .._types import Logs
from ..callbacks import CallbackList
from ..callbacks._logs import DeferredLogs
from ..data._adapters import Epoch, make_adapter, train_validation_split
from . import checks
from .feed import Blocks, Resident, fits, leaves_of, padded_batch

DISPATCH = 0.05  # seconds that one dispatch should take: short enough for a smooth bar and Ctrl-C


def outputs_for(model: Any, x: Any) -> Any:
    """The symbolic outputs of a model for such inputs; builds it where it is not built."""
    if model.built and not model._inner_unbuilt():
        ends = _known_outputs(model)
        if ends is not None:
            return ends
    symbols = tree.map_structure(lambda leaf: None if leaf is None else KerasTensor(leaf.shape, leaf.dtype), x)
    if not model.built:
        if model._has_stack and isinstance(symbols, KerasTensor):
            model.build((None, *symbols.shape[1:]))
        ends = _known_outputs(model)
        if ends is not None:
            return ends
    outputs = infer(lambda inputs: model(inputs, training=False), (symbols,), {}, Carried(model.variables))
    model._clear_losses()
    return outputs


def _known_outputs(model: Any) -> Any:
    return model.output if model._has_graph else None


# -- fit -----------------------------------------------------------------------------------------


def fit(model: Any, x: Any, y: Any, **options: Any) -> Any:
    """See `Trainer.fit`."""
    with ExitStack() as held:
        return _fit(held, model, x, y, **options)


def _fit(
    held: ExitStack,
    model: Any,
    x: Any,
    y: Any,
    *,
    batch_size: int | None,
    epochs: int,
    verbose: int | str,
    callbacks: Any,
    validation_split: float,
    validation_data: Any,
    shuffle: bool | str,
    class_weight: Any,
    sample_weight: Any,
    initial_epoch: int,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    validation_batch_size: int | None,
    validation_freq: int | Sequence[int],
) -> Any:
    """`fit`; `held` closes what it opens."""
    epochs = _capped(epochs, config.max_epochs())
    steps_per_epoch = _capped(steps_per_epoch, config.max_steps_per_epoch())
    checks.source(x, steps_per_epoch, "fit", "steps_per_epoch")
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = train_validation_split((x, y, sample_weight), validation_split)
    adapter = make_adapter(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        steps=steps_per_epoch,
        shuffle=shuffle,
        class_weight=None,
    )
    held.callback(adapter.close)
    model._prepare(adapter.peek(), "train")
    if class_weight is not None:
        adapter.weigh_classes(class_weight, _output_shape(model))
    checks.data(model, adapter)
    validation = None
    if validation_data is not None:
        validation = _validation(held, model, validation_data, validation_batch_size or batch_size, validation_steps)
    listeners = CallbackList(
        callbacks,
        add_history=True,
        add_progbar=verbose != 0,
        model=model,
        validation=_validated_epochs(validation, validation_freq, initial_epoch, epochs),
        verbose=verbose,
        epochs=epochs,
        steps=adapter.steps,
    )
    model.stop_training = False
    engine = model._engine.value
    with _session(model, listeners):
        runner = _runner(model, adapter, "train", listeners)
        listeners.on_train_begin()
        logs: Logs = {}
        for epoch in range(initial_epoch, epochs):
            engine.reset_metrics()
            listeners.on_epoch_begin(epoch)
            try:
                logs = runner.epoch()
            except _RanOut:
                if epoch == initial_epoch:
                    raise
                break  # with the warning that there was too little data
            if validation is not None and _is_due(epoch, validation_freq):
                results = validation.run(listeners)
                logs = {**logs, **{f"val_{name}": value for name, value in results.items()}}
            logs = _ordered(logs)
            listeners.on_epoch_end(epoch, logs)
            if listeners.params.get("steps") is None:
                listeners.params["steps"] = runner.seen
            if model.stop_training or runner.exhausted:
                break
        if model.optimizer is not None and epochs > initial_epoch:
            model.optimizer.finalize_variable_values(model.trainable_variables)
        listeners.on_train_end(logs)
    return listeners.history


def _capped(value: int | None, limit: int | None) -> Any:
    return value if limit is None else limit if value is None else min(value, limit)


def _ordered(logs: Logs) -> Logs:
    """The logs by name, as Keras gives them."""
    return dict(sorted(logs.items()))


def _is_due(epoch: int, freq: int | Sequence[int]) -> bool:
    return (epoch + 1) % freq == 0 if isinstance(freq, int) else epoch + 1 in freq


def _validated_epochs(validation: Any, freq: int | Sequence[int], first: int, last: int) -> Any:
    if validation is None:
        return None
    return [epoch + 1 for epoch in range(first, last) if _is_due(epoch, freq)]


def _output_shape(model: Any) -> Any:
    loss = model._compiled_loss
    if loss is None and not model._has_graph:
        return None
    return tuple(tree.flatten(model.output if loss is None else loss.outputs.structure)[0].shape)


@contextmanager
def _session(model: Any, listeners: CallbackList) -> Iterator[None]:
    """Leave the model clean and the terminal on a new line, whatever happens inside."""
    try:
        yield
    finally:
        listeners.close()
        if model.run_eagerly:  # a compiled step leaves none behind
            model._clear_losses()


# -- one epoch -----------------------------------------------------------------------------------


def _runner(model: Any, adapter: Any, mode: str, listeners: CallbackList) -> Any:
    if model.run_eagerly:
        return EagerRunner(model, adapter, mode, listeners)
    if adapter.in_memory and fits(leaves_of(adapter.arrays)):
        return ResidentRunner(model, adapter, listeners)
    return BatchRunner(model, adapter, mode, listeners)


class _RanOut(DataError):
    """A source gave no batch at all."""


class Runner:
    """Runs the epochs of one fit or evaluation.

    Attributes:
        seen: the steps of the last epoch.
        exhausted: whether the data ran out before the epoch was full.
        custom: whether the logs are what the step returns, not what the metrics hold.
    """

    def __init__(self, model: Any, adapter: Any, mode: str, listeners: CallbackList) -> None:
        self.model, self.adapter, self.mode, self.listeners = model, adapter, mode, listeners
        self.engine = model._engine.value
        self.seen = 0
        self.exhausted = False
        self.begin = getattr(listeners, f"on_{mode}_batch_begin")
        self.end = getattr(listeners, f"on_{mode}_batch_end")
        self.every_step = listeners.wants_batches(mode)
        self.custom = self._returns_logs()
        self._custom: Logs | None = None  # what a step of the user's returned last

    def _returns_logs(self) -> bool:
        names = ("train_step" if self.mode == "train" else "test_step", "compute_metrics", "get_metrics_result")
        return any(
            not getattr(getattr(type(self.model), name), "_is_default", name == "get_metrics_result") for name in names
        )

    def deferred(self) -> Logs:
        """The logs so far, fetched if anyone looks."""
        if self.custom:
            last = self._custom or {}
            return DeferredLogs(last, lambda: _floats(last))
        results = self.engine.results(self.mode)
        return DeferredLogs(results.log_names, results.deferred())

    def logs(self) -> Logs:
        """The logs so far, as floats; waits for the device."""
        if self.custom:
            return _floats(self._custom or {})
        results = self.engine.results(self.mode)
        return results.unpack(results())


class ResidentRunner(Runner):
    """Runs epochs over data that stays on the device, as many steps in one dispatch as listeners allow.

    The device never waits for Python: a dispatch is followed by the next one before anyone is told of its
    logs, so the progress bar lags one dispatch behind. Where a callback listens to single batches, it is
    told of each at once.
    """

    def __init__(self, model: Any, adapter: Any, listeners: CallbackList) -> None:
        super().__init__(model, adapter, "train", listeners)
        self.feed = Resident(adapter)
        if self.engine.rowwise("train"):
            self.feed.widen()

    def epoch(self) -> Logs:
        """Run an epoch; its logs."""
        feed, model, engine = self.feed, self.model, self.engine
        feed.begin(None)
        self.every_step = self.listeners.wants_batches("train")
        told = Lagging(self)
        plan = None
        index = 0
        while index < feed.steps:
            self.begin(index)
            if engine.refresh() or plan is None:
                plan = self._plan()
            step, whole, run = plan
            if index >= whole:
                self._run_tail()
                index += 1
            else:
                stop = index + 1 if self.every_step else min(index + told.stride(step), whole)
                run(index, stop)
                index = stop
            if self.every_step:
                self.end(index - 1, self.deferred())
                if model.stop_training:
                    break
            else:
                told.dispatched(index)
        told.finish()
        self.seen = index
        return self.logs()

    def _plan(self) -> tuple[Any, int, Callable[[int, int], None]]:
        """The step, how many batches it serves, and what runs those from one index up to another."""
        feed, engine = self.feed, self.engine
        rowwise = engine.rowwise("train")
        step = engine.step("train", feed.batch_spec(), feed.padded and rowwise)
        whole = feed.steps - 1 if feed.tail() and not rowwise else feed.steps
        data, order, rows = feed.data, feed.order, np.int32(feed.rows)
        if engine.loops(step) and not self.custom and not self.every_step:
            many = engine.program("fused", step, feed.batch_size)

            def run(start: int, stop: int) -> None:
                step.put(many(step.values(), data, order, start, stop, rows))
        else:
            one = engine.program("gathered", step, feed.batch_size)

            def run(start: int, stop: int) -> None:
                for at in range(start, stop):
                    outs, moved = one(step.values(), data, order, at, rows)
                    step.put(moved)
                    if self.custom:
                        self._custom = step.pack(outs)

        return step, whole, run

    def _run_tail(self) -> None:
        feed, engine = self.feed, self.engine
        step = engine.step("train", feed.batch_spec(feed.tail()), False)
        program = engine.program("single", step)
        outs, moved = program(step.values(), feed.tail_batch(), _no_mask(step.rows))
        step.put(moved)
        if self.custom:
            self._custom = step.pack(outs)


class Lagging:
    """Tells the progress bar of each dispatch once the next one is under way, and paces them.

    Args:
        runner: whose dispatches they are.
    """

    def __init__(self, runner: ResidentRunner) -> None:
        self.runner = runner
        self.results = None if runner.custom else runner.engine.results("train")
        self.pace = runner.engine.pace  # step -> seconds, from earlier epochs and fits
        self._waiting: tuple[int, int, Any, Any] | None = None
        self._last = 0
        self._since = time.perf_counter()
        self._step: Any = None

    def stride(self, step: Any) -> int:
        """How many steps the next dispatch should run, to take about `DISPATCH` seconds."""
        if step is not self._step:
            self._since = time.perf_counter()
            self._step = step
        seconds = self.pace.get(id(step))
        return 1 if seconds is None else max(1, min(int(DISPATCH / seconds), 1_000_000))

    def dispatched(self, index: int) -> None:
        """Steps up to `index` are under way: wait for those before, and tell of them."""
        self._tell()
        packed = self.results() if self.results is not None else None
        self._waiting = index, index - self._last, packed, self._step
        self._last = index

    def finish(self) -> None:
        """Tell of what is left."""
        self._tell()

    def _tell(self) -> None:
        if self._waiting is None:
            return
        index, count, packed, step = self._waiting
        self._waiting = None
        results = self.results
        if results is None:
            self.runner.end(index - 1, self.runner.logs)
        else:
            jax.block_until_ready(packed)
            self.runner.end(index - 1, lambda: results.unpack(packed))
        now = time.perf_counter()
        self._learn(step, (now - self._since) / count)
        self._since = now

    def _learn(self, step: Any, seconds: float) -> None:
        """Remember how long a step takes; the first dispatch compiles, so it only says "at most"."""
        known = self.pace.get(id(step))
        if known is None:
            self.pace[id(step)] = max(seconds / 16, 1e-7)  # the next dispatch runs longer and tells more
        else:
            self.pace[id(step)] = max(0.5 * known + 0.5 * seconds, known / 16, 1e-7)


def _no_mask(rows: int) -> Any:
    return np.ones(rows, bool)


class BatchRunner(Runner):
    """Runs epochs over batches that come from outside, one dispatch each."""

    def __init__(self, model: Any, adapter: Any, mode: str, listeners: CallbackList, steps: int | None = None) -> None:
        super().__init__(model, adapter, mode, listeners)
        self.size = 0  # of the largest batch so far: shorter ones are filled up to it

    def epoch(self) -> Logs:
        """Run an epoch; its logs."""
        index = 0
        with Epoch(self.adapter, transform=put if self.adapter.in_memory else _taken) as batches:
            for batch in batches:
                self.begin(index)
                self.engine.refresh()
                self._run(batch)
                self.end(index, self.deferred())
                index += 1
                if self.model.stop_training and self.mode == "train":
                    break
            self.exhausted = batches.exhausted
        self.seen = index
        if index == 0:
            raise _RanOut(self.adapter.where, got="no batch", expected="at least one")
        return self.logs()

    def _run(self, batch: tuple) -> None:
        step, outs, _ = self.step(batch)
        if self.custom:
            self._custom = step.pack(outs)

    def step(self, batch: tuple) -> tuple[Any, list[Any], int]:
        """One step: what ran, what it gave for the batch filled up, the rows of that which count."""
        leaves = leaves_of(batch)
        rows = leaves[0].shape[0]
        padded = self.engine.rowwise(self.mode)  # full batches too, so that one program serves all
        many = placement.batch_multiple() if padded else 1
        self.size = max(self.size, -(-rows // many) * many)
        if padded:
            spec = tree.map_structure(
                lambda leaf: None if leaf is None else jax.ShapeDtypeStruct((self.size, *leaf.shape[1:]), leaf.dtype),
                batch,
            )
            leaves = padded_batch(leaves, self.size)
        else:
            spec = batch
        if placement.current is not None:
            leaves = [placement.batch_rows(leaf) for leaf in leaves]
        step = self.engine.step(self.mode, spec, padded)
        program = self.engine.program("single", step)
        outs, moved = program(step.values(), leaves, np.arange(step.rows) < rows)
        step.put(moved)
        return step, outs, rows


def put(batch: tuple) -> tuple:
    """A batch on the device."""
    return tree.map_structure(lambda leaf: None if leaf is None else jax.device_put(leaf), batch)


def _taken(batch: tuple) -> tuple:
    """A batch on the device that shares nothing with its source, which may fill the same buffers again."""
    return tree.map_structure(lambda leaf: jax.device_put(leaf.copy()) if isinstance(leaf, np.ndarray) else leaf, batch)


class EagerRunner(Runner):
    """Runs steps as plain Python, on concrete values."""

    def epoch(self) -> Logs:
        """Run an epoch; its logs."""
        index = 0
        with Epoch(self.adapter, depth=0) as batches:
            for batch in batches:
                self.begin(index)
                batch = put(batch) if self.adapter.in_memory else _taken(batch)
                self._custom = _eagerly(self.engine, self.mode, batch)
                self.end(index, self.logs)
                index += 1
                if self.model.stop_training and self.mode == "train":
                    break
            self.exhausted = batches.exhausted
        self.seen = index
        return self.logs()

    def logs(self) -> Logs:
        """What the last step returned."""
        return _floats(self._custom or {})


def _eagerly(engine: Any, mode: str, batch: Any) -> Any:
    """A step as plain Python; one that fails half-way leaves every Variable as it was."""
    carried = engine.carried(mode)

    def attempt() -> Any:
        variables, values = list(carried.variables), carried.values()
        try:
            return engine.fn(mode)(batch)
        except BaseException:
            for variable, value in zip(variables, values, strict=True):
                nnx_private.put(variable, value)
            raise

    return discover(attempt, carried)


def _floats(logs: Any) -> Logs:
    if not isinstance(logs, dict):
        raise ArgumentError("A step", got=f"{type(logs).__name__} as its result", expected="a dict, name -> value")
    return {name: _float(value) for name, value in logs.items()}


def _float(value: Any) -> Any:
    if hasattr(value, "result") and callable(value.result):
        value = value.result()
    array = np.asarray(value)
    return float(array) if array.shape == () else array


# -- evaluate ------------------------------------------------------------------------------------


class BlockRunner(Runner):
    """Evaluates arrays block by block, many batches in one dispatch."""

    def __init__(self, model: Any, adapter: Any, listeners: CallbackList, keep: bool) -> None:
        super().__init__(model, adapter, "test", listeners)
        self.keep = keep
        self.blocks: Blocks | None = None

    def epoch(self) -> Logs:
        """Evaluate all rows; the logs."""
        engine = self.engine
        engine.refresh()
        if self.blocks is None:
            self.blocks, _ = engine.blocks(self.adapter, "test", self.keep)
        blocks = self.blocks
        rowwise = engine.rowwise("test")
        index = 0
        if self.every_step or self.custom:
            blocks.per_block = 1
        for block, count, rows in blocks:
            self.begin(index)
            partial = rows % blocks.batch_size
            if partial and not rowwise:
                self._run(block, count - 1, (count - 1) * blocks.batch_size)
                self._run_short([leaf[(count - 1) * blocks.batch_size :][:partial] for leaf in block], partial)
            else:
                self._run(block, count, rows)
            index += count
            self.end(index - 1, self.logs)
        self.seen = index
        return self.logs()

    def _run(self, block: list[Any], count: int, rows: int) -> None:
        if count == 0:
            return
        blocks = self.blocks
        assert blocks is not None
        padded = self.engine.rowwise("test") and blocks.rows % blocks.batch_size != 0
        step = self.engine.step("test", blocks.batch_spec(), padded)
        program = self.engine.program("blockwise", step, blocks.batch_size, self.custom)
        outs, moved = program(step.values(), block, np.int32(count), np.int32(rows))
        step.put(moved)
        if self.custom:
            self._custom = step.pack(outs)

    def _run_short(self, leaves: list[Any], rows: int) -> None:
        blocks = self.blocks
        assert blocks is not None
        step = self.engine.step("test", blocks.batch_spec(rows), False)
        outs, moved = self.engine.program("single", step)(step.values(), leaves, _no_mask(rows))
        step.put(moved)
        if self.custom:
            self._custom = step.pack(outs)


class Validation:
    """The validation of a fit: prepared once, run after each epoch."""

    def __init__(self, model: Any, adapter: Any) -> None:
        self.model, self.adapter = model, adapter
        self.runner: Any = None

    def run(self, listeners: CallbackList) -> Logs:
        """Evaluate; the logs. The training logs must have been taken before."""
        if self.runner is None:
            self.runner = _test_runner(self.model, self.adapter, listeners, keep=True)
        self.model._engine.value.reset_metrics()
        listeners.on_test_begin()
        logs = self.runner.epoch()
        listeners.on_test_end(_ordered(logs))
        return logs


def _test_runner(model: Any, adapter: Any, listeners: CallbackList, keep: bool) -> Any:
    if model.run_eagerly:
        return EagerRunner(model, adapter, "test", listeners)
    if adapter.in_memory:
        return BlockRunner(model, adapter, listeners, keep and fits(leaves_of(adapter.arrays)))
    return BatchRunner(model, adapter, "test", listeners)


def _validation(held: ExitStack, model: Any, data: Any, batch_size: int | None, steps: int | None) -> Validation:
    where = "fit: validation_data"
    if isinstance(data, (list, tuple)) and len(data) in (2, 3) and not hasattr(data, "num_batches"):
        x, y, weight = (*data, None)[:3]
        adapter = make_adapter(x, y, weight, batch_size=batch_size, steps=steps, shuffle=False, where=where)
    else:
        checks.source(data, steps, where, "validation_steps")
        adapter = make_adapter(data, batch_size=batch_size, steps=steps, shuffle=False, where=where)
    held.callback(adapter.close)
    model._prepare(adapter.peek(), "test")
    checks.data(model, adapter)
    return Validation(model, adapter)


def evaluate(model: Any, x: Any, y: Any, **options: Any) -> Logs:
    """See `Trainer.evaluate`."""
    with ExitStack() as held:
        return _evaluate(held, model, x, y, **options)


def _evaluate(
    held: ExitStack,
    model: Any,
    x: Any,
    y: Any,
    *,
    batch_size: int | None,
    verbose: int | str,
    sample_weight: Any,
    steps: int | None,
    callbacks: Any,
) -> Logs:
    checks.source(x, steps, "evaluate", "steps")
    adapter = make_adapter(x, y, sample_weight, batch_size=batch_size, steps=steps, shuffle=False, where="evaluate")
    held.callback(adapter.close)
    model._prepare(adapter.peek(), "test")
    checks.data(model, adapter)
    listeners = CallbackList(
        callbacks, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1, steps=adapter.steps
    )
    with _session(model, listeners):
        runner = _test_runner(model, adapter, listeners, keep=False)
        model._engine.value.reset_metrics()
        listeners.on_test_begin()
        logs = runner.epoch()
        listeners.on_test_end(_ordered(logs))
    return logs


# -- predict -------------------------------------------------------------------------------------


def predict(model: Any, x: Any, **options: Any) -> Any:
    """See `Trainer.predict`."""
    with ExitStack() as held:
        return _predict(held, model, x, **options)


def _predict(
    held: ExitStack,
    model: Any,
    x: Any,
    *,
    batch_size: int | None,
    verbose: int | str,
    steps: int | None,
    callbacks: Any,
) -> Any:
    checks.source(x, steps, "predict", "steps")
    adapter = make_adapter(x, batch_size=batch_size, steps=steps, shuffle=False, where="predict")
    held.callback(adapter.close)
    model._prepare(adapter.peek(), "predict")
    checks.data(model, adapter)
    listeners = CallbackList(
        callbacks, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1, steps=adapter.steps
    )
    with _session(model, listeners):
        listeners.on_predict_begin()
        if adapter.in_memory and not model.run_eagerly:
            outputs = _predict_blocks(model, adapter, listeners)
        else:
            outputs = _predict_batches(model, adapter, listeners)
        listeners.on_predict_end()
    return outputs


def _predict_blocks(model: Any, adapter: Any, listeners: CallbackList) -> Any:
    engine = model._engine.value
    engine.refresh()
    rowwise = engine.rowwise("predict")
    blocks, step = engine.blocks(adapter, "predict", keep=False)
    if listeners.wants_batches("predict"):
        blocks.per_block = 1
    program = engine.program("blockwise", step, blocks.batch_size, True)
    parts: list[list[np.ndarray]] = []
    waiting: tuple[Any, int] | None = None
    index = 0
    for block, count, rows in blocks:
        listeners.on_predict_batch_begin(index)
        partial = rows % blocks.batch_size
        short: list[Any] | None = None
        if partial and not rowwise:
            short = [leaf[(count - 1) * blocks.batch_size :][:partial] for leaf in block]
            count, rows = count - 1, rows - partial
        if count:
            outs, moved = program(step.values(), block, np.int32(count), np.int32(rows))
            step.put(moved)
            if waiting is not None:  # fetched while the next block is computed
                parts.append(_fetched(*waiting))
            waiting = outs, rows
            index += count
        if short is not None:
            if waiting is not None:
                parts.append(_fetched(*waiting))
            last = engine.step("predict", blocks.batch_spec(partial), False)
            outs, moved = engine.program("single", last)(last.values(), short, _no_mask(partial))
            last.put(moved)
            waiting = outs, partial
            step = last if step is None else step
            index += 1
        listeners.on_predict_batch_end(index - 1)
    if waiting is not None:
        parts.append(_fetched(*waiting))
    return step.pack([np.concatenate(pieces) if len(pieces) > 1 else pieces[0] for pieces in zip(*parts, strict=True)])


def _fetched(outs: list[Any], rows: int) -> list[np.ndarray]:
    return [np.array(np.asarray(out)[:rows]) for out in outs]  # a copy: the caller may write on it


def _predict_batches(model: Any, adapter: Any, listeners: CallbackList) -> Any:
    engine = model._engine.value
    engine.refresh()
    parts: list[Any] = []
    runner = BatchRunner(model, adapter, "predict", listeners)
    with Epoch(adapter, transform=put if adapter.in_memory else _taken, depth=0 if model.run_eagerly else 2) as batches:
        for index, batch in enumerate(batches):
            listeners.on_predict_batch_begin(index)
            if model.run_eagerly:
                out = model.predict_step(batch)
            else:
                out = _predict_one(runner, batch)
            parts.append(tree.map_structure(np.asarray, out))
            listeners.on_predict_batch_end(index)
    if not parts:
        raise DataError("predict", got="no batch", expected="at least one")
    return tree.map_structure(lambda *pieces: np.concatenate(pieces), *parts)


def _predict_one(runner: BatchRunner, batch: tuple) -> Any:
    batch = (batch[0], None, None)
    step, outs, rows = runner.step(batch)
    return step.pack([out[:rows] if step.padded else out for out in outs])


# -- single batches ------------------------------------------------------------------------------


def on_batch(model: Any, mode: str, x: Any, y: Any, sample_weight: Any, class_weight: Any) -> Logs:
    """One step on a batch given."""
    where = f"{mode}_on_batch"
    adapter: Any = make_adapter(x, y, sample_weight, batch_size=2**31 - 1, shuffle=False, where=where)
    model._prepare(adapter.peek(), mode)
    if class_weight is not None:
        adapter.weigh_classes(class_weight, _output_shape(model))
    batch = put(adapter.arrays)
    engine = model._engine.value
    engine.refresh()
    engine.reset_metrics()
    if model.run_eagerly:
        return _floats(_eagerly(engine, mode, batch))
    step = engine.step(mode, batch, False)
    leaves = leaves_of(batch)
    outs, moved = engine.program("single", step)(step.values(), leaves, _no_mask(step.rows))
    step.put(moved)
    return _floats(step.pack(outs))


def predict_on_batch(model: Any, x: Any) -> Any:
    """The outputs for a batch given."""
    adapter: Any = make_adapter(x, batch_size=2**31 - 1, shuffle=False, where="predict_on_batch")
    model._prepare(adapter.peek(), "predict")
    batch = put(adapter.arrays)
    engine = model._engine.value
    engine.refresh()
    if model.run_eagerly:
        return tree.map_structure(np.asarray, model.predict_step(batch))
    runner = BatchRunner(model, adapter, "predict", CallbackList(None, model=model))
    return tree.map_structure(np.asarray, _predict_one(runner, batch))


__all__ = ["evaluate", "fit", "on_batch", "outputs_for", "predict", "predict_on_batch", "put"]
