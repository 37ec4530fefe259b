"""What TensorBoard shows, written from any code: loops, callbacks and compiled steps.

    writer = kerax.summary.create_file_writer("logs/run")
    with writer.as_default():
        kerax.summary.scalar("loss", 0.5, step=0)

Without a default writer every function here does nothing and returns False, so code may be left as it is when
nobody looks. In compiled code (`kerax.function`, the steps of `fit`) a summary is recorded when that runs, without
waiting, by the default writer of that time; its step and its condition are those of the time of tracing, unless they
read a Variable.
"""

from . import experimental
from ._graph import graph
from ._ops import audio, histogram, image, scalar, text, write
from ._trace import trace_export, trace_off, trace_on
from ._writers import (
    SummaryWriter,
    create_file_writer,
    create_noop_writer,
    flush,
    record_if,
    should_record_summaries,
)

__all__ = [
    "SummaryWriter",
    "audio",
    "create_file_writer",
    "create_noop_writer",
    "experimental",
    "flush",
    "graph",
    "histogram",
    "image",
    "record_if",
    "scalar",
    "should_record_summaries",
    "text",
    "trace_export",
    "trace_off",
    "trace_on",
    "write",
]
