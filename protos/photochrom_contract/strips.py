"""Work on a picture strip by strip, in threads: NumPy lets go of the interpreter while it computes."""

import collections
import concurrent.futures
import functools
import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

STRIP_PIXELS: Final = 1 << 17
"""Strips of fewer pixels cost more in calls than in computing; of more, more memory for nothing."""

T = TypeVar("T")


def rows_of(height: int, width: int, pixels: int = STRIP_PIXELS) -> Iterator[slice]:
    """The rows of a picture in strips of about so many pixels, from the top."""
    step = max(1, pixels // max(1, width))
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))


def in_order(work: Callable[[slice], T], strips: Iterable[slice]) -> Iterator[T]:
    """The results of ``work`` on each strip, in order, computed ahead by the process's cores.

    No more of them are held than there are cores, and as many again: memory is that of some strips.
    """
    pending: collections.deque[concurrent.futures.Future[T]] = collections.deque()
    remaining = iter(strips)
    first = next(remaining, None)
    if first is None:
        return
    second = next(remaining, None)
    if second is None:  # a small picture is done before a thread has heard of it
        yield work(first)
        return
    pool = _pool()
    pending.extend(pool.submit(work, strip) for strip in (first, second))
    try:
        for strip in remaining:
            if len(pending) >= 2 * cores():
                yield pending.popleft().result()
            pending.append(pool.submit(work, strip))
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@functools.cache
def _pool() -> concurrent.futures.ThreadPoolExecutor:
    return concurrent.futures.ThreadPoolExecutor(cores(), thread_name_prefix="photochrom-strips")


class _Scratch(threading.local):
    """Arrays that a thread uses again for strip after strip.

    Fresh ones of this size cost more than what is computed in them: the allocator gives their memory back
    to the system each time, and takes it page by page.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, npt.NDArray[np.float32]] = {}

    def plane(self, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """An array with anything in it; the thread's next call with this name gets the same memory."""
        size = math.prod(shape)
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size:
            buffer = self._buffers[name] = np.empty(size, np.float32)
        return buffer[:size].reshape(shape)


scratch: Final = _Scratch()
