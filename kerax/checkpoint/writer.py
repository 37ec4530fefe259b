"""Writer: saves in a thread while training goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Writer"]

SHARE = 20  # a pause after a job lasts so many times as long as the job took,
PAUSE = 2.0  # but never more than these seconds


class Writer:
    """Does one job at a time in a thread of its own, and pauses after it.

    The pause keeps saving from taking more than a twentieth of the time where epochs are shorter than a save.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._rested = 0.0  # when the pause is over

    @property
    def free(self) -> bool:
        """Whether nothing is being done, and the pause is over."""
        return (self._thread is None or not self._thread.is_alive()) and time.monotonic() >= self._rested

    def submit(self, job: Callable[[], None]) -> None:
        """Do `job` beside what the caller does; waits for the one before."""
        self.wait()
        self._thread = threading.Thread(target=self._work, args=(job,), name="kerax checkpoint")
        self._thread.start()

    def wait(self) -> None:
        """Until nothing is being done."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def error(self) -> BaseException | None:
        """What went wrong since it was last asked."""
        found, self._error = self._error, None
        return found

    def _work(self, job: Callable[[], None]) -> None:
        started = time.monotonic()
        try:
            job()
        except BaseException as error:  # handed to the thread that asks
            self._error = error
        now = time.monotonic()
        self._rested = now + min(SHARE * (now - started), PAUSE)
