"""The threads that decode and encode pictures, shared out among callers.

What a picture costs is its sender's choice, up to the limit on pixels. So a caller's pictures wait behind
each other and not in front of everybody else's, and a part of the places stays free for the others.
"""

import asyncio
import collections
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from photochrom_serving.admission import Admission
from photochrom_serving.deadline import Deadline, has_passed
from photochrom_serving.drain import Drain
from photochrom_serving.errors import ExpiredError

P = ParamSpec("P")
T = TypeVar("T")

_RESERVED = 4
"""One of so many places is for others than the caller with the most."""

_Job = tuple[asyncio.Future[Any], Callable[[], Any], Deadline]


class PhotoPool:
    """Belongs to one event loop."""

    def __init__(self, workers: int, limit: int, drain: Drain) -> None:
        """Start no thread yet.

        :param workers: threads.
        :param limit: pictures that may be here at a time: they are held decoded, so this bounds memory.
        """
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="photo")
        self._idle = workers
        self._admission = Admission(limit, drain)
        self._share = limit - limit // _RESERVED
        self._drain = drain
        self._callers: dict[str, Admission] = {}
        self._waiting: dict[str, collections.deque[_Job]] = {}
        """Of each caller; the one whose turn it is first."""

    @contextlib.contextmanager
    def admit(self, caller: str, deadline: Deadline) -> Iterator[None]:
        """Be here with a picture for the time of a ``with`` block.

        :raises RequestError: as :meth:`Admission.admit` does, also if the caller has too many here.
        """
        own = self._callers.setdefault(caller, Admission(self._share, self._drain))
        try:
            with own.admit(deadline), self._admission.admit(deadline):
                yield
        finally:
            if not own.count():
                self._callers.pop(caller, None)

    async def run(
        self, caller: str, deadline: Deadline, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function in a thread, when it is the caller's turn.

        :raises ExpiredError: if the deadline passed before that.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job = (future, lambda: function(*args, **kwargs), deadline)
        self._waiting.setdefault(caller, collections.deque()).append(job)
        self._start()
        try:
            return await future
        except asyncio.CancelledError:
            self._forget(caller, job)
            raise

    async def empty(self) -> None:
        """Wait until nothing is here."""
        await self._admission.empty()

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _forget(self, caller: str, job: _Job) -> None:
        """Let go of a picture whose place is free for another one, if it still waits for its turn."""
        jobs = self._waiting.get(caller)
        if jobs and job in jobs:
            jobs.remove(job)
            if not jobs:
                del self._waiting[caller]

    def _start(self) -> None:
        while self._idle and self._waiting:
            caller = next(iter(self._waiting))
            jobs = self._waiting.pop(caller)
            future, work, deadline = jobs.popleft()
            if jobs:
                self._waiting[caller] = jobs  # behind the others
            if future.done():  # its caller has gone
                continue
            if has_passed(deadline):
                future.set_exception(ExpiredError("the deadline passed before the picture's turn"))
                continue
            self._idle -= 1
            running = asyncio.get_running_loop().run_in_executor(self._threads, work)
            running.add_done_callback(lambda done, future=future: self._finish(done, future))  # type: ignore[misc]

    def _finish(self, done: asyncio.Future[Any], future: asyncio.Future[Any]) -> None:
        self._idle += 1
        self._start()
        if future.done():
            done.cancelled() or done.exception()  # nobody waits for it any more
        elif done.cancelled():
            future.cancel()
        elif error := done.exception():
            future.set_exception(error)
        else:
            future.set_result(done.result())
