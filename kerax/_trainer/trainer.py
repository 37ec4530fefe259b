"""Trainer: compile, fit, evaluate, predict and the steps they take, as methods of a model.

What the methods do is elsewhere: `compile.py` makes objects of what compile was given, `loop.py`
runs epochs, `engine.py` and `programs.py` compile the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from .. import config, losses, metrics, optimizers, tree
from .._core.module import Opaque
from .._core.stateful import Carried, pure
from .._errors import ArgumentError, NotCompiledError, ShapeError, StateError
from .._serial import deserialize_keras_object, serialize_keras_object
from .._types import Config, Logs
from ..data._adapters import unpack_x_y_sample_weight
from . import checks, custom, loop, steps
from . import compile as compiling
from .custom import CompiledLossCall, CompiledMetricsCall
from .engine import Engine
from .runners import put

if TYPE_CHECKING:
    from ..dtype_policies import DTypePolicy


class Compiled:
    """What `compile` was given, and what became of it."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments = arguments
        self.optimizer: Any = None
        self.loss: Any = None  # CompiledLoss, once the outputs are known
        self.metrics: Any = None  # CompiledMetrics, likewise
        self.loss_tracker = metrics.Mean(name="loss")
        self.run_eagerly = False


class Trainer:
    """The part of a model that trains. A mixin for `Model`."""

    _compiled: Opaque
    _engine: Opaque
    _history: Opaque

    if TYPE_CHECKING:  # what the layer is that it is mixed into
        name: str
        built: bool
        dtype_policy: DTypePolicy
        _has_graph: bool

        @property
        def losses(self) -> list[Any]: ...

        @property
        def trainable_variables(self) -> list[Any]: ...
        @property
        def non_trainable_variables(self) -> list[Any]: ...
        @property
        def metrics_variables(self) -> list[Any]: ...

        def _inner_metrics(self) -> list[Any]: ...
        def _inner_unbuilt(self) -> bool: ...
        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def _start_trainer(self) -> None:
        object.__setattr__(self, "_compiled", Opaque())
        object.__setattr__(self, "_engine", Opaque())
        object.__setattr__(self, "stop_training", False)
        object.__setattr__(self, "_history", Opaque())
        self._engine.value = Engine(self)

    # -- compile -------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is to be trained.

        Args:
            optimizer: name, object, config, or an optax GradientTransformation.
            loss: name, function or object; a list or dict of them, one for each output.
            loss_weights: number, list or dict: what each loss counts in the total.
            metrics: names, functions or objects; lists or dicts of them by output.
            weighted_metrics: likewise, for those that see the sample weights.
            run_eagerly: run steps as plain Python: slow, for looking inside.
            steps_per_execution: kept for compatibility; steps are fused by themselves.
            jit_compile: kept for compatibility; steps are compiled unless they run eagerly.
            auto_scale_loss: scale the loss under the policy `mixed_float16`.

        Raises:
            ArgumentError: an unknown name; the message lists near matches.
        """
        compiled = Compiled(
            {
                "optimizer": optimizer,
                "loss": loss,
                "loss_weights": loss_weights,
                "metrics": metrics,
                "weighted_metrics": weighted_metrics,
                "run_eagerly": run_eagerly,
                "steps_per_execution": steps_per_execution,
                "jit_compile": jit_compile,
                "auto_scale_loss": auto_scale_loss,
            }
        )
        compiled.optimizer = optimizers.get(optimizer)
        if auto_scale_loss and self.dtype_policy.name == "mixed_float16" and compiled.optimizer is not None:
            if not isinstance(compiled.optimizer, optimizers.LossScaleOptimizer):
                compiled.optimizer = optimizers.LossScaleOptimizer(compiled.optimizer, name="loss_scale_optimizer")
        _check_names(loss, losses_get)
        _check_names(metrics, metrics_get)
        _check_names(weighted_metrics, metrics_get)
        compiled.run_eagerly = bool(run_eagerly)
        self._compiled.value = compiled
        self._engine.value.clear()
        object.__setattr__(self, "stop_training", False)

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._compiled.value is not None

    def _need_compiled(self, what: str) -> Compiled:
        compiled = self._compiled.value
        if compiled is None:
            raise NotCompiledError(
                f"{what}() of {type(self).__name__} {self.name!r}",
                got="a model that is not compiled",
                hint="call model.compile(optimizer=…, loss=…) first",
            )
        return compiled

    @property
    def optimizer(self) -> Any:
        """The optimizer of `compile`, or None."""
        compiled = self._compiled.value
        return None if compiled is None else compiled.optimizer

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        if self._compiled.value is None:
            self._compiled.value = Compiled({})
        self._compiled.value.optimizer = optimizers.get(value)
        self._engine.value.clear()

    @property
    def loss(self) -> Any:
        """The loss as given to `compile`."""
        compiled = self._compiled.value
        return None if compiled is None else compiled.arguments.get("loss")

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python: as `compile` was told, or under `config.run_functions_eagerly(True)`."""
        compiled = self._compiled.value
        return config.functions_run_eagerly() or (compiled is not None and compiled.run_eagerly)

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._need_compiled("run_eagerly").run_eagerly = bool(value)

    @property
    def jit_compile(self) -> bool:
        """Whether steps are compiled."""
        return not self.run_eagerly

    @property
    def history(self) -> Any:
        """The History of the last fit."""
        return self._history.value

    @history.setter
    def history(self, value: Any) -> None:
        self._history.value = value

    @property
    def distribute_strategy(self) -> None:
        """None: see `kerax.distribution`."""
        return None

    @property
    def _compiled_loss(self) -> Any:
        compiled = self._compiled.value
        return None if compiled is None else compiled.loss

    @property
    def _compiled_metrics(self) -> Any:
        compiled = self._compiled.value
        return None if compiled is None else compiled.metrics

    @property
    def compiled_loss(self) -> CompiledLossCall:
        """The losses of `compile` as tf.keras had them.

        `compiled_loss(y, y_pred, sample_weight, regularization_losses)` gives their weighted total, and the loss in
        the logs sees it.
        """
        return CompiledLossCall(self)

    @property
    def compiled_metrics(self) -> CompiledMetricsCall:
        """The metrics of `compile` as tf.keras had them: `compiled_metrics.update_state(y, y_pred, sample_weight)`."""
        return CompiledMetricsCall(self)

    @property
    def _loss_tracker(self) -> Any:
        return self._need_compiled("fit").loss_tracker

    def _compile_config(self) -> Config | None:
        compiled = self._compiled.value
        if compiled is None or not compiled.arguments:
            return None
        arguments = {**compiled.arguments, "optimizer": compiled.optimizer}
        return serialize_keras_object(arguments)

    def compile_from_config(self, config: Config) -> None:
        """Compile as a model was compiled whose config holds this."""
        arguments = deserialize_keras_object(config)
        arguments.pop("jit_compile", None)
        self.compile(**arguments)

    # -- metrics -------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The total loss, the compiled metrics, each output's loss, and the metrics of layers inside."""
        compiled = self._compiled.value
        found: list[Any] = []
        if compiled is not None:
            if compiled.loss_tracker is not None:
                found.append(compiled.loss_tracker)
            if compiled.metrics is not None and compiled.metrics.entries:
                found.append(compiled.metrics)
            if compiled.loss is not None:
                found.extend(compiled.loss.trackers)
        known = {id(metric) for metric in found}
        return found + [metric for metric in self._inner_metrics() if id(metric) not in known]

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Start every metric anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> Logs:
        """The results of `metrics`, by name."""
        results: Logs = {}
        for metric in self.metrics:
            value = metric.result()
            if isinstance(value, dict):
                results.update(value)
            else:
                results[metric.name] = value
        return results

    # -- steps ---------------------------------------------------------------------------------

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The total loss of a batch: the compiled losses, weighted, and `losses` of the layers.

        Raises:
            StateError: there is nothing to minimize.
        """
        total = None
        compiled = self._completed(y, y_pred)
        if compiled.loss is not None:
            total = compiled.loss(y, y_pred, sample_weight)
        for extra in self.losses:
            extra = jnp.sum(jnp.asarray(extra, jnp.float32))
            total = extra if total is None else total + extra.astype(total.dtype)
        if total is None:
            raise compiling.no_loss()
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Logs:
        """Let the compiled metrics see a batch; the results so far."""
        compiled = self._completed(y, y_pred)
        if compiled.metrics is not None:
            compiled.metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[list, list, list]]:
        """`compute_loss` as a pure function of the values of the variables.

        Returns:
            (loss, (trainable values, non-trainable values, metric values)), the values as `compute_loss` left them.
        """
        self._completed(y, y_pred)
        groups = [self.trainable_variables, self.non_trainable_variables, self.metrics_variables]
        given = [trainable_variables, non_trainable_variables, metrics_variables]
        for what, values, variables in zip(("trainable", "non-trainable", "metric"), given, groups, strict=True):
            if len(values) != len(variables):
                raise ShapeError(
                    f"stateless_compute_loss of {type(self).__name__} {self.name!r}",
                    got=f"{len(values)} {what} values",
                    expected=len(variables),
                )
        loss, after = pure(self.compute_loss, Carried(v for group in groups for v in group), check=False)(
            [value for values in given for value in values],
            x=x,
            y=y,
            y_pred=y_pred,
            sample_weight=sample_weight,
            training=training,
        )
        supply = iter(after)
        return loss, tuple([next(supply) for _ in group] for group in groups)  # type: ignore[return-value]

    def train_step(self, data: Any) -> Logs:
        """Train on one batch; the logs. Reads and assigns Variables; it is compiled as it stands."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        trainable = self.trainable_variables
        optimizer = self.optimizer

        def forward() -> tuple[Any, tuple]:
            y_pred = self._call_model(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
            scaled = loss if optimizer is None else optimizer.scale_loss(loss)
            return scaled, (loss, y_pred)

        if trainable:
            _, (loss, y_pred), grads = steps.gradients(forward, trainable, self._engine.value.carried("train"))
            if optimizer is None:
                raise StateError(
                    "train_step", got="a model compiled without optimizer", hint="pass optimizer= to compile"
                )
            optimizer.apply(grads, trainable)
        else:
            _, (loss, y_pred) = forward()
        self._track(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def test_step(self, data: Any) -> Logs:
        """Evaluate one batch; the logs."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self._call_model(x, training=False)
        compiled = self._need_compiled("evaluate")
        if compiled.loss is not None or self.losses:
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
            self._track(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The outputs for one batch."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self._call_model(x, training=False)

    def _call_model(self, x: Any, training: bool) -> Any:
        return self(x, training=training)

    def _track(self, loss: Any, x: Any) -> None:
        leaf = next(leaf for leaf in tree.flatten(x) if leaf is not None)
        self._loss_tracker.update_state(loss, sample_weight=compiling.rows_in(leaf))

    def make_train_function(self, force: bool = False) -> Callable[[Iterator], Logs]:
        """A function that takes the next batch of an iterator, trains on it, and gives the logs.

        fit() does not need it, but calls it where a subclass overrides it: once a step, with an iterator over
        batches as `train_step` gets them. The function may be returned or kept in `self.train_function`.

        Args:
            force: compile the step anew.
        """
        return self._make_function("train", force)

    def make_test_function(self, force: bool = False) -> Callable[[Iterator], Logs]:
        """The same for `test_step` and evaluate()."""
        return self._make_function("test", force)

    def make_predict_function(self, force: bool = False) -> Callable[[Iterator], Any]:
        """A function that takes the next batch of an iterator and gives the outputs. It cannot be overridden."""
        return self._make_function("predict", force)

    def _make_function(self, mode: str, force: bool) -> Callable:
        if force:
            self._engine.value.clear()
        return lambda iterator: loop.on_next(self, mode, iterator)

    def _completed(self, y: Any, y_pred: Any) -> Compiled:
        """What `compile` was given, with its losses and metrics made for such targets and outputs."""
        compiled = self._need_compiled("fit")
        if compiled.loss is None and compiled.metrics is None and y_pred is not None:
            shapes = tree.map_structure(_shape_and_dtype, (y, y_pred))
            self._make_compiled(compiled, shapes[1], shapes[0])
        return compiled

    # -- preparation ---------------------------------------------------------------------------

    def _prepare(self, batch: tuple, mode: str) -> None:
        """Make all that a step needs from the first batch: weights, losses, metrics, slots.

        Args:
            batch: (x, y, sample_weight), nested arrays.
            mode: "train", "test" or "predict".
        """
        x, y, sample_weight = batch
        checks.numbers(y=y, sample_weight=sample_weight)
        engine = self._engine.value
        engine.refresh()
        if (mode, y is None) in engine.prepared:
            return
        given = x
        x, y, sample_weight = tree.map_structure(_shape_and_dtype, batch)
        if custom.overridden(self, custom.STEPS[mode]) and not custom.takes_state(self, mode):
            if mode == "train" and self.built and self.optimizer is not None:
                self.optimizer.build(self.trainable_variables)
            if not self.run_eagerly:
                engine.rehearse(mode, (x, y, sample_weight))
                engine.refresh()
            engine.prepared.add((mode, y is None))
            return
        compiled = self._compiled.value
        needs_outputs = (
            mode != "predict" and compiled is not None and (compiled.loss is None and compiled.metrics is None)
        )
        if not self.built or (needs_outputs and y is not None) or self._inner_unbuilt():
            if self.run_eagerly and not self._has_graph:  # its call may want values
                outputs = self._call_model(put(given), training=False)
            else:
                outputs = loop.outputs_for(self, x)
            self._engine.value.refresh()
            if needs_outputs and compiled is not None and y is not None:
                self._make_compiled(compiled, outputs, y)
                engine.clear()
                engine.refresh()
        if mode == "train" and compiled is not None and compiled.optimizer is not None:
            compiled.optimizer.build(self.trainable_variables)
        engine.prepared.add((mode, y is None))

    def _make_compiled(self, compiled: Compiled, y_pred: Any, y: Any) -> None:
        arguments = compiled.arguments
        names = getattr(self, "output_names", None)
        outputs = compiling.Outputs(y_pred, names)
        resolved: list[Any] = [None] * outputs.count
        if arguments.get("loss") is not None:
            compiled.loss = compiling.CompiledLoss(arguments["loss"], arguments.get("loss_weights"), outputs)
            resolved = compiled.loss.losses
        if arguments.get("metrics") is not None or arguments.get("weighted_metrics") is not None:
            flat_true = compiling.targets_of(y, outputs)
            flat_pred = tree.flatten(y_pred)
            compiled.metrics = compiling.CompiledMetrics(
                arguments.get("metrics"), arguments.get("weighted_metrics"), outputs, flat_true, flat_pred, resolved
            )

    # -- loops ---------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> Any:
        """Train for a number of epochs.

        Args:
            x: inputs: arrays, pandas objects, lists, dicts and lists of them (rows first); or a generator,
                a PyDataset or another source of batches, which brings its targets along.
            y: targets, nested like the outputs.
            batch_size: rows in a step, default 32; not for sources of batches.
            epochs: the number of the epoch to stop before.
            verbose: "auto" or 1: a progress bar, 2: a line an epoch, 0: nothing.
            callbacks: objects told of what happens.
            validation_split: the last fraction of the rows, held back for validation.
            validation_data: (x, y) or (x, y, sample_weight), or a source of batches.
            shuffle: whether rows come in a new random order in each epoch.
            class_weight: class -> what its samples count.
            sample_weight: what each sample counts.
            initial_epoch: the number of the first epoch.
            steps_per_epoch: batches in an epoch; needed where the source never ends.
            validation_steps, validation_batch_size: the same for validation.
            validation_freq: validate every so many epochs, or after the epochs listed (from 1).

        Returns:
            The History: `.history` name -> value an epoch, `.epoch`, `.params`, `.model`.

        Raises:
            DataError: data that does not fit together; ArgumentError, ShapeError likewise for the model.
        """
        self._need_compiled("fit")
        return loop.fit(
            self,
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_data=validation_data,
            shuffle=shuffle,
            class_weight=class_weight,
            sample_weight=sample_weight,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_batch_size=validation_batch_size,
            validation_freq=validation_freq,
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and metrics on data.

        Returns:
            The loss, or a list [loss, each output's loss, metrics …]; with `return_dict` a dict by name.
        """
        if kwargs:
            raise ArgumentError("evaluate", got=f"the unknown arguments {sorted(kwargs)}")
        self._need_compiled("evaluate")
        logs = loop.evaluate(
            self,
            x,
            y,
            batch_size=batch_size,
            verbose=verbose,
            sample_weight=sample_weight,
            steps=steps,
            callbacks=callbacks,
        )
        return dict(sorted(logs.items())) if return_dict else self._flat(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for data, as NumPy arrays in the structure of the outputs, all batches together."""
        return loop.predict(self, x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step of training on this batch; the loss and metrics of this batch alone."""
        self._need_compiled("train_on_batch")
        logs = loop.on_batch(self, "train", x, y, sample_weight, class_weight)
        return dict(sorted(logs.items())) if return_dict else self._flat(logs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of this batch alone."""
        self._need_compiled("test_on_batch")
        logs = loop.on_batch(self, "test", x, y, sample_weight, None)
        return dict(sorted(logs.items())) if return_dict else self._flat(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for this batch, as NumPy arrays."""
        return loop.predict_on_batch(self, x)

    def _flat(self, logs: Logs) -> Any:
        """Logs as Keras's list: those named like a metric of `metrics`, in its order, then the rest by name."""
        names: list[str] = []
        for metric in self.metrics:
            names += metric.plain_names if isinstance(metric, compiling.CompiledMetrics) else [metric.name]
        values = [logs[name] for name in dict.fromkeys([*names, *sorted(logs)]) if name in logs]
        return values[0] if len(values) == 1 else values


def _shape_and_dtype(leaf: Any) -> Any:
    if leaf is None or leaf.dtype.kind in "OUST":  # text, on which only eager steps run
        return leaf
    return jax.ShapeDtypeStruct(leaf.shape, jax.dtypes.canonicalize_dtype(leaf.dtype))


def losses_get(name: str) -> Any:
    """The loss of that name."""
    return losses.get(name)


def metrics_get(name: str) -> Any:
    """The metric of that name."""
    return None if name.lower() in ("accuracy", "acc", "crossentropy", "ce") else metrics.get(name)


def _check_names(given: Any, find: Any) -> None:
    """Raise for an unknown name at once, not at the first step."""
    for leaf in tree.flatten(given):
        if isinstance(leaf, str):
            find(leaf)


for _name in (
    "train_step test_step predict_step compute_loss compute_metrics get_metrics_result reset_metrics "
    "make_train_function make_test_function make_predict_function"
).split():
    getattr(Trainer, _name)._is_default = True


__all__ = ["Trainer"]
