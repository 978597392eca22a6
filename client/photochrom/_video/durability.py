"""Files that are on the disk, and not just on their way there."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until a file is on the disk, or a folder's entries where a folder can be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # a folder, on Windows
        if path.is_dir():
            return
        raise
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
