"""What FFmpeg and the file system say of a file, as one of Photochrom's errors."""

import contextlib
import errno
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av.error

from photochrom._errors import VideoError

SALVAGE_HINT: Final = "(salvage, --salvage, goes on after damage)"


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever goes wrong inside is that this file cannot be read."""
    try:
        yield
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(str(path), _cannot_read(path, error)) from error


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Whatever goes wrong inside is that this file cannot be written."""
    try:
        yield
    except (av.error.FFmpegError, OSError, ValueError) as error:
        hint = ": make room, and the same command goes on" if _errno(error) == errno.ENOSPC else ""
        raise VideoError(str(path), f"cannot be written: {_reason(error)}{hint}") from error


def clock(seconds: float | Fraction) -> str:
    """A time as players show it: hours, minutes, seconds and tenths."""
    tenths = round(max(0, seconds) * 10)
    minutes, tenths = divmod(tenths, 600)
    return f"{minutes // 60}:{minutes % 60:02}:{tenths // 10:02}.{tenths % 10}"


def _cannot_read(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, IsADirectoryError) or path.is_dir():
        return "is a folder: name the videos in it"
    if isinstance(error, PermissionError):
        return "may not be read: check its permissions"
    if isinstance(error, av.error.InvalidDataError):
        return "is not a video in a format that can be read, or its beginning is damaged"
    return f"cannot be read: {_reason(error)}"


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())


def _errno(error: Exception) -> int | None:
    number = getattr(error, "errno", None)
    return number if isinstance(number, int) else None
