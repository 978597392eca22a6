"""A window over many items: so many in work at a time, and no more held.

The window keeps a server busy while it bounds memory: what has not been taken from the iterable, and
what has been handed on, takes none.
"""

import itertools
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

WINDOW: Final = 16
"""Two batches of a server that runs eight together: one is computed while the next one gathers."""

MAX_WINDOW: Final = 1024


def check_window(window: int) -> None:
    """Refuse a window that nothing goes through, or that bounds nothing.

    :raises ValueError: for one of those.
    """
    if not 1 <= window <= MAX_WINDOW:
        raise ValueError(f"window is {window}, but must be within 1 to {MAX_WINDOW}")


def work_through(
    function: Callable[[Item], Result], items: Iterable[Item], *, window: int, in_order: bool
) -> Generator[Result, None, None]:
    """Call ``function`` for every item, in as many threads as the window has places.

    An exception ends it. What is under way when it ends, or when the caller has enough, is waited for.

    :param in_order: whether results come in the order of the items, or each as soon as it is there.
    """
    executor = ThreadPoolExecutor(window, thread_name_prefix="photochrom")
    iterator = iter(items)
    pending: dict[Future[Result], None] = {}  # the oldest first
    try:
        while True:
            for item in itertools.islice(iterator, window - len(pending)):
                pending[executor.submit(function, item)] = None
            if not pending:
                return
            oldest = next(iter(pending))
            done = {oldest} if in_order else wait(pending, return_when=FIRST_COMPLETED).done
            future = next(iter(done))
            del pending[future]
            yield future.result()
            del future, oldest, done  # or the result stays while the next one is waited for
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
