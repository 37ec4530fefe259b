"""Engine: a model's compiled steps, made when first needed, dropped when out of date."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable
from typing import Any

import jax
from flax import nnx

from .. import losses, metrics, tree
from .._core import context, nnx_private, placement
from .._core.module import name_of, variables_of
from .._core.stateful import Carried
from .._graph.node import OpCall
from .._graph.replay import Plan
from ..layers._call import mixes_rows
from . import custom, programs
from .feed import Blocks

log = logging.getLogger("kerax")
_MANY = 8  # programs of one mode, from which on recompiling is worth a warning


@dataclasses.dataclass
class Compiled:
    """What was compiled for a model as it stood once: with these weights trainable, on these devices."""

    carried: dict[str, Carried] = dataclasses.field(default_factory=dict)
    steps: dict[Any, programs.Step] = dataclasses.field(default_factory=dict)
    results: dict[str, programs.Results] = dataclasses.field(default_factory=dict)
    programs: dict[Any, Any] = dataclasses.field(default_factory=dict)
    rowwise: dict[str, bool] = dataclasses.field(default_factory=dict)
    layers: dict[type, list[Any]] = dataclasses.field(default_factory=dict)
    pace: dict[int, float] = dataclasses.field(default_factory=dict)  # step -> seconds it takes
    prepared: set[tuple[str, bool]] = dataclasses.field(default_factory=set)  # (mode, without targets)
    repeated: dict[Any, Any] = dataclasses.field(default_factory=dict)  # see repeated.py
    fresh: dict[int, Any] | None = None  # what the metrics hold before an epoch


class Engine:
    """A model's compiled steps.

    A model whose `trainable` goes to and fro, as in a GAN, finds again what was compiled for it before.

    Args:
        model: whose `train_step`, `test_step` and `predict_step` it runs.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._changes: Any = None  # the counts that `now` was chosen at
        self._kept: dict[Any, Compiled] = {}
        self._compilations: dict[str, int] = {}
        self.now = Compiled()

    @property
    def pace(self) -> dict[int, float]:
        """Step -> the seconds it takes."""
        return self.now.pace

    @property
    def prepared(self) -> set[tuple[str, bool]]:
        """The (mode, without targets) that the model is ready for."""
        return self.now.prepared

    def refresh(self) -> bool:
        """Turn to what is compiled for the model as it stands now; whether that is something else than before."""
        changes = (context.changes.count, placement.version)
        if changes == self._changes:
            return False
        moved = self._changes is not None and self._changes[1] != changes[1]
        self._changes = changes
        trainable = tuple(id(variable) for variable in self.model.trainable_variables)
        optimizer = self.model.optimizer
        policies = tuple(layer.dtype_policy.name for layer in self.model._flatten_layers())
        learned = tuple(layer._revision for layer in self.model._flatten_layers())
        key = (placement.version, trainable, policies, learned, id(optimizer), getattr(optimizer, "revision", 0))
        before = self.now
        self.now = self._kept.setdefault(key, Compiled())
        if moved or placement.current is not None:
            _move(Carried(_variables(self.model, "train")).variables)
        return self.now is not before

    def clear(self) -> None:
        """Drop everything compiled."""
        self._changes = None
        self._kept.clear()
        self.now = Compiled()

    def reset_metrics(self) -> None:
        """Start every metric anew: ours by giving their Variables back the arrays of the first reset."""
        model = self.model
        found = model.metrics
        plain = not custom.overridden(model, "reset_metrics") and all(
            _ours(one) for metric in found for one in (metric, *getattr(metric, "metrics", ()))
        )
        if not plain:
            model.reset_metrics()
            return
        variables = [variable for metric in found for variable in metric.variables]
        if self.now.fresh is None or any(id(variable) not in self.now.fresh for variable in variables):
            model.reset_metrics()
            self.now.fresh = {id(variable): nnx_private.raw(variable) for variable in variables}
            return
        for variable in variables:
            nnx_private.put(variable, self.now.fresh[id(variable)])

    def layers(self, kind: type) -> list[Any]:
        """The layers of a kind, at any depth."""
        if kind not in self.now.layers:
            self.now.layers[kind] = [layer for layer in self.model._flatten_layers() if isinstance(layer, kind)]
        return self.now.layers[kind]

    def carried(self, mode: str) -> Carried:
        """The Variables a step of this mode carries."""
        if mode not in self.now.carried:
            model = self.model
            self.now.carried[mode] = Carried(_variables(model, mode))
        return self.now.carried[mode]

    def fn(self, mode: str) -> Any:
        """The step of a mode, on Variables."""
        return custom.step(self.model, mode)

    def rehearse(self, mode: str, batch: Any) -> None:
        """Trace the user's own step once and drop it: this builds the layers, slots and metrics it uses.

        Args:
            mode: of the step.
            batch: shapes and dtypes, nested.
        """
        try:
            programs.Step(self.fn(mode), self.carried(mode), batch, padded=False)
        finally:
            self.model._clear_losses()

    def step(self, mode: str, batch: Any, padded: bool, looping: bool | None = None) -> programs.Step:
        """The step of a mode, traced for this shape of batch.

        Args:
            mode: "train", "test" or "predict".
            batch: shapes and dtypes, nested.
            padded: whether a batch comes with a mask of its real rows.
            looping: whether it should run well in a loop on the device; default: but for "predict".
        """
        looping = mode != "predict" if looping is None else looping
        key: tuple[Any, ...] = (mode, padded, _key(batch), looping)
        known = self.now.steps.get(key)
        if known is not None and known.way not in ((), (context.here.summaries,)):
            key = (*key, context.here.summaries)
        if key not in self.now.steps:
            self._count(mode, key)
            model = self.model
            try:
                step = self.now.steps[key] = programs.Step(
                    self.fn(mode), self.carried(mode), batch, padded, logs=mode != "predict", looping=looping
                )
            finally:
                model._clear_losses()
            if placement.current is not None:  # also what the step found outside of the model
                _move(step.variables)
        return self.now.steps[key]

    def _count(self, mode: str, key: Any) -> None:
        count = self._compilations[mode] = self._compilations.get(mode, 0) + 1
        if count % _MANY == 0:
            shapes = [one[2][1] for one in self.now.steps if one[0] == mode][-3:]
            log.warning(
                "The %s step of %r has been compiled %d times; the last shapes of batches were %s and %s. "
                "Give batches of one shape: drop_remainder=True, padding, or a fixed sequence length.",
                mode,
                self.model.name,
                count,
                shapes,
                key[2][1],
            )

    def program(self, kind: str, step: programs.Step, *options: Any) -> Any:
        """A compiled program around a step: "single", "gathered", "fused", "stacked" or "blockwise"."""
        key = (kind, id(step), *options)
        if key not in self.now.programs:
            self.now.programs[key] = getattr(programs, kind)(step, *options)
        return self.now.programs[key]

    def results(self, mode: str) -> programs.Results:
        """The program that gives the logs."""
        if mode not in self.now.results:
            model = self.model
            own = [variable for metric in model.metrics for variable in metric.variables]
            self.now.results[mode] = programs.Results(model.get_metrics_result, Carried(own))
        return self.now.results[mode]

    def loops(self, step: programs.Step) -> bool:
        """Whether steps may run in a loop on the device: not convolutions on the CPU, where XLA is slow at it."""
        return not (step.has_convolution and jax.default_backend() == "cpu")

    def rowwise(self, mode: str) -> bool:
        """Whether every row is treated by itself, so that a batch may be filled up with rows that do not count."""
        if mode not in self.now.rowwise:
            self.now.rowwise[mode] = _is_rowwise(self.model, mode)
        return self.now.rowwise[mode]

    def blocks(self, adapter: Any, mode: str, keep: bool) -> tuple[Blocks, programs.Step]:
        """The rows of a set in order, for testing or predicting, and the step for its batches."""
        rowwise = self.rowwise(mode)
        blocks = Blocks(adapter, keep, whole=not rowwise)
        padded = rowwise and blocks.rows % blocks.batch_size != 0
        step = self.step(mode, blocks.batch_spec(), padded, looping=mode == "test" or blocks.steps > 1)
        if self.loops(step):
            blocks.loop()
        return blocks, step


def _move(variables: Iterable[Any]) -> None:
    """Put Variables where the current distribution wants them."""
    for variable in variables:
        nnx_private.put(variable, placement.move(nnx_private.raw(variable), name_of(variable)))


def _key(batch: Any) -> Any:
    leaves = tree.flatten(batch)
    return tree.structure_of(batch), tuple(None if leaf is None else (leaf.shape, leaf.dtype) for leaf in leaves)


def _variables(model: Any, mode: str) -> list[Any]:
    found = [*model.trainable_variables, *model.variables]
    if mode == "train" and model.optimizer is not None:
        found += variables_of(model.optimizer)
    if mode != "predict":
        for metric in model.metrics:
            found += metric.variables
    return found


def _is_rowwise(model: Any, mode: str) -> bool:
    """Whether no row of a batch can affect another: known of our own layers, losses and metrics alone."""
    steps = {
        "train": ("train_step", "compute_loss", "compute_metrics"),
        "test": ("test_step", "compute_loss", "compute_metrics"),
        "predict": ("predict_step",),
    }
    if any(custom.overridden(model, name) for name in steps[mode]):
        return False
    for layer in model._flatten_layers():
        if layer._on_host:  # what it does is done before a batch is filled up
            continue
        if mixes_rows(layer) or not all(_ours(value) for value in vars(layer).values() if _is_function(value)):
            return False
        plan = getattr(layer, "_plan", None)
        if isinstance(plan, Plan) and any(isinstance(o, OpCall) and not o.fn.rowwise for o in plan.operations):
            return False
    if mode == "predict":
        return True
    parts: list[Any] = []
    compiled_loss, compiled_metrics = model._compiled_loss, model._compiled_metrics
    if compiled_loss is not None:
        parts += [getattr(one, "fn", one) for one in compiled_loss.losses if one is not None]
        parts += [one for one in compiled_loss.losses if one is not None]
    if compiled_metrics is not None:
        for metric in compiled_metrics.metrics:
            parts += [metric, *([metric._fn] if hasattr(metric, "_fn") else [])]
    inner = [metric for layer in model._flatten_layers() for metric in layer._inner_metrics()]
    return not inner and all(_ours(part) for part in parts)


def _is_function(value: Any) -> bool:
    """Whether an attribute of a layer is a function, such as an activation: one of the user's may mix rows."""
    return callable(value) and not isinstance(value, (nnx.Module, nnx.Variable))


def _ours(part: Any) -> bool:
    module = part.__module__ if callable(part) and hasattr(part, "__name__") else type(part).__module__
    package = __name__.split(".")[0]
    if not (module or "").startswith(package + "."):
        return False
    own_state = (losses.Loss, metrics.Metric)
    return not isinstance(part, own_state) or type(part).__module__.startswith(package + ".")
