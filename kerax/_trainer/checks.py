"""What is checked about data before a step is compiled: labels, token ids, targets, endless sources.

Arrays are looked at as a whole, a stream by its first batch; what lies on a device is not waited for.
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

import numpy as np

from .. import tree
from .._errors import ArgumentError, DataError
from .._graph.tensor import KerasTensor
from .._registry import snake_case
from ..data._checks import check_labels, check_tokens
from ..layers import Embedding
from ..losses import LossFunctionWrapper
from ..losses._base import keeps_rows

_INFINITE = -1  # what tf.data's cardinality calls it
_ENDLESS = (itertools.cycle, itertools.count, itertools.repeat)


def source(data: Any, steps: int | None, where: str, name: str) -> None:
    """Raise for a source that never ends where nobody said how many steps to take.

    Args:
        data: what the user passed as `x`.
        steps: how many batches were asked for.
        where: what the user called.
        name: the argument that says how many steps.
    """
    if steps is None and _is_endless(data):
        raise ArgumentError(
            where,
            got=f"a {type(data).__name__} without end, and no {name}",
            expected="a number of batches",
            hint=f"{name}=100",
        )


def _is_endless(data: Any) -> bool:
    if isinstance(data, _ENDLESS) or (hasattr(data, "num_batches") and data.num_batches is None):
        return True
    if callable(getattr(data, "cardinality", None)):  # a Dataset, of kerax or tf.data
        return int(data.cardinality()) == _INFINITE
    try:
        return len(data) >= sys.maxsize  # as Grain counts what repeats
    except (TypeError, NotImplementedError, AttributeError):
        return False


def numbers(**parts: Any) -> None:
    """Raise for targets or sample weights that are no numbers."""
    for name, part in parts.items():
        for path, leaf in tree.flatten_with_path(part):
            if leaf is not None and np.dtype(leaf.dtype).kind in "OSTUM":
                place = "".join(f"[{key!r}]" for key in path)
                raise DataError(
                    f"{name}{place}",
                    got=f"dtype {leaf.dtype}",
                    expected="numbers",
                    hint="count the classes: numpy.unique(y, return_inverse=True)[1]" if name == "y" else None,
                )


def data(model: Any, adapter: Any) -> None:
    """Raise for data that the model cannot mean.

    Raises:
        DataError: labels or token ids out of range, or no targets where there is a loss.
    """
    x, y, sample_weight = adapter.arrays if hasattr(adapter, "arrays") else adapter.peek()
    tokens(model, x)
    if adapter.where == "predict" or not model.loss or not _steps_are_ours(model):
        return
    if y is None:
        raise DataError(
            f"{adapter.where}: y",
            got="no targets",
            expected="targets, since compile was given a loss",
            hint="pass y, or let each batch be (x, y)",
        )
    _labels(model._compiled_loss, y, sample_weight)


def _steps_are_ours(model: Any) -> bool:
    names = ("train_step", "test_step", "compute_loss")
    return all(getattr(getattr(type(model), name), "_is_default", False) for name in names)


def _labels(loss: Any, y: Any, sample_weight: Any) -> None:
    outputs = loss.outputs
    targets = loss.targets(y)
    weights = loss.weights_of(sample_weight)
    for one, target, weight, output, name in zip(
        loss.losses, targets, weights, tree.flatten(outputs.structure), outputs.names, strict=True
    ):
        if one is None or target is None:
            continue
        check_labels(
            target,
            _kind(one),
            tuple(output.shape),
            ignore_class=getattr(one, "ignore_class", None),
            sample_weight=weight,
            name="y" if outputs.count == 1 or name is None else f"y of output {name!r}",
        )


def _kind(loss: Any) -> str:
    """The snake_case name of the function of a loss; that of kerax's own only."""
    fn = getattr(loss, "fn", loss)
    if type(loss) is LossFunctionWrapper and not keeps_rows(loss):
        return ""
    return getattr(fn, "__name__", None) or snake_case(type(loss).__name__)


def tokens(model: Any, x: Any) -> None:
    """Raise for ids out of range that reach an Embedding straight from an input.

    Raises:
        DataError: it names the range.
    """
    for layer, value in _lookups(model, x):
        check_tokens(value, layer.input_dim, layer.name)


def _lookups(model: Any, x: Any) -> list[tuple[Any, Any]]:
    embeddings = model._engine.value.layers(Embedding)
    if not embeddings or not model._has_graph:
        return []
    if model._host_part() is not None:
        return []
    inputs = tree.flatten(model.input)
    values = tree.flatten(x)
    if isinstance(x, dict) and not isinstance(model.input, dict):
        names = list(getattr(model, "input_names", ()))
        values = [x.get(name) for name in names]
    if len(inputs) != len(values):
        return []
    fed = {id(tensor): value for tensor, value in zip(inputs, values, strict=True)}
    return [
        (layer, fed[id(tensor)])
        for layer in embeddings
        for node in layer._nodes
        for tensor in node.inputs
        if isinstance(tensor, KerasTensor) and fed.get(id(tensor)) is not None
    ]


__all__ = ["data", "numbers", "source", "tokens"]
