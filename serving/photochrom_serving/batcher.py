"""Batching: photographs of one size (and temperature) that wait together run together. Arrays only.

Nothing waits for company. While one batch is in the runner thread the next one gathers, so batches
grow exactly as much as the load makes them.
"""

import asyncio
import collections
import dataclasses
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from photochrom_serving import events
from photochrom_serving.deadline import Deadline, has_passed
from photochrom_serving.errors import ExpiredError, PredictionError
from photochrom_serving.session import Chroma, Outcome, Plane

Run = Callable[[Sequence[Plane], float | None], Outcome]
"""Predicts a batch of planes ``(h, w)`` at a temperature, in the runner thread; what it raises fails the
whole batch."""


@dataclasses.dataclass(frozen=True, slots=True)
class BatchRun:
    """A batch that has run, for whoever counts."""

    model: str
    """The model version, such as ``photochrom/1``."""
    size: int
    """The side of its planes, in pixels."""
    photographs: int
    bucket: int
    """How many photographs the session ran it as: the batch and its padding."""
    queue_seconds: tuple[float, ...]
    """How long each photograph waited for the batch to form."""
    assembly_seconds: float
    """For the input tensor."""
    compute_seconds: float
    """In ONNX Runtime."""
    failed: bool
    """As a whole, so that no photograph of it got an answer; then the times are those until it failed."""


Watch = Callable[[BatchRun], None]
"""Is told of every batch, on the event loop; it has to be quick."""


@dataclasses.dataclass(frozen=True, slots=True)
class Timing:
    """Where a photograph's time went."""

    queue_seconds: float
    compute_seconds: float
    batch_size: int
    """Photographs in its batch."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A photograph's chroma ``(2, h', w')``, and where its time went."""

    chroma: Chroma
    timing: Timing


@dataclasses.dataclass(slots=True, eq=False)
class _Entry:
    plane: Plane
    temperature: float | None
    deadline: Deadline
    answer: asyncio.Future[Answer]
    since: float

    def fits(self, other: "_Entry") -> bool:
        """Whether the two can be in one batch."""
        return self.plane.shape == other.plane.shape and self.temperature == other.temperature


def ignore(_: BatchRun) -> None:
    """Watch nothing."""


def to_all(watches: Sequence[Watch]) -> Watch:
    """Several watches as one."""

    def watch(run: BatchRun) -> None:
        for each in watches:
            each(run)

    return watch


class Batcher:
    """The queue and the runner thread of one model version. Belongs to one event loop."""

    def __init__(self, label: str, run: Run, max_batch_size: int, watch: Watch = ignore) -> None:
        """:param label: the model version, such as ``photochrom/1``, for log lines and messages."""
        self._label = label
        self._watch = watch
        self._run = run
        self._max_batch_size = max_batch_size
        self._waiting: collections.deque[_Entry] = collections.deque()
        self._busy = False
        self._runner = ThreadPoolExecutor(1, thread_name_prefix=f"runner {label}")

    async def predict(self, plane: Plane, deadline: Deadline, temperature: float | None = None) -> Answer:
        """The chroma ``(2, h', w')`` of one plane ``(h, w)``. Cancel it, and it leaves the queue.

        :param temperature: of the annealed mean, above 0; None for the model's own.

        :raises ExpiredError: if the deadline passed before its batch formed.
        :raises PredictionError: if it or its batch failed.
        """
        loop = asyncio.get_running_loop()
        entry = _Entry(plane, temperature, deadline, loop.create_future(), time.monotonic())
        self._waiting.append(entry)
        if not self._busy:
            self._busy = True
            loop.call_soon(self._start_next)  # what arrives in this turn of the loop comes along
        return await entry.answer

    def close(self) -> None:
        """Let the runner thread end after the batch it has."""
        self._runner.shutdown(wait=False, cancel_futures=True)

    def _start_next(self) -> None:
        batch = self._form()
        self._busy = bool(batch)
        if batch:
            start = time.monotonic()
            planes = [entry.plane for entry in batch]
            running = asyncio.get_running_loop().run_in_executor(
                self._runner, self._run, planes, batch[0].temperature
            )
            running.add_done_callback(lambda done: self._finish(batch, start, done))

    def _form(self) -> list[_Entry]:
        """Take the longest waiting entry and those after it that fit it, up to a batch."""
        batch: list[_Entry] = []
        others: list[_Entry] = []
        while self._waiting and len(batch) < self._max_batch_size:
            entry = self._waiting.popleft()
            if entry.answer.done():  # its caller has gone
                continue
            if has_passed(entry.deadline):
                entry.answer.set_exception(ExpiredError("the deadline passed in the queue"))
            elif not batch or entry.fits(batch[0]):
                batch.append(entry)
            else:
                others.append(entry)
        self._waiting.extendleft(reversed(others))
        return batch

    def _finish(self, batch: list[_Entry], start: float, done: asyncio.Future[Outcome]) -> None:
        self._start_next()  # first of all: the runner thread waits
        if done.cancelled():  # closed
            for entry in batch:
                entry.answer.cancel()
            return
        failure = done.exception()
        if failure is None:
            outcome = done.result()
        else:
            events.failure("batch_failed", failure, model=self._label, photographs=len(batch))
            message = f"{self._label} failed on this photograph's batch; the server's log says how"
            outcome = Outcome(
                [PredictionError(message)] * len(batch), len(batch), 0.0, time.monotonic() - start
            )
        waits = tuple(start - entry.since for entry in batch)
        for entry, answer, waited in zip(batch, outcome.answers, waits, strict=True):
            if entry.answer.done():
                continue
            if isinstance(answer, PredictionError):
                entry.answer.set_exception(answer)
            else:
                timing = Timing(waited, outcome.compute_seconds, len(batch))
                entry.answer.set_result(Answer(answer, timing))
        run = BatchRun(
            model=self._label,
            size=batch[0].plane.shape[1],
            photographs=len(batch),
            bucket=outcome.bucket,
            queue_seconds=waits,
            assembly_seconds=outcome.assembly_seconds,
            compute_seconds=outcome.compute_seconds,
            failed=failure is not None,
        )
        events.debug("batch", **_describe(run))
        self._watch(run)


def _describe(run: BatchRun) -> dict[str, object]:
    return {
        "model": run.model,
        "photographs": run.photographs,
        "bucket": run.bucket,
        "size": run.size,
        "waited_ms": round(1e3 * max(run.queue_seconds), 3),
        "ran_ms": round(1e3 * run.compute_seconds, 3),
    }
