"""The formats that hold full color, and what each can carry."""

import dataclasses
from pathlib import PurePath
from typing import Final


@dataclasses.dataclass(frozen=True)
class Format:
    """A file format that colored pictures are written in."""

    name: str
    """As Pillow calls it."""
    media_type: str
    suffixes: tuple[str, ...]
    """Of its files' names; the first is the one that is given to a file without a name."""
    holds_alpha: bool = True
    """Whether it has transparency."""
    holds_pages: bool = False
    """Whether it has several pictures in one file: pages or an animation."""
    holds_orientation: bool = False
    """Whether its metadata can say how to turn the picture; otherwise it is written upright."""
    holds_exif: bool = True
    """Whether it has a place for EXIF."""
    holds_dpi: bool = False
    """Whether it has a place of its own for the pixels an inch."""


_ALL: Final = {"holds_pages": True, "holds_orientation": True}

FORMATS: Final = (
    Format("AVIF", "image/avif", (".avif",), **_ALL),
    Format("BMP", "image/bmp", (".bmp",), holds_alpha=False, holds_exif=False, holds_dpi=True),
    Format("HEIF", "image/heic", (".heic", ".heif"), holds_pages=True),  # libheif turns it upright
    Format(
        "JPEG", "image/jpeg", (".jpg", ".jpeg"), holds_alpha=False, holds_orientation=True, holds_dpi=True
    ),
    Format("JPEG2000", "image/jp2", (".jp2",), holds_dpi=True),
    Format("PNG", "image/png", (".png",), **_ALL, holds_dpi=True),
    Format("PPM", "image/x-portable-pixmap", (".ppm",), holds_alpha=False, holds_exif=False),
    Format("TIFF", "image/tiff", (".tif", ".tiff"), **_ALL, holds_dpi=True),
    Format("WEBP", "image/webp", (".webp",), **_ALL),
)

BY_NAME: Final = {each.name: each for each in FORMATS}
BY_SUFFIX: Final = {suffix: each for each in FORMATS for suffix in each.suffixes}
FALLBACK: Final = BY_NAME["PNG"]
"""For originals whose own format holds no full color, or not all that they have."""


def of_path(path: str | PurePath) -> Format | None:
    """The format that a file's extension names, if it holds full color."""
    return BY_SUFFIX.get(PurePath(path).suffix.lower())


def of_original(name: str, *, has_alpha: bool, has_pages: bool) -> Format:
    """The format for the colored copy of an original in the format ``name``.

    Its own if that holds full color and all that the original has, otherwise :data:`FALLBACK`.
    """
    own = BY_NAME.get(name)
    if own is None or (has_alpha and not own.holds_alpha) or (has_pages and not own.holds_pages):
        return FALLBACK
    return own
