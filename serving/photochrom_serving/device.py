"""The device: the threads that run batches, of one model version and size after the other.

Workers take a batch each, copy it together, run it and answer it. On the CPU as many batches run side
by side as there are workers: two of them fill the cores better than one batch of twice the size, as one
computes while the other is in a part that does not spread over the cores. On a GPU one thread runs
them one at a time (recorded CUDA graphs want that), and of the workers one answers the batch before
while the other has the next one open: it goes on copying in what arrives until the GPU is free, so a
batch is assembled while another runs and yet nobody misses it.
"""

import collections
import concurrent.futures
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

from photochrom_serving.batch import Batch, refuse
from photochrom_serving.batch_run import Watch, ignore
from photochrom_serving.errors import StartupError
from photochrom_serving.lane import Entry, Lane
from photochrom_serving.session.opening import side_by_side
from photochrom_serving.settings import Settings

T = TypeVar("T")

_GPU_WORKERS = 2
_CLOSED = "the server is stopping"


class Device:
    """Lanes take turns by the seconds they have had, so none waits for another's backlog."""

    def __init__(
        self, workers: int, *, one_at_a_time: bool = False, delay: float = 0.0, watch: Watch = ignore
    ) -> None:
        """Start the threads.

        :param workers: batches that are in the making, running or being answered at a time.
        :param one_at_a_time: whether all of them run in one thread, as on a GPU.
        :param delay: seconds that a batch which is not full waits for company.
        :param watch: is told of every batch.
        """
        self._delay = delay
        self._watch = watch
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)  # something waits
        self._open = threading.Condition(self._lock)  # an open batch closes, or something could join it
        self._lanes: list[Lane] = []  # those where photographs wait
        self.errands: collections.deque[_Errand] = collections.deque()
        self._clock = 0.0  # the turn of the lane that was served last
        self._errand_turn = 0.0
        self._running = 0
        self._closed = False
        self._runner = ThreadPoolExecutor(1, thread_name_prefix="runner") if one_at_a_time else None
        self.workers = workers
        self.ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._alive = workers
        for number in range(workers):
            threading.Thread(target=self._serve, name=f"worker {number}", daemon=True).start()

    @classmethod
    def of(cls, settings: Settings, watch: Watch) -> Self:
        """The device that the settings name."""
        delay = settings.max_queue_delay_ms / 1e3
        if settings.providers != "cpu":
            return cls(_GPU_WORKERS, one_at_a_time=True, delay=delay, watch=watch)
        return cls(side_by_side(settings), delay=delay, watch=watch)

    def enqueue(self, lane: Lane, entries: Sequence[Entry]) -> None:
        """Let photographs wait for their turn."""
        with self._lock:
            if not len(lane):
                lane.turn = max(lane.turn, self._clock)  # turns that nobody wanted are not made up for
            lane.add(entries)
            self._list(lane)
            self._work.notify(len(entries))
            self._open.notify_all()

    def withdraw(self, lane: Lane, entries: Sequence[Entry]) -> None:
        """Let photographs leave that nobody waits for any more."""
        with self._lock:
            lane.withdraw(entries)
            self._list(lane)

    def perform(self, errand: Callable[[], T]) -> T:
        """Do something else on the device when its turn comes, such as warming a model up; wait for it.

        :raises StartupError: if the device is closed before.
        """
        done: concurrent.futures.Future[T] = concurrent.futures.Future()
        with self._lock:
            if self._closed:
                raise StartupError(_CLOSED)
            if not self.errands:
                self._errand_turn = max(self._errand_turn, self._clock)
            self.errands.append(_Errand(done, errand))
            self._work.notify()
        return done.result()

    def close(self) -> None:
        """End the threads after the batches they have; :attr:`ended` tells when."""
        with self._lock:
            self._closed = True
            for errand in self.errands:
                errand.done.set_exception(StartupError(_CLOSED))
            self._work.notify_all()
            self._open.notify_all()

    def _serve(self) -> None:
        while turn := self._next():
            if isinstance(turn, Batch):
                self._carry(turn)
            else:
                self._do(turn)
            del turn  # while it waits for the next one, a model that is unloaded is freed
        with self._lock:
            self._alive -= 1
            if not self._alive:
                if self._runner:  # not before: a worker may be about to hand it something
                    self._runner.shutdown(wait=False)
                self.ended.set_result(None)

    def _next(self) -> "Batch | _Errand | None":
        with self._lock:
            while not self._closed:
                now = time.monotonic()
                ripe = [lane for lane in self._lanes if lane.ripe_at(self._delay) <= now]
                lane = min(ripe, key=lambda lane: lane.turn, default=None)
                if self.errands and (lane is None or self._errand_turn <= lane.turn):
                    return self.errands.popleft()
                if lane is None:
                    soonest = min((lane.ripe_at(self._delay) for lane in self._lanes), default=None)
                    self._work.wait(None if soonest is None else soonest - now)
                elif batch := self._form(lane, now):
                    return batch
            return None

    def _form(self, lane: Lane, now: float) -> Batch | None:
        most = lane.times.choose(len(lane))
        entries, late = lane.take(most, lane.first_temperature(), now, self._sharing())
        refuse(late, now)
        self._list(lane)
        if not entries:
            return None
        self._clock = max(self._clock, lane.turn)
        batch = Batch(lane, entries, self._watch)
        lane.turn += batch.charged
        return batch

    def _carry(self, batch: Batch) -> None:
        failure: BaseException | None = None
        try:
            batch.assemble(0, batch.entries)
            batch.staged = len(batch.entries)
            if self._runner:
                running = self._runner.submit(self._run, batch)
                self._keep_open(batch)
                running.result()
            else:
                self._run(batch)
        except Exception as error:  # of the model's, or a bug: the next batch has nothing to do with it
            failure = error
        batch.read(failure)
        with self._lock:
            batch.lane.turn += batch.settle()
        batch.answer()  # the last thing before this thread waits: it would be in the event loop's way

    def _keep_open(self, batch: Batch) -> None:
        """Copy in what arrives for a batch, until it is closed."""
        while True:
            with self._lock:
                while not batch.closed and not (joining := self._join(batch)):
                    self._open.wait()
                if batch.closed:
                    return
                first = len(batch.entries)
                batch.entries += joining
            batch.assemble(first, joining)
            with self._lock:
                if not batch.closed:  # otherwise they are back in the queue
                    batch.staged = len(batch.entries)

    def _join(self, batch: Batch) -> list[Entry]:
        lane, now = batch.lane, time.monotonic()
        room = lane.times.full() - len(batch.entries)
        if not len(lane) or room <= 0:
            return []
        joining, late = lane.take(room, batch.temperature, now, self._sharing())
        refuse(late, now)
        self._list(lane)
        return joining

    def _run(self, batch: Batch) -> None:
        with self._lock:
            now = time.monotonic()
            late = batch.close(now, self._sharing())
            self._list(batch.lane)
            self._running += 1
            sharing = self._running
            self._open.notify_all()
        refuse(late, now)
        try:
            batch.run(alone=sharing == 1)
        finally:
            with self._lock:
                batch.sharing = (sharing + self._running) / 2
                self._running -= 1

    def _do(self, errand: "_Errand") -> None:
        start = time.monotonic()
        if self._runner:
            self._runner.submit(errand.run).result()
        else:
            errand.run()
        with self._lock:
            self._errand_turn += time.monotonic() - start

    def _sharing(self) -> int:
        """How many batches share the device, with one that is about to run."""
        return 1 if self._runner else self._running + 1

    def _list(self, lane: Lane) -> None:
        """A lane is listed while photographs wait in it."""
        if not len(lane):
            if lane in self._lanes:
                self._lanes.remove(lane)
        elif lane not in self._lanes:
            self._lanes.append(lane)
            self._work.notify()


class _Errand:
    """Something else to do on the device, and who waits for it."""

    def __init__(self, done: "concurrent.futures.Future[T]", do: Callable[[], T]) -> None:
        self.done: concurrent.futures.Future[Any] = done
        self._do = do

    def run(self) -> None:
        try:
            self.done.set_result(self._do())
        except BaseException as error:
            self.done.set_exception(error)
