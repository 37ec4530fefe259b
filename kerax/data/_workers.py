"""The items of an indexed dataset, read ahead by threads or processes, in the order asked for."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Iterator, Sequence
from multiprocessing import connection, resource_tracker
from typing import Any, Protocol

from .._errors import DataError, StateError

__all__ = ["Pool", "ProcessPool", "ThreadPool"]

_TICK = 0.1  # seconds between two looks at whether the pool was closed
_PATIENCE = 5.0  # seconds to wait for code of the user that does not return


class Pool(Protocol):
    """Reads `dataset[i]` for many i at once."""

    def read(self, indices: Sequence[int]) -> Iterator[Any]:
        """`dataset[i]` of every index, in order; an error is raised in its place."""

    def interrupt(self) -> None:
        """Let a `read` in progress in another thread end soon."""

    def close(self) -> None:
        """End the workers and wait for them."""


class ThreadPool:
    """Workers are threads of one `read`; nothing runs between two of them.

    Args:
        dataset: what is indexed.
        workers: how many threads.
        ahead: the most items that are ready or being read.
    """

    def __init__(self, dataset: Any, workers: int, ahead: int) -> None:
        self.dataset, self.workers, self.ahead = dataset, workers, max(ahead, workers)
        self._jobs: list[_ThreadJob] = []

    def read(self, indices: Sequence[int]) -> Iterator[Any]:
        job = _ThreadJob(self.dataset, indices, self.ahead)
        self._jobs.append(job)
        threads = [
            threading.Thread(target=job.work, name=f"kerax-reader-{number}", daemon=True)
            for number in range(min(self.workers, len(indices)))
        ]
        for thread in threads:
            thread.start()
        try:
            for position in range(len(indices)):
                found = job.take(position)
                if found is None:
                    return
                item, error = found
                if error is not None:
                    raise error.with_traceback(_inner(error))
                yield item
        finally:
            job.stop()
            deadline = time.monotonic() + _PATIENCE
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
            self._jobs.remove(job)

    def interrupt(self) -> None:
        for job in list(self._jobs):
            job.stop()

    close = interrupt


class _ThreadJob:
    """One run through some indices, shared by the threads that do it."""

    def __init__(self, dataset: Any, indices: Sequence[int], ahead: int) -> None:
        self.dataset, self.indices, self.ahead = dataset, indices, ahead
        self.changed = threading.Condition()
        self.results: dict[int, tuple[Any, BaseException | None]] = {}
        self.given, self.taken, self.stopped = 0, 0, False

    def work(self) -> None:
        while True:
            with self.changed:
                while self.given - self.taken >= self.ahead and not self.stopped:
                    self.changed.wait()
                if self.stopped or self.given >= len(self.indices):
                    return
                position = self.given
                self.given += 1
            result: tuple[Any, BaseException | None]
            try:
                result = self.dataset[int(self.indices[position])], None
            except BaseException as error:
                result = None, error
            with self.changed:
                self.results[position] = result
                self.changed.notify_all()

    def take(self, position: int) -> tuple[Any, BaseException | None] | None:
        """What was read at `position`; None once stopped."""
        with self.changed:
            while position not in self.results and not self.stopped:
                self.changed.wait(1.0)
            if self.stopped:
                return None
            self.taken += 1
            self.changed.notify_all()
            return self.results.pop(position)

    def stop(self) -> None:
        with self.changed:
            self.stopped = True
            self.changed.notify_all()


class ProcessPool:
    """Workers are processes that live until `close`. They are spawned: a fork of a process that runs JAX can hang.

    Args:
        dataset: what is indexed; it is pickled.
        workers: how many processes.
        ahead: the most items that are ready or being read.
        refresh: send the dataset again for each `read`, since hooks may have changed it.
    """

    def __init__(self, dataset: Any, workers: int, ahead: int, refresh: bool = True) -> None:
        self.dataset, self.workers, self.ahead, self.refresh = dataset, workers, max(ahead, workers), refresh
        self._stop = threading.Event()  # ends the read in progress
        self._resting = threading.Event()  # set while no read is in progress
        self._resting.set()
        self._processes: list[Any] = []
        self._pipes: list[connection.Connection] = []
        self._sent = b""
        self._finalizer = weakref.finalize(self, _end, self._processes, self._pipes)

    def read(self, indices: Sequence[int]) -> Iterator[Any]:
        self._resting.clear()
        self._stop = threading.Event()
        busy: dict[Any, int] = {}
        try:
            self._start(min(self.workers, len(indices)))
            yield from self._answers(indices, busy)
        finally:
            if busy:  # what these answer belongs to no later read
                _end(self._processes, self._pipes)
            self._resting.set()

    def _answers(self, indices: Sequence[int], busy: dict[Any, int]) -> Iterator[Any]:
        idle, results, given = list(self._pipes), {}, 0
        for taken in range(len(indices)):
            while taken not in results:
                while idle and given < len(indices) and given - taken < self.ahead:
                    pipe = idle.pop()
                    busy[pipe] = given
                    self._send(pipe, b"i" + str(int(indices[given])).encode(), int(indices[given]))
                    given += 1
                for pipe in connection.wait(list(busy), _TICK):  # type: ignore[assignment]
                    position = busy[pipe]
                    results[position] = self._answer(pipe, int(indices[position]))
                    del busy[pipe]
                    idle.append(pipe)
                if self._stop.is_set():
                    return
            item, error = results.pop(taken)
            if error is not None:
                raise error
            yield item

    def _start(self, workers: int) -> None:
        if self.refresh or not self._sent:
            try:
                pickled = pickle.dumps(self.dataset, pickle.HIGHEST_PROTOCOL)
            except Exception as error:
                raise DataError(
                    _called(self.dataset),
                    got=f"a dataset that cannot be sent to a process ({type(error).__name__}: {error})",
                    hint="open files and handles in __getitem__, or use threads: use_multiprocessing=False",
                ) from error
            if pickled != self._sent:
                self._sent = pickled
                for pipe in self._pipes:
                    self._send(pipe, b"d" + pickled)
        context = multiprocessing.get_context("spawn")
        while len(self._processes) < workers and not self._stop.is_set():
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(there,), name="kerax-reader", daemon=True)
            with _sigint_blocked():
                process.start()
            there.close()
            self._processes.append(process)
            self._pipes.append(here)
            self._send(here, b"d" + self._sent)

    def _send(self, pipe: connection.Connection, message: bytes, index: int | None = None) -> None:
        try:
            pipe.send_bytes(message)
        except (BrokenPipeError, ConnectionResetError):
            raise self._lost(pipe, index) from None

    def _answer(self, pipe: Any, index: int) -> tuple[Any, BaseException | None]:
        try:
            kind, value, trace = pipe.recv()
        except (EOFError, ConnectionResetError):
            raise self._lost(pipe, index) from None
        if kind == "item":
            return value, None
        value.__cause__ = _RemoteTraceback(trace)
        return None, value

    def _lost(self, pipe: Any, index: int | None) -> StateError:
        process = self._processes[self._pipes.index(pipe)]
        process.join(1.0)
        code = process.exitcode
        _end(self._processes, self._pipes)
        if code == 1:
            hint = 'guard what the script runs with `if __name__ == "__main__":`'
        else:
            hint = "fewer workers if memory ran out, or threads: use_multiprocessing=False"
        reading = "" if index is None else f" while it read batch {index}"
        return StateError(
            _called(self.dataset), got=f"a worker process that ended with exit code {code}{reading}", hint=hint
        )

    def interrupt(self) -> None:
        self._stop.set()

    def close(self) -> None:
        self.interrupt()
        self._resting.wait(_PATIENCE)
        _end(self._processes, self._pipes)


def _called(dataset: Any) -> str:
    return f"{type(dataset).__name__}(use_multiprocessing=True)"


class _RemoteTraceback(Exception):
    """Shows the traceback of a worker process above the error it raised."""

    def __init__(self, trace: str) -> None:
        super().__init__(trace)

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def _inner(error: BaseException) -> Any:
    trace = error.__traceback__
    return trace.tb_next if trace is not None and trace.tb_next is not None else trace


@contextlib.contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Ctrl-C is the parent's to handle: a child started in this block inherits that it is blocked."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # else the first start does it, and unblocks the signal on the way
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(processes: list[Any], pipes: list[connection.Connection]) -> None:
    for pipe in pipes:
        pipe.close()
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(_PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
    processes.clear()
    pipes.clear()


def _serve(pipe: connection.Connection) -> None:
    """Answer for a dataset until the pipe closes; runs in the worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "jax" in sys.modules:  # reading needs no accelerator, and must not take its memory
        sys.modules["jax"].config.update("jax_platforms", "cpu")
    dataset: Any = None
    broken: BaseException | None = None
    while True:
        try:
            message = pipe.recv_bytes()
        except EOFError:
            return
        try:
            if message[:1] == b"d":
                broken = None
                dataset = pickle.loads(message[1:])
                continue
            if broken is not None:
                raise broken
            answer = pickle.dumps(("item", dataset[int(message[1:])], ""), pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            if message[:1] == b"d":
                broken = error
                continue
            answer = _pickled_error(error)
        pipe.send_bytes(answer)


def _pickled_error(error: Exception) -> bytes:
    trace = traceback.format_exc()
    try:
        answer = pickle.dumps(("error", error, trace))
        pickle.loads(answer)
    except Exception:  # whatever the error's own pickling raises
        replacement = StateError("A worker process", got=f"{type(error).__name__}: {error}")
        answer = pickle.dumps(("error", replacement, trace))
    return answer
