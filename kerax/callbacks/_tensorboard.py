"""TensorBoard: what a training does, for TensorBoard to show."""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from .._errors import ArgumentError, DTypeError
from .._events import values
from .._events.default import default
from .._events.graph import graph_def
from .._events.profile import Profiler
from .._events.projector import write_projector
from .._events.weights import picture_of, tags_of
from .._events.writer import EventWriter, NoopWriter
from .._types import Logs
from ..layers import Embedding
from ._callback import Callback
from ._tensorboard_arguments import batches_to_profile, checked_kwargs, every_batches, frequency

__all__ = ["TensorBoard"]

log = logging.getLogger("kerax")


class TensorBoard(Callback):
    """Write event files for TensorBoard: `tensorboard --logdir logs` shows them.

    Training goes to the run `train` below `log_dir`, validation to the run `validation`:

    | tag | when | x axis |
    |---|---|---|
    | `epoch_loss`, `epoch_<metric>`, `epoch_learning_rate` | each epoch | epoch, from 0 |
    | `epoch_steps_per_second` | each epoch, with `write_steps_per_second` | epoch |
    | `batch_loss`, `batch_<metric>`, `batch_steps_per_second` | every `update_freq` batches | batches trained, from 1 |
    | `evaluation_<metric>_vs_iterations` | each validation, each `evaluate` | the optimizer's iterations |
    | `<path of a weight>/histogram`, `…/image` | every `histogram_freq` epochs | epoch |

    Steps stay fused up to those whose logs are written. Summaries (`kerax.summary.scalar` and its like) inside the
    steps of `fit` are recorded every `update_freq` batches in the run `train`, and need no step; with `"epoch"`, and
    in validation, they are not. A disk that is full ends the writing with a warning, not the training. In a job of
    several processes the first one writes.

    Args:
        log_dir: the folder, made where it is missing.
        histogram_freq: after how many epochs the weights are written as histograms; 0: never.
        write_graph: whether the graph of the layers is written when `fit` begins.
        write_images: whether weights are written as pictures too, with the histograms; the least is black, the
            greatest white.
        write_steps_per_second: whether the pace is written.
        update_freq: `"epoch"`, `"batch"`, or a number of batches.
        profile_batch: the batch to profile, or the first and last, as a pair or as `"10,20"`; counted from 1 through
            all epochs; 0: none. TensorBoard shows profiles where its plugin for them, xprof, is installed.
        embeddings_freq: after how many epochs the tables of Embedding layers are written for the projector; 0: never.
        embeddings_metadata: a file with a line for each row of a table, or a dict, name of a layer -> file; in
            `log_dir`, or a path.
        **kwargs: what older versions took: `batch_size`, `write_grads` and others; ignored, with a warning.
    Raises:
        ArgumentError: a frequency, `update_freq`, `profile_batch` or `embeddings_metadata` that cannot be; when `fit`
            begins, a folder that cannot be written to.
        DTypeError: an unknown argument.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int | str | tuple[int, int] = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        checked_kwargs(kwargs)
        if not isinstance(log_dir, (str, os.PathLike)):
            raise DTypeError("TensorBoard: log_dir", got=repr(log_dir), expected="a path")
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = frequency("histogram_freq", histogram_freq)
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self._every = every_batches(update_freq)  # None: at the end of epochs alone
        self.update_freq = self._every or "epoch"
        self.embeddings_freq = frequency("embeddings_freq", embeddings_freq)
        self.embeddings_metadata = embeddings_metadata
        self._profiled = batches_to_profile(profile_batch)  # first and last, or None
        self._profiler = Profiler()
        self._writers: dict[str, Any] = {}
        self._training = False
        self._batches = 0  # trained in this fit
        self._iterations = 0  # of the optimizer, before it
        self._metadata: dict[str, Path] = {}
        self._before: dict[str, Any] | None = None  # the defaults of summaries, while they go to this callback
        self._since = self._batch_since = 0.0  # when the epoch, the batch began
        self._iterations_before = 0  # the epoch

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self._metadata = self._metadata_of_layers() if self.embeddings_freq else {}

    # -- writers ---------------------------------------------------------------------------

    def _writer(self, run: str) -> Any:
        if run not in self._writers:
            if jax.process_index():
                self._writers[run] = NoopWriter()
            else:
                folder = os.path.join(self.log_dir, run)
                self._writers[run] = EventWriter(folder, lenient=True, where="TensorBoard: log_dir")
        return self._writers[run]

    def _write(self, run: str, step: int, found: list[Any]) -> None:
        if found:
            self._writer(run).add(step, summary=values.summary(*found))

    # -- fit -------------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._training = True
        self._batches = 0
        self._iterations = self._iterations_now() * (getattr(self._optimizer, "gradient_accumulation_steps", None) or 1)
        self._writer("train")  # a folder that cannot be written to is known before the first epoch
        if self.write_graph:
            self._write_graph()
        self._summaries_begin()

    def get_state(self) -> dict[str, Any]:
        """Where the count of batches stands."""
        return {"batches": self._batches, "iterations": self._iterations}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on counting there."""
        self._batches, self._iterations = state["batches"], state["iterations"]

    def on_train_end(self, logs: Logs | None = None) -> None:
        for name, path in self._metadata.items():
            if not path.is_file():
                log.warning("TensorBoard: no file %s, the metadata of the embeddings of %r.", path, name)
        self._release()

    def _release(self) -> None:
        """Let go of all that is open; also where `fit` broke off."""
        self._training = False
        self._summaries_end()
        self._profiler.stop()
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._batch_since = time.perf_counter()
        if self._batches == 0:
            self._profile()
        if self.write_steps_per_second:
            self._iterations_before = self._iterations_now()
            self._since = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        rate = getattr(self._optimizer, "learning_rate", None)
        if rate is not None:
            training["learning_rate"] = float(rate)
        if self.write_steps_per_second:
            training["steps_per_second"] = self._pace()
        self._write("train", epoch, _scalars("epoch_{}", training))
        validation = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
        self._write("validation", epoch, _scalars("epoch_{}", validation))
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings()
        for writer in self._writers.values():
            writer.flush()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._summaries_end()  # those of the steps of a validation have no step of their own

    def on_test_end(self, logs: Logs | None = None) -> None:
        if hasattr(self._optimizer, "iterations"):
            found = _scalars("evaluation_{}_vs_iterations", logs or {})
            self._write("validation", self._iterations_now(), found)
        if self._training:
            self._summaries_begin()
        else:
            self._release()

    @property
    def _optimizer(self) -> Any:
        return getattr(self.model, "optimizer", None)

    def _iterations_now(self) -> int:
        return int(getattr(self._optimizer, "iterations", 0))

    def _pace(self) -> float:
        seconds = max(time.perf_counter() - self._since, 1e-9)
        steps = self._iterations_now() - self._iterations_before
        return (steps or (self.params or {}).get("steps") or 0) / seconds

    # -- batches ---------------------------------------------------------------------------

    def steps_left(self) -> int | None:
        """How many steps until there is something to write, or a profile to begin or end."""
        left = [end - self._batches for end in self._profile_ends() if end > self._batches]
        if self._every is not None:
            left.append(self._every - (self._iterations + self._batches) % self._every)
        return min(left, default=None)

    def on_train_steps(self, count: int, epoch: int, batch: int, logs: Logs) -> None:
        """`count` more steps are done, the last of which was `batch` of `epoch`."""
        self._batches += count
        self._profile()
        step = self._iterations + self._batches
        seconds, self._batch_since = time.perf_counter() - self._batch_since, time.perf_counter()
        if self._every is None or step % self._every:
            return
        found = dict(logs or {})
        if self.write_steps_per_second:
            found["steps_per_second"] = count / max(seconds, 1e-9)
        self._write("train", step, _scalars("batch_{}", found))

    def _profile_ends(self) -> tuple[int, ...]:
        """After how many steps the profile begins and ends."""
        return () if self._profiled is None else (self._profiled[0] - 1, self._profiled[1])

    def _profile(self) -> None:
        """Begin or end the profile, if it is time."""
        if self._batches in self._profile_ends():
            jax.block_until_ready([weight.value for weight in self.model.trainable_weights])
            if self._profiler.running:
                self._profiler.stop()
            elif self._batches < self._profile_ends()[1]:
                self._profiler.start(os.path.join(self.log_dir, "train"))

    # -- summaries in the steps ------------------------------------------------------------

    def _summaries_begin(self) -> None:
        """Let summaries without a writer of their own, in the steps of `fit`, come here."""
        if self._every is None or default.holder is not None:
            return
        every = self._every
        step = functools.partial(getattr, self._optimizer, "iterations") if self._optimizer is not None else None
        self._before = {name: getattr(default, name) for name in ("writer", "step", "recorded", "variant", "holder")}
        recorded = True if step is None else lambda: step() % every == 0
        default.set(writer=self._writer("train"), step=step, recorded=recorded, variant=every, holder=self)

    def _summaries_end(self) -> None:
        if self._before is not None:
            default.set(**self._before)
            self._before = None

    # -- what is shown of the model --------------------------------------------------------

    def _write_graph(self) -> None:
        try:
            graph = graph_def(self.model)
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            log.warning("TensorBoard: the graph of %r is not written: %s", self.model.name, error)
            return
        self._writer("train").add(0, graph_def=graph.SerializeToString())

    def _write_weights(self, epoch: int) -> None:
        found = []
        for tag, weight in tags_of(self.model):
            array = np.asarray(weight.value)
            found.append(values.histogram(f"{tag}/histogram", array))
            picture = picture_of(array) if self.write_images else None
            if picture is not None:
                found.append(values.image(f"{tag}/image", picture))
        self._write("train", epoch, found)

    def _embeddings(self) -> dict[str, Any]:
        return {layer.name: layer for layer in self.model._flatten_layers() if isinstance(layer, Embedding)}

    def _metadata_of_layers(self) -> dict[str, Path]:
        names = list(self._embeddings())
        given = self.embeddings_metadata
        if given is None:
            return {}
        if isinstance(given, (str, os.PathLike)):
            given = dict.fromkeys(names, given)
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise ArgumentError(
                "TensorBoard: embeddings_metadata",
                got=f"the names {unknown}",
                expected=f"names of Embedding layers of {self.model.name!r}: {names}",
            )
        return {name: Path(self.log_dir) / path for name, path in given.items()}

    def _write_embeddings(self) -> None:
        if jax.process_index():
            return
        tables = {name: np.asarray(layer.embeddings) for name, layer in self._embeddings().items() if layer.built}
        present = {name: path for name, path in self._metadata.items() if path.is_file() and name in tables}
        if tables:
            write_projector(Path(self.log_dir) / "train", tables, present)


def _scalars(tag: str, logs: Logs) -> list[Any]:
    """The numbers of the logs; callbacks may have added other things."""
    return [values.scalar(tag.format(name), value) for name, value in logs.items() if _is_number(value)]


def _is_number(value: Any) -> bool:
    return not isinstance(value, (str, bytes)) and np.ndim(value) == 0 and np.asarray(value).dtype.kind in "biuf"
