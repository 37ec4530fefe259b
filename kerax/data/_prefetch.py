"""The next items, made ready by a thread while the last ones are used."""

from __future__ import annotations

import contextvars
import logging
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["Prefetched", "prefetched"]

log = logging.getLogger("kerax")
_TURN = 0.002  # seconds that a consumer leaves to the thread to give what it has
_PATIENCE = 5.0  # seconds that close() waits for code of the user that does not return
_FAREWELL = 1.0  # the same at the end of the interpreter


class _Shared:
    """What the two threads share; it does not know the consumer, whose deletion ends the thread."""

    def __init__(
        self, iterator: Iterator, depth: int, transform: Callable[[Any], Any] | None, gather: int | None
    ) -> None:
        self.iterator: Iterator | None = iterator
        self.transform = transform
        self.depth = depth
        self.gather = gather
        self.ready: deque = deque()
        self.changed = threading.Condition()
        self.transforming = threading.Lock()
        self.group: list[Any] = []  # items that are not enough yet
        self.wanted = False  # whether the consumer waits
        self.stopped = False
        self.ended = False
        self.error: BaseException | None = None

    def fill(self) -> None:
        """Pull until the end, an error or the stop; runs in the thread."""
        error = None
        try:
            while self._wait_for_room():
                try:
                    item = next(self.iterator)  # type: ignore[arg-type]
                except StopIteration:
                    break
                if self.gather is None:
                    self._give(item)
                else:
                    self._gather(item)
                del item
        except BaseException as caught:  # all of it belongs to the consumer, SystemExit too
            error = caught
        with self.changed:
            self.error, self.ended = error, True
            self.iterator = None
            self.changed.notify_all()

    def _gather(self, item: Any) -> None:
        with self.changed:
            if self.stopped:
                return
            self.group.append(item)
            group = self.taken() if self.wanted or len(self.group) == self.gather else None
        if group is not None:
            self._give(group)

    def taken(self) -> list[Any]:
        group, self.group = self.group, []
        return group

    def _give(self, item: Any) -> None:
        item = self.transformed(item)
        with self.changed:
            self.ready.append(item)
            self.wanted = False
            self.changed.notify_all()

    def transformed(self, item: Any) -> Any:
        if self.transform is None:
            return item
        with self.transforming:
            return self.transform(item)

    def stop(self) -> None:
        with self.changed:
            self.stopped = True
            self.ready.clear()
            self.group.clear()
            self.changed.notify_all()

    def _wait_for_room(self) -> bool:
        with self.changed:
            while len(self.ready) >= self.depth and not self.stopped:
                self.changed.wait()
            return not self.stopped


class Prefetched:
    """An iterator whose next items a thread makes ready. The thread starts with the first item asked for.

    Args:
        iterator: where the items come from; only the thread touches it, until `close` returned.
        depth: how many items, or groups of them, wait ready, at least 1.
        transform: applied to each item, or group, in the thread.
        gather: the most items in a group, a list; None for single items. Where the consumer would wait for more,
            it gets those that are there; if the next item is not there soon, it transforms them itself.
        on_close: called by `close` before it waits for the thread: what ends a wait inside `iterator`.
    """

    def __init__(
        self,
        iterator: Iterator,
        depth: int = 2,
        transform: Callable[[Any], Any] | None = None,
        on_close: Callable[[], None] | None = None,
        gather: int | None = None,
    ) -> None:
        self._shared = _Shared(iter(iterator), max(1, depth), transform, gather)
        self._thread: threading.Thread | None = None
        self._on_close = on_close
        self._finalizer: weakref.finalize | None = None

    def __iter__(self) -> Prefetched:
        return self

    def __next__(self) -> Any:
        shared = self._shared
        if self._thread is None:
            if shared.stopped:
                raise StopIteration
            self._start()
        with shared.changed:
            while not (shared.ready or shared.ended or shared.stopped):
                shared.wanted = True
                patience = _TURN if shared.group else 1.0  # a wait without end cannot be interrupted on every platform
                if not shared.changed.wait(patience) and shared.group:
                    break  # the thread waits for the next item: these are used meanwhile
            if shared.ready:
                item = shared.ready.popleft()
                shared.changed.notify_all()
                return item
            group, shared.wanted = shared.taken(), False
            error = None
            if not group:
                error, shared.error = shared.error, None
        if group:
            return shared.transformed(group)
        self.close()
        if error is None:
            raise StopIteration
        try:
            raise error.with_traceback(_user_part(error))
        finally:
            del error  # the error's traceback holds this frame: no cycle may keep the batch alive

    def _start(self) -> None:
        run = contextvars.copy_context().run
        self._thread = threading.Thread(target=run, args=(self._shared.fill,), name="kerax-prefetch", daemon=True)
        self._finalizer = weakref.finalize(self, _stop, self._shared, self._thread, _FAREWELL)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and wait for it; safe to call again."""
        self._shared.stop()
        if self._on_close is not None:
            on_close, self._on_close = self._on_close, None
            on_close()
        if self._thread is None or _stop(self._shared, self._thread, _PATIENCE):
            self._shared.iterator = self._shared.transform = None
        else:
            log.warning("Reading data goes on in the background: the code that reads it has not returned yet.")
        if self._finalizer is not None:
            self._finalizer.detach()

    def __enter__(self) -> Prefetched:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def prefetched(iterator: Iterator, depth: int = 2, transform: Callable[[Any], Any] | None = None) -> Prefetched:
    """Iterate with the next `depth` items made ready by a thread, `transform` applied there.

    An error of the iterator or of `transform` is raised where the items are consumed, after the items
    before it, as it was. Close it, or use it in a `with`, wherever the loop may end early. Items
    made ready and not consumed by then are gone: bound the iterator by what will be consumed.

    Examples:
        >>> with prefetched(iter(range(4)), transform=lambda i: i * i) as squares:
        ...     list(squares)
        [0, 1, 4, 9]
    """
    return Prefetched(iterator, depth, transform)


def _user_part(error: BaseException) -> Any:
    """The traceback without this module's frame, unless nothing else is in it."""
    trace = error.__traceback__
    return trace.tb_next if trace is not None and trace.tb_next is not None else trace


def _stop(shared: _Shared, thread: threading.Thread, patience: float) -> bool:
    shared.stop()
    if thread is not threading.current_thread():
        thread.join(patience)
    return not thread.is_alive()
