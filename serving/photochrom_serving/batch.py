"""A batch: photographs that run together, from the first that is copied in to the last that is answered."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

from photochrom_serving import events
from photochrom_serving.batch_run import Answer, BatchRun, Timing, Watch
from photochrom_serving.errors import ExpiredError, PredictionError
from photochrom_serving.lane import Entry, Lane
from photochrom_serving.session import Chroma


class Batch:
    """Open until it runs: photographs that come in time are copied in while the batch before is running.

    One thread assembles it, one (the same on the CPU) runs it; the device's lock guards :attr:`entries`,
    :attr:`staged` and :attr:`closed`.
    """

    def __init__(self, lane: Lane, entries: list[Entry], watch: Watch) -> None:
        self.lane = lane
        self.temperature = entries[0].temperature
        self.entries = entries
        """In the order of their rows."""
        self.staged = 0
        """How many of them are copied in."""
        self.closed = False
        self.charged = lane.times.expect(len(entries))
        """The seconds of the device that its lane pays in advance."""
        self.compute_seconds = 0.0
        self.sharing = 1.0
        """How many batches shared the device while it ran, on the mean."""
        self._watch = watch
        self._stage = lane.borrow_stage()
        self._bucket = 0
        self._assembly_seconds = 0.0
        self._answers: Sequence[Chroma | PredictionError] = ()
        self._failed = False
        self._started = time.monotonic()

    def assemble(self, first: int, entries: Sequence[Entry]) -> None:
        """Copy planes in, from a row on."""
        start = time.monotonic()
        for row, entry in enumerate(entries, first):
            self._stage.write(row, entry.plane)
        self._assembly_seconds += time.monotonic() - start

    def close(self, now: float, sharing: int) -> list[Entry]:
        """Fix who is in it: whoever is copied in, still waited for, and in time. Needs the lock.

        :param sharing: how many batches share the device, with this one.
        :returns: those who would come too late.
        """
        self.closed = True
        self._started = now
        self.lane.put_back(self.entries[self.staged :])
        staged = self.entries[: self.staged]
        end = now + sharing * self.lane.times.expect(len(staged))
        late = [entry for entry in staged if entry.is_late(end) and not entry.answer.done()]
        if len(late) == len(staged) and late and not late[0].is_late(now):
            late = late[1:]  # as in Lane.take: try one
        kept = [row for row, entry in enumerate(staged) if not entry.answer.done() and entry not in late]
        if kept:
            self._bucket = self.lane.times.choose(len(kept))
            self.lane.put_back([staged[row] for row in kept[self._bucket :]])
            kept = kept[: self._bucket]
        for target, source in enumerate(kept):
            if target != source:  # ascending: nothing that is still needed is overwritten
                self._stage.move(source, target)
        self.entries = [staged[row] for row in kept]
        return late

    def run(self, *, alone: bool) -> None:
        """Run it, if anybody is left in it.

        :param alone: whether no other batch runs just now.
        """
        if self.entries:
            start = time.monotonic()
            try:
                self._stage.run(self._bucket, self.temperature, alone=alone)
            finally:
                self.compute_seconds = time.monotonic() - start

    def read(self, failure: BaseException | None) -> None:
        """Copy what it answered, before the stage is another batch's. Needs no lock.

        :param failure: what the run raised, if it did: nobody in it has an answer then.
        """
        if not self.entries:
            return
        if failure is None:
            self._answers = self._stage.read(len(self.entries))
        else:
            self._failed = True
            events.failure("batch_failed", failure, model=self.lane.label, photographs=len(self.entries))
            message = f"{self.lane.label} failed on this photograph's batch; the server's log says how"
            self._answers = [PredictionError(message)] * len(self.entries)

    def settle(self) -> float:
        """Remember for the batches to come how long it took, and free its stage. Needs the lock.

        :returns: by how many seconds of the device it had more than it was charged.
        """
        self.lane.return_stage(self._stage)
        seconds = self.compute_seconds / self.sharing
        if self._bucket:
            self.lane.times.note(self._bucket, seconds)
        return seconds - self.charged

    def answer(self) -> None:
        """Deliver what was read, on the event loop. Needs neither the lock nor the stage."""
        if self.entries:
            _on_loop_of(self.entries, self._deliver)

    def _deliver(self) -> None:
        waits = tuple(self._started - entry.since for entry in self.entries)
        for entry, answer, waited in zip(self.entries, self._answers, waits, strict=True):
            if entry.answer.done():
                continue
            if isinstance(answer, PredictionError):
                entry.answer.set_exception(answer)
            else:
                timing = Timing(waited, self.compute_seconds, len(self.entries))
                entry.answer.set_result(Answer(answer, timing))
        asyncio.get_running_loop().call_soon(self._tell, waits)  # after those who wait have gone on

    def _tell(self, waits: tuple[float, ...]) -> None:
        run = BatchRun(
            model=self.lane.label,
            size=self.lane.size,
            photographs=len(self.entries),
            bucket=self._bucket,
            queue_seconds=waits,
            assembly_seconds=self._assembly_seconds,
            compute_seconds=self.compute_seconds,
            failed=self._failed,
        )
        _log(run)
        self._watch(run)


def refuse(entries: Sequence[Entry], now: float) -> None:
    """Tell those whose deadline has passed, or cannot be met any more."""
    if entries:
        _on_loop_of(entries, lambda: _refuse(entries, now))


def _refuse(entries: Sequence[Entry], now: float) -> None:
    for entry in entries:
        if not entry.answer.done():
            passed = entry.is_late(now)
            message = "passed in the queue" if passed else "cannot be met: a batch takes longer than is left"
            entry.answer.set_exception(ExpiredError(f"the deadline {message}"))


def _on_loop_of(entries: Sequence[Entry], callback: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
        entries[0].answer.get_loop().call_soon_threadsafe(callback)


def _log(run: BatchRun) -> None:
    events.debug(
        "batch",
        model=run.model,
        photographs=run.photographs,
        bucket=run.bucket,
        size=run.size,
        waited_ms=round(1e3 * max(run.queue_seconds), 3),
        ran_ms=round(1e3 * run.compute_seconds, 3),
    )
