"""Files as FFmpeg calls them."""

from pathlib import Path


def name_of(path: Path) -> str:
    """A file's name for FFmpeg, which takes what is before a colon for a protocol."""
    return f"file:{path}"
