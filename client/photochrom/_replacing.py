"""Files that are written whole or not at all."""

import contextlib
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from photochrom._errors import PictureError
from photochrom_contract.unreadable import UnreadableError


@contextlib.contextmanager
def replacing(destination: Path) -> Iterator[BinaryIO]:
    """A seekable file that takes ``destination``'s place when the block ends well.

    Until then, and for good if the block raises, ``destination`` is as it was. The folders that it lies
    in are made. In the end the file is on the disk, not just on its way there.

    :raises PictureError: if it cannot be written, whatever the block made of that. So it does for an
        OSError or a ValueError of the block, which is how encoders refuse; what else it raises comes through.
    """
    # Short: the destination's own name may be as long as the file system allows.
    partial = destination.with_name(f".{secrets.token_hex(8)}.part")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        disk = _Disk(partial, "xb+")
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a loop of symbolic links
        raise _unwritable(destination, error) from error
    file = io.BufferedRandom(disk)
    try:
        yield cast(BinaryIO, file)
        with disk.remembering():
            file.flush()
            disk.sync()
            file.close()
            partial.replace(destination)
            _sync_folder(destination.parent)
    except BaseException as error:
        with contextlib.suppress(OSError, ValueError):
            file.close()
        partial.unlink(missing_ok=True)
        cause = disk.error or error
        if isinstance(cause, (OSError, ValueError)) and not isinstance(cause, UnreadableError):
            raise _unwritable(destination, cause) from error
        raise


class _Disk(io.FileIO):
    """A file that remembers what the disk had against it.

    It shows no descriptor: encoders then write through it, and not past it.
    """

    error: OSError | None = None

    @contextlib.contextmanager
    def remembering(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.error = error
            raise

    def write(self, data: Any, /) -> int:
        with self.remembering():
            return super().write(data)

    def fileno(self) -> int:
        raise io.UnsupportedOperation("written through write() alone")

    def sync(self) -> None:
        os.fsync(super().fileno())


def _sync_folder(folder: Path) -> None:
    """Put the folder's new entry on the disk too, where folders can be opened."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unwritable(destination: Path, error: Exception) -> PictureError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return PictureError(os.fspath(destination), f"cannot be written: {reason}")
