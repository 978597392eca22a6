"""Events: one JSON line each, on standard error.

An event has a name (``ready``, ``call``, ``batch``, ...) and fields; never a photograph, never a
secret. It goes through :mod:`logging`, so that a program which embeds the server stays in charge:
nothing is printed unless :func:`configure` was called, as the command does.
"""

import datetime
import functools
import json
import logging
import sys
from typing import Any

from photochrom_serving.unblocked import Unblocked

_LAST_SECONDS = 1.0
_LOGGER = logging.getLogger("photochrom_serving")
_LOGGER.addHandler(logging.NullHandler())


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
    handler = _Handler(_standard_error())
    handler.setFormatter(_JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # of the libraries, what matters
    _LOGGER.setLevel(level.upper())
    logging.captureWarnings(True)
    # What no line has need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _emit(level: int, event: str, fields: dict[str, object]) -> None:
    if _LOGGER.isEnabledFor(level):
        # As Logger.log does, but for the search for the caller's line, which no event has.
        record = _LOGGER.makeRecord(_LOGGER.name, level, "", 0, event, (), None, extra={"fields": fields})
        _LOGGER.handle(record)


class _Handler(logging.StreamHandler[Any]):
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
    record = logging.LogRecord(_LOGGER.name, logging.WARNING, "", 0, "log_lines_lost", (), None)
    record.fields = {"lines": lines, "advice": "whoever reads standard error has stopped to"}
    return _JsonFormatter().format(record)


@functools.lru_cache(1)
def _second(moment: int) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")


_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class _JsonFormatter(logging.Formatter):
    """A record as one JSON object: time (RFC 3339, UTC), level, event, and the event's fields."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {"logger": record.name}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _encode(line)
