"""What to do about a server that is gone or full: to wait for it, but not forever."""

import threading
import time
from typing import Final

from photochrom._errors import BusyError, DeadlineError, ServerError, UnreachableError

_FIRST_WAIT: Final = 0.25  # seconds
_LONGEST_WAIT: Final = 5.0


class Patience:
    """Shared by all the calls of a batch: any answer to one of them is a sign of life to all."""

    def __init__(self, seconds: float, stop: threading.Event) -> None:
        """Begin with a sign of life.

        :param seconds: without a sign of life, after which to give up.
        :param stop: ends every wait.
        """
        self._seconds = seconds
        self._stop = stop
        self._alive = time.monotonic()

    def answered(self) -> None:
        """Note a sign of life."""
        self._alive = time.monotonic()

    def bears(self, error: ServerError, attempt: int) -> bool:
        """Wait after a call that failed; whether to try it again.

        :param attempt: how often it has failed before this time: each wait is twice the one before.
        """
        if not isinstance(error, (BusyError, DeadlineError, UnreachableError)):
            return False
        left = self._alive + self._seconds - time.monotonic()
        if left <= 0:
            return False
        return not self._stop.wait(min(left, _LONGEST_WAIT, _FIRST_WAIT * 2**attempt))
