"""What `compile` was given, as objects: losses and metrics, one list for the outputs.

Everything is aligned with the flat list of a model's outputs. A single loss or metric, a list, a dict
by output name or a nested structure become that list once, when the outputs are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from .. import losses, metrics, tree
from .._core.context import here
from .._core.module import Module
from .._errors import ArgumentError, DataError, StateError, near_misses
from .._types import Array


class Outputs:
    """The flat outputs of a model: their names, None where nothing names them, and their structure."""

    def __init__(self, y_pred: Any, names: Sequence[str] | None) -> None:
        flat = tree.flatten(y_pred)
        self.structure = y_pred
        self.count = len(flat)
        if isinstance(y_pred, dict):
            self.names: list[str | None] = [".".join(map(str, path)) for path, _ in tree.flatten_with_path(y_pred)]
        elif names is not None and len(names) == self.count:
            self.names = list(names)
        else:
            self.names = [None] * self.count
        self.named = all(name is not None for name in self.names)
        # The layers' own names lead to the outputs as well where the user chose other keys.
        self.also = list(names) if names is not None and len(names) == self.count else self.names

    def spread(self, given: Any, what: str, single: bool = True) -> list[Any]:
        """One value for each output, from one, a list, a dict by name or a structure like the outputs'.

        Args:
            given: what the user passed.
            what: how an error names it.
            single: whether a lone value serves every output.
        """
        if isinstance(given, dict):
            return self._by_name(given, what)
        if isinstance(given, (list, tuple)):
            if len(given) == self.count and not isinstance(self.structure, dict):
                nested = [isinstance(item, (list, tuple, dict)) for item in _items(self.structure)]
                if not any(nested) or self.count != len(_items(self.structure)):
                    return list(given)
            flat = _flat_like(given, self.structure)
            if flat is not None:
                return flat
            raise ArgumentError(
                f"{what} of compile" if what != "targets" else what,
                got=f"{len(given)} entries",
                expected=f"{self.count}, one for each output {self._shown()}",
            )
        if single or self.count == 1:
            return [given] * self.count
        raise ArgumentError(what, got=f"one for {self.count} outputs", expected=f"one for each output {self._shown()}")

    def _shown(self) -> str:
        return str(self.names) if self.named else ""

    def _by_name(self, given: dict, what: str) -> list[Any]:
        if not self.named:
            if set(given) == set(range(self.count)):
                return [given[index] for index in range(self.count)]
            raise ArgumentError(
                f"{what} by name {sorted(map(str, given))}",
                got="a model whose outputs have no names",
                expected="a list",
                hint="return a dict from call() to name the outputs",
            )
        flat = {".".join(map(str, path)): value for path, value in _paths_to(given, set(self.names))}
        chosen = []
        known = set(self.names) | set(self.also)
        for key in flat:
            if key not in known:
                raise ArgumentError(
                    f"{what} for output {key!r}",
                    got="an unknown output",
                    expected=f"one of {self.names}",
                    hint=near_misses(key, [n for n in known if n]),
                )
        for name, other in zip(self.names, self.also, strict=True):
            chosen.append(flat.get(name, flat.get(other)))  # type: ignore[arg-type]
        return chosen


def _items(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return list(structure.values())
    return list(structure) if isinstance(structure, (list, tuple)) else [structure]


def _flat_like(given: Any, structure: Any) -> list[Any] | None:
    """The leaves of `given` where it is nested as `structure` is, else None; a leaf may be a list."""
    if not isinstance(structure, (list, tuple, dict)):
        return [given]
    if isinstance(structure, dict):
        if not isinstance(given, dict):
            return None
        pairs = [(given.get(key), structure[key]) for key in sorted(structure)]
    else:
        if not isinstance(given, (list, tuple)) or len(given) != len(structure):
            return None
        pairs = list(zip(given, structure, strict=True))
    flat: list[Any] = []
    for part, like in pairs:
        inner = _flat_like(part, like)
        if inner is None:
            return None
        flat.extend(inner)
    return flat


def _paths_to(given: dict, names: set) -> list[tuple[tuple, Any]]:
    """(path, value) down to the known names; values may themselves be lists."""
    found: list[tuple[tuple, Any]] = []
    for key, value in given.items():
        if isinstance(value, dict) and key not in names:
            below = {name.removeprefix(f"{key}.") for name in names if name}
            found.extend(((key, *path), inner) for path, inner in _paths_to(value, below))
        else:
            found.append(((key,), value))
    return found


def targets_of(y: Any, outputs: Outputs, what: str = "targets") -> list[Any]:
    """The target of each output.

    Raises:
        DataError: another number or other names than the outputs.
    """
    if outputs.count == 1 and not isinstance(outputs.structure, dict):
        flat = tree.flatten(y) if isinstance(y, (list, tuple, dict)) else [y]
        if len(flat) == 1:
            return flat
    try:
        return outputs.spread(y, what, single=y is None)
    except ArgumentError as error:
        raise DataError(error.where, got=error.got, expected=error.expected, hint=error.hint) from None


class CompiledLoss:
    """The total loss of a model: one loss an output, weighted.

    Args:
        loss, loss_weights: as given to `compile`.
        outputs: the outputs it is for.
    """

    def __init__(self, loss: Any, loss_weights: Any, outputs: Outputs) -> None:
        self.outputs = outputs
        given = outputs.spread(loss, "loss")
        if isinstance(loss, dict):
            missing = [
                name
                for name, also, one in zip(outputs.names, outputs.also, given, strict=True)
                if one is None and name not in loss and also not in loss
            ]
            if missing:
                raise ArgumentError(
                    "loss of compile",
                    got=f"a dict with keys {sorted(loss)}",
                    expected=f"also {missing}",
                    hint="give None for an output without a loss",
                )
        self.losses = [_as_loss(one) for one in given]
        if loss_weights is None:
            self.weights: list[Any] = [None] * outputs.count
        elif isinstance(loss_weights, (int, float)):
            self.weights = [loss_weights] * outputs.count
        else:
            self.weights = outputs.spread(loss_weights, "loss_weights")
        self._order = self._active()
        if isinstance(loss, dict) and isinstance(outputs.structure, dict):  # Keras reports them in its order
            keys = list(loss)
            place = {i: keys.index(n) for i in self._order for n in (outputs.also[i], outputs.names[i]) if n in keys}
            self._order.sort(key=lambda index: place.get(index, len(keys)))
        self.trackers: list[Any] = []
        if sum(one is not None for one in self.losses) > 1 or (outputs.count > 1 and len(self._active()) > 1):
            used: set[str] = set()
            for index in self._order:
                own = given[index] if isinstance(given[index], str) else getattr(self.losses[index], "name", "loss")
                name = outputs.names[index] or own
                self.trackers.append(metrics.Mean(name=_distinct(f"{name}_loss", used)))

    def _active(self) -> list[int]:
        return [index for index, one in enumerate(self.losses) if one is not None]

    def targets(self, y: Any) -> list[Any]:
        """The target of each output."""
        return targets_of(y, self.outputs)

    def weights_of(self, sample_weight: Any) -> list[Any]:
        """The sample weights of each output, None where there are none."""
        return _weights_of(sample_weight, self.outputs)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Array | None:
        """The weighted sum of the losses, or None where there are none; the trackers see each."""
        flat_pred = tree.flatten(y_pred)
        flat_true = targets_of(y_true, self.outputs)
        flat_weight = _weights_of(sample_weight, self.outputs)
        total = None
        trackers = iter(self.trackers)
        for index in self._order:
            if flat_true[index] is None:
                raise DataError(
                    "targets",
                    got=f"none for output {self.outputs.names[index] or index!r}",
                    expected="a target, since compile gave this output a loss",
                )
            value = self.losses[index](flat_true[index], flat_pred[index], flat_weight[index])
            if self.trackers:
                next(trackers).update_state(value, sample_weight=rows_in(flat_pred[index]))
            weight = self.weights[index]
            value = value if weight is None else value * jnp.asarray(weight, value.dtype)
            total = value if total is None else total + value
        return total


def rows_in(x: Any) -> Any:
    """The number of real rows of a batch."""
    rows = here.rows
    if rows is not None and x.shape and x.shape[0] == rows.shape[0]:
        return jnp.sum(rows, dtype=jnp.float32)
    return float(x.shape[0]) if x.shape else 1.0


def _weights_of(sample_weight: Any, outputs: Outputs) -> list[Any]:
    if sample_weight is None:
        return [None] * outputs.count
    if not isinstance(sample_weight, (list, tuple, dict)):
        return [sample_weight] * outputs.count
    return targets_of(sample_weight, outputs, "sample_weight")


def _as_loss(given: Any) -> Any:
    if given is None:
        return None
    loss = losses.get(given)
    if isinstance(loss, losses.Loss):
        return loss
    return losses.LossFunctionWrapper(loss, name=getattr(loss, "__name__", None) or type(loss).__name__)


class CompiledMetrics(Module):
    """The metrics of a model, by output; named as Keras names them in the logs.

    Args:
        given, weighted: `metrics` and `weighted_metrics` as given to `compile`.
        outputs: the outputs they are for.
        y_true, y_pred: flat lists of what has the shapes and dtypes of the targets and outputs.
        resolved: the loss of each output, which "accuracy" looks at.
    """

    def __init__(
        self, given: Any, weighted: Any, outputs: Outputs, y_true: list[Any], y_pred: list[Any], resolved: list[Any]
    ) -> None:
        self.name = "compile_metrics"
        self._outputs = outputs
        self.entries: list[tuple[int, Any, str, bool]] = []
        self.plain_names: list[str] = []  # without the names of outputs
        used: set[str] = set()
        plain = _lists_for(given, outputs)
        heavy = _lists_for(weighted, outputs)
        order = list(range(outputs.count))
        if outputs.named:
            order.sort(key=lambda index: str(outputs.names[index]))
        for index in order:
            loss = resolved[index] if index < len(resolved) else None
            prefix = f"{outputs.names[index]}_" if outputs.count > 1 and outputs.named else ""
            for one, is_weighted in [*((m, False) for m in plain[index]), *((m, True) for m in heavy[index])]:
                if one is None:
                    continue
                metric, name = _as_metric(one, y_true[index], y_pred[index], loss)
                self.plain_names.append(name)
                if is_weighted and prefix + name in used:
                    name = f"weighted_{name}"
                self.entries.append((index, metric, _distinct(prefix + name, used), is_weighted))
        self.metrics = [metric for _, metric, _, _ in self.entries]

    @property
    def variables(self) -> list[Any]:
        """The states of all of them."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Let each metric see its output; weighted ones with the weights."""
        flat_pred = tree.flatten(y_pred)
        flat_true = targets_of(y_true, self._outputs)
        flat_weight = _weights_of(sample_weight, self._outputs)
        for index, metric, _, weighted in self.entries:
            if flat_true[index] is None:
                continue
            if weighted and flat_weight[index] is not None:
                metric.update_state(flat_true[index], flat_pred[index], sample_weight=flat_weight[index])
            else:
                metric.update_state(flat_true[index], flat_pred[index])

    def result(self) -> dict[str, Any]:
        """The results by name."""
        results: dict[str, Any] = {}
        for _, metric, name, _ in self.entries:
            value = metric.result()
            if isinstance(value, dict):
                results.update(value)
            else:
                results[name] = value
        return results

    def reset_state(self) -> None:
        """Start all anew."""
        for metric in self.metrics:
            metric.reset_state()

    stateless_update_state = metrics.Metric.stateless_update_state
    stateless_result = metrics.Metric.stateless_result
    stateless_reset_state = metrics.Metric.stateless_reset_state
    _purely = metrics.Metric._purely


def _lists_for(given: Any, outputs: Outputs) -> list[list[Any]]:
    """The metrics of each output."""
    if given is None:
        return [[] for _ in range(outputs.count)]
    if outputs.count == 1:
        if isinstance(given, dict):
            given = outputs.spread(given, "metrics")[0] if outputs.named else next(iter(given.values()))
        flat = tree.flatten(given) if isinstance(given, (list, tuple)) else [given]
        return [flat]
    if not isinstance(given, (list, tuple, dict)):
        given = [given]
    if isinstance(given, (list, tuple)) and len(given) == 1 and not isinstance(given[0], (list, tuple, dict)):
        # One metric for every output: each gets its own object, under the metric's own name.
        return [[_Everywhere(given[0], first=index == 0)] for index in range(outputs.count)]
    per_output = outputs.spread(given, "metrics")
    return [list(tree.flatten(one)) if isinstance(one, (list, tuple, dict)) else [one] for one in per_output]


class _Everywhere:
    """One metric given for every output."""

    def __init__(self, given: Any, first: bool) -> None:
        self.given, self.first = given, first


def _as_metric(given: Any, y_true: Any, y_pred: Any, loss: Any) -> tuple[Any, str]:
    own_name = False
    if isinstance(given, _Everywhere):
        own_name, first, given = True, given.first, given.given
        if isinstance(given, metrics.Metric) and not first:
            given = type(given).from_config(given.get_config())
    if isinstance(given, metrics.Metric):
        return given, given.name
    if isinstance(given, str) and given.lower() in ("accuracy", "acc", "crossentropy", "ce"):
        metric = metrics.resolve_by_shapes(given, y_true.shape, y_pred.shape, loss)
        return metric, given
    metric = metrics.get(given)
    if not isinstance(metric, metrics.Metric):
        name = getattr(metric, "__name__", None) or type(metric).__name__
        name = "lambda" if name == "<lambda>" else name
        metric = metrics.MeanMetricWrapper(metric, name=name)
        return metric, given if isinstance(given, str) else name
    if isinstance(given, str) and not (own_name and given in metrics.registry.objects):
        return metric, given
    return metric, metric.name


def _distinct(name: str, used: set[str]) -> str:
    candidate, count = name, 1
    while candidate in used:
        candidate, count = f"{name}_{count}", count + 1
    used.add(candidate)
    return candidate


def no_loss() -> StateError:
    """The error of a step that has nothing to minimize."""
    return StateError("No loss to minimize", hint="pass loss= to compile(), or call add_loss() inside a layer")
