"""What happens beside the calls: a thread for what takes its time, tasks for what waits."""

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Background:
    """One thread, and the tasks of one event loop."""

    def __init__(self, name: str) -> None:
        """:param name: the thread's."""
        self._thread = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix=name)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in the thread."""
        return await asyncio.wrap_future(self._thread.submit(function, *args, **kwargs))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin something that nobody needs to wait for."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def see_through(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something to its end, even if whoever waits for it is cancelled."""
        await asyncio.shield(self.spawn(work))

    async def close(self) -> None:
        """Cancel the tasks. What the thread is at is abandoned."""
        await asyncio.sleep(0)  # every task has begun, so none is cancelled before its ``finally``
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever awaits it has it; if nobody does any more, nobody wants it
