"""What to do about a server that is gone or full: to wait for it, but not forever."""

import threading
import time
from typing import Final

from photochrom._errors import BusyError, DeadlineError, ServerError, UnreachableError

_FIRST_WAIT: Final = 0.25  # seconds
_LONGEST_WAIT: Final = 5.0

_IN_A_ROW: Final = 5
"""Failures that a server does not explain: so many without an answer between are about all photographs."""


class Patience:
    """Shared by all the calls of a batch: any answer to one of them is a sign of life to all.

    It runs out between the first failure since the last answer and the next one: what time passes
    without calls does not count.
    """

    def __init__(self, seconds: float, stop: threading.Event) -> None:
        """Begin.

        :param seconds: after which to give up.
        :param stop: ends every wait.
        """
        self._seconds = seconds
        self._stop = stop
        self._lock = threading.Lock()
        self._failing_since: float | None = None
        self._unexplained = 0

    def answered(self) -> None:
        """Note a sign of life."""
        with self._lock:
            self._failing_since = None
            self._unexplained = 0

    def bears(self, error: ServerError, attempt: int) -> bool:
        """Wait after a call that failed; whether to try it again.

        :param attempt: how often it has failed before this time: each wait is twice the one before.
        """
        if not isinstance(error, (BusyError, DeadlineError, UnreachableError)):
            return False
        now = time.monotonic()
        with self._lock:
            if self._failing_since is None:
                self._failing_since = now
            left = self._failing_since + self._seconds - now
        if left <= 0:
            return False
        return not self._stop.wait(min(left, _LONGEST_WAIT, _FIRST_WAIT * 2**attempt))

    def is_about_all(self, error: ServerError) -> bool:
        """Note a failure that was not borne; whether the other photographs can expect the same."""
        if type(error) is not ServerError:
            return True
        with self._lock:
            self._unexplained += 1
            return self._unexplained >= _IN_A_ROW
