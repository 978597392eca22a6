"""Standard input and output as photographs: ``-`` for either."""

import contextlib
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from photochrom._cli import _console
from photochrom._errors import PictureError

STREAM: Final = Path("-")
"""What stands for standard input as IN, and for standard output as OUT."""


class StandardInput(io.BytesIO):
    """All of standard input, under a name for messages."""

    name = "standard input"

    @classmethod
    def read_all(cls) -> Self:
        """Read it to its end.

        :raises PictureError: if it is closed.
        """
        if sys.stdin is None:
            raise PictureError(cls.name, "is closed: send a picture, or name a file")
        return cls(sys.stdin.buffer.read())


@contextlib.contextmanager
def standard_output(suffix: str) -> Iterator[Path]:
    """A file for the time of the block; then standard output gets it, whole or not at all.

    :param suffix: of its name, for its format.
    :raises PictureError: if standard output is closed or a terminal, or takes no more.
    """
    if sys.stdout is None:
        raise PictureError("standard output", "is closed: name a file (-o)")
    if sys.stdout.isatty():
        raise PictureError("standard output", "is a terminal: send the picture on, or name a file (-o)")
    with tempfile.TemporaryDirectory(prefix="photochrom-") as folder:
        path = Path(folder, f"colored{suffix}")
        yield path
        with path.open("rb") as file, _console.writing_output():
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()
