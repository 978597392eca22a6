"""A lane: the photographs of one model version and one size that wait for their turn."""

import asyncio
import collections
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from photochrom_serving.batch_run import Answer
from photochrom_serving.deadline import Deadline
from photochrom_serving.errors import PredictionError
from photochrom_serving.run_times import RunTimes
from photochrom_serving.session import Chroma, Plane


class Stage(Protocol):
    """Memory for one batch at a time; see :class:`photochrom_serving.session.Stage`."""

    has_own_warmth: bool
    """Whether warming up another one of its size does not warm this one up."""

    def warm_up(self, bucket: int) -> float:
        """Run a bucket until it is as fast as it will be; the seconds that it takes then."""

    def write(self, row: int, plane: Plane) -> None:
        """Put a plane ``(size, size)`` into a row of the batch."""

    def move(self, source: int, target: int) -> None:
        """Put what is in one row into another."""

    def run(self, bucket: int, temperature: float | None, *, alone: bool) -> None:
        """Run the first ``bucket`` rows, on the whole device if alone; what it raises fails the batch."""

    def read(self, count: int) -> list[Chroma | PredictionError]:
        """A copy of the first ``count`` rows' answers."""


@dataclasses.dataclass(slots=True, eq=False)
class Entry:
    """A photograph that waits."""

    plane: Plane
    temperature: float | None
    deadline: Deadline
    answer: asyncio.Future[Answer]
    since: float
    """On :func:`time.monotonic`."""

    def is_late(self, moment: float) -> bool:
        """Whether an answer at that moment is too late."""
        return self.deadline is not None and self.deadline <= moment


class Lane:
    """First come, first served; a batch has one temperature. The device's lock guards all of it."""

    def __init__(self, label: str, size: int, buckets: Sequence[int], new_stage: Callable[[], Stage]) -> None:
        """Nobody waits yet.

        :param label: the model version, such as ``photochrom/1``, for log lines and messages.
        :param buckets: the batch sizes that occur, ascending.
        """
        self.label = label
        self.size = size
        self.times = RunTimes(buckets)
        self.turn = 0.0
        """The device's seconds that the lane has had; the one that had the least is next."""
        self._waiting: collections.deque[Entry] = collections.deque()
        self._new_stage = new_stage
        self._stages: list[Stage] = []

    def __len__(self) -> int:
        """How many photographs wait."""
        return len(self._waiting)

    def add(self, entries: Iterable[Entry]) -> None:
        """Queue up."""
        self._waiting.extend(entries)

    def withdraw(self, entries: Iterable[Entry]) -> None:
        """Leave the queue, wherever in it."""
        for entry in entries:
            if entry in self._waiting:
                self._waiting.remove(entry)

    def put_back(self, entries: Sequence[Entry]) -> None:
        """Be first again."""
        self._waiting.extendleft(reversed(entries))

    def ripe_at(self, delay: float) -> float:
        """When the next batch may form: at once if it is full, or when its first has waited so long."""
        full = len(self._waiting) >= self.times.full()
        return 0.0 if full else self._waiting[0].since + delay

    def take(
        self, most: int, temperature: float | None, now: float, sharing: int
    ) -> tuple[list[Entry], list[Entry]]:
        """The first entries of a temperature, up to ``most``, and those before them that would come too late.

        What the batches before took tells which deadlines can be met. It could tell wrongly, so the last
        one that waits is run for as long as its deadline has not passed.

        :param sharing: how many batches share the device, with this one.
        """
        batch: list[Entry] = []
        late: list[Entry] = []
        others: list[Entry] = []
        end = now + sharing * self.times.expect(min(most, len(self._waiting)))
        while self._waiting and len(batch) < most:
            entry = self._waiting.popleft()
            alone = not (self._waiting or batch or others)
            if entry.answer.done():  # its caller has gone
                continue
            if entry.is_late(now if alone else end):
                late.append(entry)
            elif entry.temperature == temperature:
                batch.append(entry)
            else:
                others.append(entry)
        self.put_back(others)
        return batch, late

    def first_temperature(self) -> float | None:
        """The temperature of whoever waits longest."""
        return self._waiting[0].temperature

    def borrow_stage(self) -> Stage:
        """Memory for a batch: as many as run at a time are made, and used again and again."""
        return self._stages.pop() if self._stages else self._new_stage()

    def return_stage(self, stage: Stage) -> None:
        """Let the next batch have it."""
        self._stages.append(stage)
