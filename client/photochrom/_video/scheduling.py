"""Keeps an encoder from making the whole process a real-time one."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_THREADS: Final = Path("/proc/self/task")


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Let every thread be scheduled after the block as this one was before it.

    SVT-AV1, opened by root, gives its own threads and the one that opens it the highest real-time priority
    (``SCHED_FIFO``, 99): whatever else runs on the machine, and every process started from there, would be
    starved or do the starving. Threads that were scheduled otherwise before the block are left alone. Does
    nothing but on Linux.
    """
    if not _THREADS.is_dir():
        yield
        return
    before = {thread: os.sched_getscheduler(thread) for thread in _threads()}
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    own = int(Path("/proc/thread-self").resolve().name)
    try:
        yield
    finally:
        for thread in _threads():
            if thread == own or thread not in before:
                with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                    os.sched_setscheduler(thread, policy, parameters)


def _threads() -> list[int]:
    return [int(thread.name) for thread in _THREADS.iterdir()]
