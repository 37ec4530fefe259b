"""The part of a model that runs on the host, between an adapter and the steps.

A set in memory whose prepared form has known sizes and takes little room is prepared once, so that the fused
steps run on it as on any numbers. All else is prepared batch by batch where batches are read ahead, in the
prefetch thread: sequences are then as long as the longest of their batch, as where the layer is called by hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import tree
from .._errors import DataError

CHUNK = 4096  # rows of a whole set that are prepared together


def take_over(model: Any, adapter: Any, mode: str) -> None:
    """Let a model's host part run on the inputs of an adapter.

    Args:
        model: whose host part it is.
        adapter: its inputs become `Prepared`.
        mode: "train", "test" or "predict".

    Raises:
        DataError: text for a model that cannot take it.
        GraphError: weights to train before what runs on the host, or a loss of text.
    """
    x = adapter.peek()[0]
    text = has_text(x)
    if text and model._has_stack and not model.built and not tree.is_nested(x):
        if model._expected_input_dtype != "string":
            raise _no_place_for_text(model, adapter.where)
        model.build((None, *x.shape[1:]))
    part = model._host_part()
    if part is None:
        if text and not (model.run_eagerly and not model._has_graph):
            raise _no_place_for_text(model, adapter.where)
        return
    if mode != "predict":
        part.check(model.name, training=mode == "train")
    if adapter.in_memory and part.fits(adapter.rows):
        whole, y, sample_weight = adapter.arrays
        rows = len(tree.flatten(whole)[0])  # a dataset may give fewer of them, or some several times
        adapter.replace((_in_chunks(model._prepare_on_host, whole, rows), y, sample_weight))
    else:
        adapter.prepare_by(model._prepare_on_host)


def prepared(model: Any, x: Any) -> Any:
    """The inputs of one batch after the host's part."""
    part = model._host_part()
    return x if part is None else model._prepare_on_host(x)


def has_text(x: Any) -> bool:
    """Whether text is anywhere among arrays."""
    return any(isinstance(leaf, np.ndarray) and leaf.dtype.kind in "OUST" for leaf in tree.flatten(x))


def _in_chunks(prepare: Any, x: Any, rows: int) -> Any:
    if rows <= CHUNK:
        return prepare(x)
    parts = [
        prepare(tree.map_structure(lambda leaf: None if leaf is None else leaf[start : start + CHUNK], x))  # noqa: B023
        for start in range(0, rows, CHUNK)
    ]
    return tree.map_structure(lambda *pieces: None if pieces[0] is None else np.concatenate(pieces), *parts)


def _no_place_for_text(model: Any, where: str) -> DataError:
    if model._has_graph or model._has_stack:
        return DataError(
            f"{where}: x",
            got="text",
            expected=f"numbers: no layer of {model.name!r} takes text",
            hint='begin with Input(shape=(1,), dtype="string") and a TextVectorization or StringLookup layer',
        )
    return DataError(
        f"{where}: x",
        got=f"text for {type(model).__name__} {model.name!r}, whose call() is compiled as it stands",
        expected="numbers",
        hint="put the text layer into a Functional or Sequential model, which runs it ahead of the device: "
        "Sequential([text_layer, model]); or call it on the data first, in dataset.map for instance; or "
        "compile(run_eagerly=True)",
    )


__all__ = ["has_text", "prepared", "take_over"]
