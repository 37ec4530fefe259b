"""Writer: saves in a thread while training goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Writer"]

Job = Callable[[], None]


class Writer:
    """Does one job at a time in a thread of its own.

    While one is done another one waits. A newer one takes the place of the one that waits, unless that one must be
    done: so a slow disk thins out what is saved, and training never waits for it.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: tuple[Job, bool] | None = None
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self.left_out = 0

    def submit(self, job: Job, must: bool = False) -> None:
        """Do `job` soon; waits only for an earlier one that must be done.

        Args:
            job: saves something.
            must: whether it is done even if a newer one comes before its turn.
        """
        with self._condition:
            while self._waiting is not None and self._waiting[1]:
                self._condition.wait()
            self.left_out += self._waiting is not None
            self._waiting = job, must
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="kerax checkpoint")
                self._thread.start()

    def wait(self) -> None:
        """Until everything is done."""
        with self._condition:
            while self._thread is not None:
                self._condition.wait()

    def error(self) -> BaseException | None:
        """What went wrong since it was last asked."""
        with self._condition:
            found, self._error = self._error, None
            return found

    def _work(self) -> None:
        while True:
            with self._condition:
                if self._waiting is None:
                    self._thread = None
                    self._condition.notify_all()
                    return
                job, _ = self._waiting
                self._waiting = None
                self._condition.notify_all()
            try:
                job()
            except BaseException as error:  # handed to the thread that asks
                with self._condition:
                    self._error = error
            del job  # it holds arrays
