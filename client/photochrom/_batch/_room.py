"""Room for photographs: so many pixels in work at a time, however large each one is."""

import contextlib
import threading
from collections.abc import Iterator


class Room:
    """A number of pixels that threads share. Who comes first has room first, so a large one gets its turn."""

    def __init__(self, pixels: int) -> None:
        """:param pixels: how many fit; a photograph that is larger has the room to itself."""
        self._pixels = pixels
        self._used = 0
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def holding(self, pixels: int) -> Iterator[None]:
        """Wait for room, and have it for the time of the block."""
        with self._turn, self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + pixels <= self._pixels)
            self._used += pixels
        try:
            yield
        finally:
            with self._changed:
                self._used -= pixels
                self._changed.notify_all()
