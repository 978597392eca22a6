"""A stream that nobody has to read: what its other end has no room for waits here, up to a limit.

A pipe is full when whoever should read it has stopped to, as a container's log driver may. A write to it
would wait, and the server with it.
"""

import collections
import contextlib
import os
import select
import time
from collections.abc import Callable
from typing import Final

_LIMIT: Final = 1 << 20
"""Bytes that wait at most: some thousand lines."""
_PIECE: Final = select.PIPE_BUF
"""Bytes for which a pipe that takes any has room."""


class Unblocked:
    """Writes lines to a file descriptor, as a text stream does, and never waits for it."""

    def __init__(self, descriptor: int, lost: Callable[[int], str]) -> None:
        """Write nothing yet.

        :param lost: the line that tells how many lines there was no room for.
        """
        self._descriptor = descriptor
        self._lost_line = lost
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        self._waiting: collections.deque[bytes] = collections.deque()
        self._bytes = 0
        self._lost = 0

    def write(self, line: str) -> None:
        """Let a line wait for :meth:`flush`, or none of it if too much waits already."""
        if self._bytes > _LIMIT:
            self._lost += 1
            return
        if self._lost:
            line, self._lost = self._lost_line(self._lost) + "\n" + line, 0
        data = line.encode(errors="backslashreplace")
        self._bytes += len(data)
        self._waiting.extend(data[start : start + _PIECE] for start in range(0, len(data), _PIECE))

    def flush(self) -> None:
        """Write as much as there is room for. What cannot be written at all is gone."""
        while self._waiting and self._room.poll(0):
            piece = self._waiting.popleft()
            self._bytes -= len(piece)
            with contextlib.suppress(OSError):
                written = os.write(self._descriptor, piece)
                if written < len(piece):
                    self._waiting.appendleft(piece[written:])
                    self._bytes += len(piece) - written

    def drain(self, seconds: float) -> None:
        """Write all of it, if there is room within that time."""
        end = time.monotonic() + seconds
        while self._waiting and (left := end - time.monotonic()) > 0:
            self._room.poll(1e3 * left)
            self.flush()
