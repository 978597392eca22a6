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
from photochrom_serving.errors import DrainingError, ExpiredError, InvalidFieldError, QueueFullError

_SMOOTHING = 0.1  # weight of the newest stay in the running mean
_RETRY_RANGE = (0.05, 5.0)  # seconds


class Admission:
    """Counts the photographs inside and their bytes, and keeps both within limits."""

    def __init__(self, limit: int, drain: Drain, byte_limit: int | None = None) -> None:
        """Nothing is inside yet.

        :param limit: how many photographs may be inside at a time.
        :param byte_limit: how much memory they may take; None for any.
        """
        self._limit = limit
        self._byte_limit = byte_limit
        self._drain = drain
        self._photographs = 0
        self._bytes = 0
        self._entered: dict[object, float] = {}  # when each request came, the longest ago first
        self._mean_stay = 0.0  # seconds
        self._left = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @contextlib.contextmanager
    def admit(
        self, deadline: Deadline, photographs: int = 1, size: int = 0, *, begun: bool = False
    ) -> Iterator[None]:
        """Be inside for the time of a ``with`` block: all photographs of a request, or none.

        :param size: the bytes that they and their answers take.
        :param begun: whether the request's work began before: it may end while the server is stopping.
        :raises DrainingError: if the server is stopping.
        :raises ExpiredError: if the deadline has passed.
        :raises QueueFullError: if a limit is reached; it says when there should be room.
        :raises InvalidFieldError: if there never is.
        """
        if has_passed(deadline):
            raise ExpiredError("the deadline passed before the call was admitted")
        self._check_room(photographs, size)
        refusal = self._fullness(photographs, size) if begun else self.refusal(photographs, size)
        if refusal:
            raise refusal
        token = object()
        start = self._entered[token] = time.monotonic()
        self._photographs += photographs
        self._bytes += size
        self._empty.clear()
        try:
            yield
        finally:
            self._left += 1
            weight = max(_SMOOTHING, 1 / self._left)  # a plain mean of the first few
            self._mean_stay += weight * (time.monotonic() - start - self._mean_stay)
            self._photographs -= photographs
            self._bytes -= size
            del self._entered[token]
            if not self._entered:
                self._empty.set()

    def count(self) -> int:
        """How many photographs are inside."""
        return self._photographs

    def memory(self) -> int:
        """How many bytes those take that are inside."""
        return self._bytes

    def refusal(self, photographs: int = 1, size: int = 0) -> DrainingError | QueueFullError | None:
        """What a request for so many is told just now; None if they are let in.

        :param size: the bytes that they and their answers take.
        """
        return self._drain.refusal() or self._fullness(photographs, size)

    async def empty(self) -> None:
        """Wait until nothing is inside."""
        await self._empty.wait()

    def _fullness(self, photographs: int, size: int) -> QueueFullError | None:
        if self._photographs + photographs > self._limit:
            held, limit = f"{self._photographs} photographs", self._limit
        elif self._byte_limit is not None and self._bytes + size > self._byte_limit:
            held, limit = f"photographs of {self._bytes} bytes", self._byte_limit
        else:
            return None
        message = f"{held} are in the server already, its limit is {limit}; try again later"
        return QueueFullError(message, self._retry_seconds())

    def _check_room(self, photographs: int, size: int) -> None:
        byte_limit = size if self._byte_limit is None else self._byte_limit
        if photographs > self._limit or size > byte_limit:
            raise InvalidFieldError(
                "lightness",
                f"has {photographs} photographs of {size} bytes with their answers, but the server takes "
                f"{self._limit} of {byte_limit} at a time; send fewer in one request",
            )

    def _retry_seconds(self) -> float:
        """When there should be room: after a mean stay, or if stays have grown, after as long again."""
        oldest = time.monotonic() - next(iter(self._entered.values()))
        low, high = _RETRY_RANGE
        # Spread, so that those refused together do not come back together.
        return min(max(self._mean_stay, oldest, low) * random.uniform(1.0, 1.5), high)  # noqa: S311
