"""Batching: photographs of one size and temperature that wait together run together. Arrays only.

Nothing waits for company unless ``max_queue_delay_ms`` says so: while one batch runs the next one
gathers, so batches grow exactly as much as the load makes them.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Protocol

from photochrom_serving.batch_run import Answer, BatchRun, Timing, Watch, ignore
from photochrom_serving.deadline import Deadline
from photochrom_serving.device import Device
from photochrom_serving.errors import ExpiredError
from photochrom_serving.lane import Entry, Lane, Stage
from photochrom_serving.session import Plane

__all__ = ["Answer", "BatchRun", "Batcher", "Model", "Timing", "Watch", "ignore"]

_TURNS = 4
"""Turns of the event loop without a new request after which those that came are queued. A loop with
nothing else to do takes some ten microseconds for each; one under load is reading the next request."""


class Model(Protocol):
    """What runs batches; see :class:`photochrom_serving.session.Session`."""

    label: str
    buckets: tuple[int, ...]

    def stage(self, size: int) -> Stage:
        """Memory for batches of planes ``(size, size)``."""


def to_all(watches: Sequence[Watch]) -> Watch:
    """Several watches as one."""

    def watch(run: BatchRun) -> None:
        for each in watches:
            each(run)

    return watch


class Batcher:
    """The photographs of one model version on their way to the device. Belongs to one event loop."""

    def __init__(self, device: Device, model: Model) -> None:
        self._device = device
        self._model = model
        self._lanes: dict[int, Lane] = {}
        self._arrived: list[tuple[Lane, list[Entry]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    async def predict(
        self, planes: Sequence[Plane], deadline: Deadline, temperature: float | None = None
    ) -> Sequence[Answer]:
        """The chroma of planes ``(size, size)``, all of one size. Cancel it, and they leave the queue.

        :param temperature: of the annealed mean, above 0; None for the model's own.
        :raises ExpiredError: if the deadline passed in the queue, or cannot be met.
        :raises PredictionError: if a photograph or its batch failed; then the others leave the queue.
        """
        loop = self._loop = self._loop or asyncio.get_running_loop()
        lane = self.lane(planes[0].shape[0])
        now = time.monotonic()
        _check_deadline(deadline, lane, len(planes), now)
        entries = [Entry(plane, temperature, deadline, loop.create_future(), now) for plane in planes]
        if not self._arrived:
            loop.call_soon(self._gather, 0, _TURNS)
        self._arrived.append((lane, entries))
        try:
            if len(entries) == 1:
                return (await entries[0].answer,)
            return await asyncio.gather(*(entry.answer for entry in entries))
        except BaseException:
            self._leave(lane, entries)
            raise

    def lane(self, size: int) -> Lane:
        """Where photographs of a size wait."""
        lane = self._lanes.get(size)
        if lane is None:
            model = self._model
            lane = Lane(model.label, size, model.buckets, lambda: model.stage(size))
            self._lanes[size] = lane
        return lane

    def warm_up(self, size: int, bucket: int) -> None:
        """Run a batch size until it is as fast as it will be, and learn how fast; on the device, before use.

        :raises Exception: whatever the model raises.
        """
        lane = self.lane(size)
        stages = [lane.borrow_stage() for _ in range(self._device.workers)]
        seconds = [stage.warm_up(bucket) for stage in stages if stage.has_own_warmth or stage is stages[0]]
        lane.times.note(bucket, min(seconds))
        for stage in stages:
            lane.return_stage(stage)

    def close(self) -> None:
        """Free the memory, once nothing waits any more."""
        self._lanes.clear()

    def _gather(self, before: int, turns: int) -> None:
        """Let those come along that arrive within the next turns of the loop, up to a full batch.

        Waking another thread costs more than a turn, so where batches gain something this pays.
        """
        requests = len(self._arrived)
        turns = _TURNS if requests > before else turns - 1
        if turns and requests < self._arrived[0][0].times.full():
            assert self._loop is not None, "somebody has arrived"
            self._loop.call_soon(self._gather, requests, turns)
            return
        arrived, self._arrived = self._arrived, []
        for lane, entries in arrived:
            self._device.enqueue(lane, [entry for entry in entries if not entry.answer.done()])

    def _leave(self, lane: Lane, entries: list[Entry]) -> None:
        for entry in entries:
            entry.answer.cancel()
        self._device.withdraw(lane, entries)


def _check_deadline(deadline: Deadline, lane: Lane, photographs: int, now: float) -> None:
    """Refuse at once what would only wait in vain."""
    waiting = len(lane)
    if deadline is None or not waiting:  # the first in the queue is always tried
        return
    seconds = lane.times.expect_each() * (waiting + photographs - 1) + lane.times.expect(1)
    if now + seconds > deadline:
        raise ExpiredError(
            f"the deadline cannot be met: {waiting} photographs wait before this one, so its answer takes "
            f"{seconds:.3g} s or longer, and {max(0.0, deadline - now):.3g} s are left"
        )
