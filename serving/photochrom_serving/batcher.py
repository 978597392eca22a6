"""Batching: photographs of one size that wait together run together. Arrays only, no protocol.

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
from photochrom_serving.session import Chroma, Plane

Answers = Sequence[Chroma | PredictionError]
"""A batch's, photograph by photograph: its chroma ``(2, h', w')``, or what is wrong with it."""

Run = Callable[[Sequence[Plane]], Answers]
"""Predicts a batch of planes ``(h, w)``, in the runner thread; what it raises fails the whole batch."""


@dataclasses.dataclass(slots=True, eq=False)
class _Entry:
    plane: Plane
    deadline: Deadline
    answer: asyncio.Future[Chroma]
    since: float


class Batcher:
    """The queue and the runner thread of one model version. Belongs to one event loop."""

    def __init__(self, label: str, run: Run, max_batch_size: int) -> None:
        """:param label: the model version, such as ``photochrom/1``, for log lines and messages."""
        self._label = label
        self._run = run
        self._max_batch_size = max_batch_size
        self._waiting: collections.deque[_Entry] = collections.deque()
        self._busy = False
        self._runner = ThreadPoolExecutor(1, thread_name_prefix=f"runner {label}")

    async def predict(self, plane: Plane, deadline: Deadline) -> Chroma:
        """The chroma ``(2, h', w')`` of one plane ``(h, w)``. Cancel it, and it leaves the queue.

        :raises ExpiredError: if the deadline passed before its batch formed.
        :raises PredictionError: if it or its batch failed.
        """
        loop = asyncio.get_running_loop()
        entry = _Entry(plane, deadline, loop.create_future(), time.monotonic())
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
            running = asyncio.get_running_loop().run_in_executor(self._runner, self._run, planes)
            running.add_done_callback(lambda done: self._finish(batch, start, done))

    def _form(self) -> list[_Entry]:
        """Take the longest waiting entry, and those of its size that come after it, up to a batch."""
        batch: list[_Entry] = []
        others: list[_Entry] = []
        while self._waiting and len(batch) < self._max_batch_size:
            entry = self._waiting.popleft()
            if entry.answer.done():  # its caller has gone
                continue
            if has_passed(entry.deadline):
                entry.answer.set_exception(ExpiredError("the deadline passed in the queue"))
            elif not batch or entry.plane.shape == batch[0].plane.shape:
                batch.append(entry)
            else:
                others.append(entry)
        self._waiting.extendleft(reversed(others))
        return batch

    def _finish(self, batch: list[_Entry], start: float, done: asyncio.Future[Answers]) -> None:
        self._start_next()  # first of all: the runner thread waits
        if done.cancelled():  # closed
            for entry in batch:
                entry.answer.cancel()
            return
        events.debug(
            "batch",
            model=self._label,
            photographs=len(batch),
            size=batch[0].plane.shape[1],
            waited_ms=round(1e3 * (start - batch[0].since), 3),
            ran_ms=round(1e3 * (time.monotonic() - start), 3),
        )
        failure = done.exception()
        if failure is not None:
            events.failure("batch_failed", failure, model=self._label, photographs=len(batch))
            message = f"{self._label} failed on this photograph's batch; the server's log says how"
            answers: Answers = [PredictionError(message) for _ in batch]
        else:
            answers = done.result()
        for entry, answer in zip(batch, answers, strict=True):
            if entry.answer.done():
                continue
            if isinstance(answer, PredictionError):
                entry.answer.set_exception(answer)
            else:
                entry.answer.set_result(answer)
