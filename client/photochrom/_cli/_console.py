"""What the commands have in common: what they say and where, and how they end."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import typer

from photochrom._errors import PhotochromError, PictureError

DONE: Final = 0
BAD_INPUT: Final = 2
SERVER_TROUBLE: Final = 3
INTERRUPTED: Final = 130
"""As a shell reports a process that SIGINT ended."""


def say(line: object, *, err: bool = False) -> None:
    """Write a line, a file's name in it as the bytes that it is.

    :raises PictureError: if standard output takes no more.
    """
    # Where standard error takes no more, there is nobody left to tell.
    with contextlib.suppress(OSError) if err else writing_output():
        try:
            typer.echo(line, err=err)
        except UnicodeEncodeError:  # a file's name, which may be any bytes: these
            typer.echo(os.fsencode(str(line)), err=err)


@contextlib.contextmanager
def writing_output() -> Iterator[None]:
    """Whatever goes wrong inside is that standard output takes no more, unless its reader has enough."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PictureError("standard output", f"cannot be written: {error.strerror}") from error


def say_json(value: Mapping[str, Any] | Sequence[Any], *, indent: int | None = 2) -> None:
    """Write JSON: indented, or with ``indent=None`` on one line."""
    say(json.dumps(value, indent=indent))


def complain(problem: PhotochromError | str) -> None:
    """Say on one line of standard error what went wrong."""
    say(f"photochrom: {problem}", err=True)


def status_of(error: PhotochromError) -> int:
    """The exit status for an error."""
    return BAD_INPUT if isinstance(error, PictureError) else SERVER_TROUBLE


def is_watched() -> bool:
    """Whether a person watches standard error."""
    return sys.stderr.isatty()
