"""Epochs: fit, evaluate and predict hand the same runners different steps."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from .. import config, tree
from .._core.interrupts import kept_whole
from .._core.stateful import Carried
from .._errors import ArgumentError, DataError, Unsupported
from .._graph.shape import infer
from .._graph.tensor import KerasTensor
from .._types import Logs
from ..callbacks import CallbackList
from ..callbacks._logs import DeferredLogs
from ..data._adapters import Epoch, make_adapter, train_validation_split, unpack_x_y_sample_weight
from . import checks, custom, hosted
from .feed import fits, leaves_of
from .repeated import Known, Request, remember, request
from .reports import floats
from .resident import ResidentRunner
from .resume import Run
from .runners import (
    BatchRunner,
    BlockRunner,
    EagerRunner,
    FunctionRunner,
    RanOut,
    eagerly,
    for_step,
    no_mask,
    put,
    taken,
)
from .stacks import StackRunner


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


@kept_whole()
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
    hosted.take_over(model, adapter, "train")
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
    with _session(model, listeners):
        runner = _runner(model, adapter, "train", listeners)
        listeners.on_train_begin()
        run = Run(model, runner, validation, listeners, initial_epoch, epochs)
        run.begin()
        _run_epochs(run, validation_freq)
        if model.optimizer is not None and run.trained:
            model.optimizer.finalize_variable_values(model.trainable_variables)
        listeners.on_train_end(run.logs)
    return listeners.history


def _run_epochs(run: Run, validation_freq: int | Sequence[int]) -> None:
    """Train and validate, until all epochs are done, the data has run out or a callback says so."""
    runner, listeners = run.runner, run.listeners
    for epoch in run.left:
        run.epoch_begins(epoch)
        try:
            logs = runner.epoch()
        except RanOut:
            if epoch == run.first:
                raise
            break  # with the warning that there was too little data
        if run.validation is not None and _is_due(epoch, validation_freq):
            results = run.validation.run(listeners)
            logs = {**logs, **{f"val_{name}": value for name, value in results.items()}}
        logs = _ordered(logs)
        listeners.on_epoch_end(epoch, logs)
        if listeners.params.get("steps") is None:
            listeners.params["steps"] = runner.seen
        run.epoch_ended(epoch, logs)
        if run.model.stop_training or runner.exhausted:
            break


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
    function = custom.function(model, mode)
    if function is not None:
        return FunctionRunner(model, adapter, mode, listeners, function)
    if model.run_eagerly:
        return EagerRunner(model, adapter, mode, listeners)
    if adapter.in_memory and fits(leaves_of(adapter.arrays)):
        return ResidentRunner(model, adapter, listeners)
    return StackRunner(model, adapter, mode, listeners)


# -- evaluate ------------------------------------------------------------------------------------


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
    function = custom.function(model, "test")
    if function is not None:
        return FunctionRunner(model, adapter, "test", listeners, function)
    if model.run_eagerly:
        return EagerRunner(model, adapter, "test", listeners)
    if adapter.in_memory:
        return BlockRunner(model, adapter, listeners, keep and fits(leaves_of(adapter.arrays)))
    return StackRunner(model, adapter, "test", listeners)


def _validation(held: ExitStack, model: Any, data: Any, batch_size: int | None, steps: int | None) -> Validation:
    where = "fit: validation_data"
    if isinstance(data, (list, tuple)) and len(data) in (2, 3) and not hasattr(data, "num_batches"):
        x, y, weight = (*data, None)[:3]
        adapter = make_adapter(x, y, weight, batch_size=batch_size, steps=steps, shuffle=False, where=where)
    else:
        checks.source(data, steps, where, "validation_steps")
        adapter = make_adapter(data, batch_size=batch_size, steps=steps, shuffle=False, where=where)
    held.callback(adapter.close)
    hosted.take_over(model, adapter, "test")
    model._prepare(adapter.peek(), "test")
    checks.data(model, adapter)
    return Validation(model, adapter)


@kept_whole()
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
    hosted.take_over(model, adapter, "test")
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


@kept_whole()
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
    if custom.overridden(model, "make_predict_function"):
        raise Unsupported(
            f"make_predict_function of {type(model).__name__}", hint="override predict_step(self, data) in its place"
        )
    engine = model._engine.value
    engine.refresh()
    asked = None if model.run_eagerly else request(x, batch_size, steps)
    known = None if asked is None else engine.now.repeated.get(asked.key)
    if known is None:
        checks.source(x, steps, "predict", "steps")
        adapter = make_adapter(x, batch_size=batch_size, steps=steps, shuffle=False, where="predict")
        held.callback(adapter.close)
        hosted.take_over(model, adapter, "predict")
        model._prepare(adapter.peek(), "predict")
        checks.data(model, adapter)
        count = adapter.steps
    else:
        checks.tokens(model, x)
        count = 1
    listeners = CallbackList(callbacks, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1, steps=count)
    with _session(model, listeners):
        listeners.on_predict_begin()
        if known is not None and asked is not None:
            outputs = _predict_again(known, asked, listeners)
        elif adapter.in_memory and not model.run_eagerly:
            outputs = _predict_blocks(model, adapter, listeners, asked)
        else:
            outputs = _predict_batches(model, adapter, listeners)
        listeners.on_predict_end()
    return model._complete_on_host(outputs)


def _predict_again(known: Known, asked: Request, listeners: CallbackList) -> Any:
    listeners.on_predict_batch_begin(0)
    outs = known.run(asked.leaves)
    listeners.on_predict_batch_end(0)
    return known.step.pack(_fetched(outs, known.rows))


def _predict_blocks(model: Any, adapter: Any, listeners: CallbackList, asked: Request | None) -> Any:
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
            outs = program(block, np.int32(count), np.int32(rows))
            if waiting is not None:  # fetched while the next block is computed
                parts.append(_fetched(*waiting))
            waiting = outs, rows
            index += count
        if short is not None:
            if waiting is not None:
                parts.append(_fetched(*waiting))
            last = engine.step("predict", blocks.batch_spec(partial), False)
            outs = engine.program("single", last)(short, no_mask(partial))
            waiting = outs, partial
            step = last if step is None else step
            index += 1
        listeners.on_predict_batch_end(index - 1)
    if blocks.rows == adapter.rows <= blocks.batch_size and not step.way:
        remember(engine.now.repeated, asked, adapter, Known(step, program, blocks.batch_size, blocks.rows))
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
    own = not adapter.in_memory
    ready = (taken if own else put) if model.run_eagerly else functools.partial(for_step, own=own)
    with Epoch(adapter, transform=ready, depth=0 if model.run_eagerly else 2) as batches:
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


def _one_batch(where: str, *parts: Any) -> Any:
    """The adapter of arrays that are one batch."""
    adapter: Any = make_adapter(*parts, batch_size=2**31 - 1, shuffle=False, where=where)
    if not adapter.in_memory:
        adapter.close()
        raise ArgumentError(
            where,
            got=f"a source of batches, a {type(parts[0]).__name__}",
            expected="the arrays of one batch",
            hint="take one with next(iter(source)), or call fit, evaluate or predict",
        )
    return adapter


@kept_whole()
def on_batch(model: Any, mode: str, x: Any, y: Any, sample_weight: Any, class_weight: Any) -> Logs:
    """One step on a batch given."""
    where = f"{mode}_on_batch"
    adapter = _one_batch(where, x, y, sample_weight)
    hosted.take_over(model, adapter, mode)
    model._prepare(adapter.peek(), mode)
    if class_weight is not None:
        adapter.weigh_classes(class_weight, _output_shape(model))
    batch = put(adapter.whole())
    engine = model._engine.value
    engine.refresh()
    engine.reset_metrics()
    if model.run_eagerly:
        return floats(eagerly(engine, mode, batch))
    step = engine.step(mode, batch, False)
    leaves = leaves_of(batch)
    outs = engine.program("single", step)(leaves, no_mask(step.rows))
    return step.report.unpack(outs)


def on_next(model: Any, mode: str, iterator: Iterator) -> Any:
    """One step on the next batch of an iterator: its logs, fetched if anyone looks, or its outputs on the device."""
    x, y, sample_weight = unpack_x_y_sample_weight(next(iterator))
    batch = hosted.prepared(model, x), y, sample_weight
    model._prepare(batch, mode)
    engine = model._engine.value
    engine.refresh()
    if model.run_eagerly:
        return eagerly(engine, mode, batch)
    step = engine.step(mode, batch, False)
    outs = engine.program("single", step)(leaves_of(batch), no_mask(step.rows))
    return step.pack(outs) if mode == "predict" else DeferredLogs(step.report.names, lambda: step.report.unpack(outs))


@kept_whole()
def predict_on_batch(model: Any, x: Any) -> Any:
    """The outputs for a batch given."""
    adapter = _one_batch("predict_on_batch", x)
    hosted.take_over(model, adapter, "predict")
    model._prepare(adapter.peek(), "predict")
    batch = put(adapter.whole())
    engine = model._engine.value
    engine.refresh()
    if model.run_eagerly:
        return model._complete_on_host(tree.map_structure(np.asarray, model.predict_step(batch)))
    runner = BatchRunner(model, adapter, "predict", CallbackList(None, model=model))
    return model._complete_on_host(tree.map_structure(np.asarray, _predict_one(runner, batch)))


__all__ = ["evaluate", "fit", "on_batch", "on_next", "outputs_for", "predict", "predict_on_batch"]
