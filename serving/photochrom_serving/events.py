"""Events: one JSON line each, on standard error.

An event has a name (``ready``, ``call``, ``batch``, ...) and fields; never a photograph, never a
secret. It goes through :mod:`logging`, so that a program which embeds the server stays in charge:
nothing is printed unless :func:`configure` was called, as the command does.
"""

import contextlib
import datetime
import functools
import json
import logging
import sys
import time
from collections.abc import Mapping
from typing import Any

from photochrom_serving.unblocked import Unblocked

_LAST_SECONDS = 1.0
_LOGGER = logging.getLogger("photochrom_serving")
_LOGGER.addHandler(logging.NullHandler())
_handler: "_Handler | None" = None
"""What writes the lines, once :func:`configure` was called."""


def debug(event: str, **fields: object) -> None:
    """Something for whoever tunes the server."""
    _emit(logging.DEBUG, event, fields)


def info(event: str, **fields: object) -> None:
    """Something that happens in a healthy server."""
    _emit(logging.INFO, event, fields)


def wants_info() -> bool:
    """Whether what :func:`info` says goes anywhere."""
    return _LOGGER.isEnabledFor(logging.INFO)


def warning(event: str, **fields: object) -> None:
    """Something to look at."""
    _emit(logging.WARNING, event, fields)


def error(event: str, **fields: object) -> None:
    """Something failed."""
    _emit(logging.ERROR, event, fields)


def failure(event: str, cause: BaseException, **fields: object) -> None:
    """Something failed that should not be able to: the line carries the traceback."""
    if _LOGGER.isEnabledFor(logging.ERROR):
        _LOGGER.error(event, exc_info=cause, extra={"fields": fields})


def configure(level: str) -> None:
    """Write the events of ``level`` (a name such as ``info``) and above to standard error.

    Nobody waits for whoever reads it: of what it does not take, some thousand lines are kept, and of the
    rest the number.
    """
    global _handler  # noqa: PLW0603
    _handler = handler = _Handler(_standard_error())
    handler.setFormatter(_JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # of the libraries, what matters
    _LOGGER.setLevel(level.upper())
    logging.captureWarnings(True)
    # What no line has need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _emit(level: int, event: str, fields: dict[str, object]) -> None:
    if not _LOGGER.isEnabledFor(level):
        return
    if _handler is not None:  # without a record: each call leaves a line
        _handler.write(_line(time.time(), logging.getLevelName(level).lower(), event, fields))
        return
    # As Logger.log does, but for the search for the caller's line, which no event has.
    record = _LOGGER.makeRecord(_LOGGER.name, level, "", 0, event, (), None, extra={"fields": fields})
    _LOGGER.handle(record)


class _Handler(logging.StreamHandler[Any]):
    def write(self, line: str) -> None:
        """Write a line, as :meth:`emit` does a record's."""
        with self.lock or contextlib.nullcontext(), contextlib.suppress(OSError, ValueError):
            self.stream.write(line + self.terminator)
            self.stream.flush()

    def close(self) -> None:
        """At the end of the process: the last chance for what waits."""
        if isinstance(self.stream, Unblocked):
            self.stream.drain(_LAST_SECONDS)
        super().close()


def _standard_error() -> Any:
    try:
        return Unblocked(sys.stderr.fileno(), _lost)
    except (AttributeError, OSError, ValueError):  # it is no file, or it cannot be polled here
        return sys.stderr


def _lost(lines: int) -> str:
    advice = "whoever reads standard error has stopped to"
    return _line(time.time(), "warning", "log_lines_lost", {"lines": lines, "advice": advice})


@functools.lru_cache(1)
def _second(moment: int) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")


_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _line(moment: float, level: str, event: str, fields: Mapping[str, object]) -> str:
    """One JSON object: time (RFC 3339, UTC), level, event, and the event's fields."""
    seconds = int(moment)
    time_ = f"{_second(seconds)}.{int(1e3 * (moment - seconds)):03}Z"
    return _encode({"time": time_, "level": level, "event": event, **fields})


class _JsonFormatter(logging.Formatter):
    """A record as a line: those of the libraries, and failures."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = getattr(record, "fields", {"logger": record.name})
        if record.exc_info:
            fields = {**fields, "traceback": self.formatException(record.exc_info)}
        return _line(record.created, record.levelname.lower(), record.getMessage(), fields)
