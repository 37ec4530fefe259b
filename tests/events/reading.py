"""What stands in event files, read by TensorBoard's own code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.util import tensor_util


class Entry(NamedTuple):
    """One value of one summary."""

    run: str
    tag: str
    step: int
    value: np.ndarray
    plugin: str


def events_in(folder):
    """(run, event) of all files, by run and in the order written."""
    for path in sorted(folder.rglob("events.out.tfevents.*")):
        for event in LegacyEventFileLoader(str(path)).Load():
            yield path.parent.relative_to(folder).as_posix(), event


def entries(folder):
    """Every value of every summary."""
    return [
        Entry(
            run, value.tag, event.step, tensor_util.make_ndarray(value.tensor), value.metadata.plugin_data.plugin_name
        )
        for run, event in events_in(folder)
        for value in event.summary.value
    ]


def points(folder, tag, run="."):
    """(step, number) of a scalar."""
    return [(one.step, float(one.value)) for one in entries(folder) if (one.run, one.tag) == (run, tag)]


def tags(folder, run="."):
    """The tags of a run, each once, in the order they first come."""
    return list(dict.fromkeys(one.tag for one in entries(folder) if one.run == run))


def graphs(folder):
    """(run, GraphDef) of the graphs."""
    return [(run, GraphDef.FromString(event.graph_def)) for run, event in events_in(folder) if event.graph_def]
