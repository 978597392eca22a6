"""Admission: so many at a time, and the rest are told at once when to come back.

A queue without a bound only moves the refusal to the callers' deadlines, after the work was done.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator

from photochrom_serving.deadline import Deadline, has_passed
from photochrom_serving.drain import Drain
from photochrom_serving.errors import ExpiredError, QueueFullError

_SMOOTHING = 0.1  # weight of the newest stay in the running mean
_RETRY_RANGE = (0.05, 5.0)  # seconds


class Admission:
    """Counts what is inside, and keeps it within a limit."""

    def __init__(self, limit: int, drain: Drain) -> None:
        """:param limit: how many may be inside at a time."""
        self._limit = limit
        self._drain = drain
        self._inside: dict[object, float] = {}  # when each one came, the longest ago first
        self._mean_stay = 0.0  # seconds
        self._left = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @contextlib.contextmanager
    def admit(self, deadline: Deadline) -> Iterator[None]:
        """Be inside for the time of a ``with`` block.

        :raises DrainingError: if the server is stopping.
        :raises ExpiredError: if the deadline has passed.
        :raises QueueFullError: if the limit is reached; it says when a place should be free.
        """
        self._drain.check()
        if has_passed(deadline):
            raise ExpiredError("the deadline passed before the call was admitted")
        if len(self._inside) >= self._limit:
            raise QueueFullError(
                f"{len(self._inside)} photographs are in the server already, its limit; try again later",
                self._retry_seconds(),
            )
        token = object()
        start = self._inside[token] = time.monotonic()
        self._empty.clear()
        try:
            yield
        finally:
            self._left += 1
            weight = max(_SMOOTHING, 1 / self._left)  # a plain mean of the first few
            self._mean_stay += weight * (time.monotonic() - start - self._mean_stay)
            del self._inside[token]
            if not self._inside:
                self._empty.set()

    def count(self) -> int:
        """How many are inside."""
        return len(self._inside)

    def _retry_seconds(self) -> float:
        """When a place should be free: after a mean stay, or if stays have grown, after as long again."""
        oldest = time.monotonic() - next(iter(self._inside.values()))
        low, high = _RETRY_RANGE
        # Spread, so that those refused together do not come back together.
        return min(max(self._mean_stay, oldest, low) * random.uniform(1.0, 1.5), high)  # noqa: S311

    async def empty(self) -> None:
        """Wait until nothing is inside."""
        await self._empty.wait()
