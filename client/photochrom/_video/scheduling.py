"""Keeps an encoder from making the whole process a real-time one."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_THREADS: Final = Path("/proc/self/task")


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Let every thread be scheduled after the block as this one was before it.

    SVT-AV1, opened by root, gives its own threads and the one that opens it the highest real-time priority
    (``SCHED_FIFO``, 99): whatever else runs on the machine, and every process started from there, would be
    starved or do the starving. The other threads that were there before the block are left alone. Does
    nothing but on Linux.
    """
    if not _THREADS.is_dir():
        yield
        return
    own, before = threading.get_native_id(), _threads()
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        for thread in {own, *_threads() - before}:
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setscheduler(thread, policy, parameters)


def _threads() -> set[int]:
    return {int(thread.name) for thread in _THREADS.iterdir()}
