"""Picture files and objects to pictures that are ready to be colored."""

import io
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from photochrom._errors import PictureError
from photochrom_contract.photograph import DEEP_GREY_MODES, Prepared, lightness_of, merge, prepare

Source = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | Prepared
"""A photograph: a path, an encoded picture as bytes or as an open file, a Pillow picture, or what
:func:`read` made of one of those."""


def read(source: Source) -> Prepared:
    """Decode a photograph and turn it upright. Of several pictures in a file, the first.

    Pillow's own limit holds: more than twice ``PIL.Image.MAX_IMAGE_PIXELS`` (179 megapixels unless
    the application sets it otherwise) is taken for a decompression bomb.

    :raises PictureError: if there is no picture in it, or not all of one.
    """
    if isinstance(source, Prepared):
        return source
    name = name_of(source)
    if isinstance(source, (str, os.PathLike)):
        _check_is_file(Path(source), name)
    try:
        if isinstance(source, Image.Image):
            return prepare(source)
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as picture:
            return prepare(picture)
    except Exception as error:  # Pillow lets out whatever its decoders meet: SyntaxError, struct.error …
        raise PictureError(name, _reason(error)) from error


def shown(photograph: Prepared) -> Image.Image:
    """A photograph as a viewer shows it: mode ``RGB`` or ``RGBA``."""
    picture = photograph.picture
    if picture.mode in DEEP_GREY_MODES:  # which Pillow would cut off at 255
        picture = merge(lightness_of(picture), np.zeros((2, 1, 1), np.float32))
    else:
        picture = picture.convert("RGB")
    if photograph.alpha is not None:
        picture.putalpha(photograph.alpha)
    return picture


def name_of(source: Source) -> str:
    """What messages call a source."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, bytes):
        return f"the picture of {len(source)} bytes"
    name = getattr(source, "filename", None) or getattr(source, "name", None)
    return name if isinstance(name, str) else "the picture"


def _check_is_file(path: Path, name: str) -> None:
    try:
        if path.is_dir():
            raise PictureError(name, "is a folder: name the photographs in it")
        if not path.exists():
            raise PictureError(name, "no such file")
        if not path.is_file():
            raise PictureError(name, "is not a file")
    except (OSError, ValueError) as error:  # a name too long, or with a null byte in it
        raise PictureError(name, str(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "is not a picture in a format that can be read"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        # Pillow warns above its limit, and refuses above twice that.
        limit = (Image.MAX_IMAGE_PIXELS or 0) * (1 if isinstance(error, Warning) else 2) / 1e6
        return (
            f"has more than {limit:.0f} megapixels, as a decompression bomb does: reduce it first "
            "(in Python, PIL.Image.MAX_IMAGE_PIXELS raises the limit)"
        )
    if isinstance(error, PermissionError):
        return "may not be read: check its permissions"
    if isinstance(error, MemoryError):
        return "takes more memory than there is"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"is damaged: {' '.join(reason.split()) or type(error).__name__}"
