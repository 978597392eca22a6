"""Picture files and objects to pictures that are ready to be colored."""

import dataclasses
import io
import os
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from photochrom._errors import PictureError
from photochrom_contract import photograph

Source = str | os.PathLike[str] | bytes | BinaryIO | Image.Image
"""A photograph: a path, an encoded picture as bytes or as an open file, or a Pillow picture."""

_DEEP_GREY: Final = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


@dataclasses.dataclass(frozen=True)
class Photograph:
    """A decoded photograph, upright."""

    picture: Image.Image
    """Its colors or greys, in sRGB; of any mode without transparency."""
    alpha: Image.Image | None
    """Its transparency, mode ``L``, if it has any."""

    def shown(self) -> Image.Image:
        """The photograph as a viewer shows it: mode ``RGB`` or ``RGBA``."""
        if self.picture.mode in _DEEP_GREY:
            return photograph.merge(photograph.lightness_of(self.picture), np.zeros((2, 1, 1), np.float32))
        picture = self.picture.convert("RGB")
        if self.alpha is not None:
            picture.putalpha(self.alpha)
        return picture


def read(source: Source) -> Photograph:
    """Decode a photograph and turn it upright. Of several pictures in a file, the first.

    Pillow's own limit holds: more than twice ``PIL.Image.MAX_IMAGE_PIXELS`` (179 megapixels unless
    the application sets it otherwise) is taken for a decompression bomb.

    :raises PictureError: if there is no picture in it, or not all of one.
    """
    name = name_of(source)
    if isinstance(source, (str, os.PathLike)):
        _check_is_file(Path(source), name)
    try:
        if isinstance(source, Image.Image):
            return _prepare(source)
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as picture:
            return _prepare(picture)
    except Exception as error:  # Pillow lets out whatever its decoders meet: SyntaxError, struct.error …
        raise PictureError(name, _reason(error)) from error


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


def _prepare(picture: Image.Image) -> Photograph:
    if not picture.width or not picture.height:
        raise ValueError("it has no pixels")
    picture.load()
    profile = picture.info.get("icc_profile")
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in _DEEP_GREY:
        return Photograph(upright, None)
    alpha = None
    if upright.has_transparency_data:
        transparent = upright.convert("LA" if upright.mode in ("LA", "La") else "RGBA")
        alpha = transparent.getchannel("A")
        upright = transparent.convert("L" if transparent.mode == "LA" else "RGB")
    elif upright.mode in ("P", "PA"):
        upright = upright.convert("RGB")
    return Photograph(_to_srgb(upright, profile) if profile else upright, alpha)


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Apply the color profile that a picture carries; one that is broken or of another mode is ignored."""
    try:
        converted = ImageCms.profileToProfile(
            picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return converted or picture


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "is not a picture in a format that can be read"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return "has too many pixels, as a decompression bomb does (PIL.Image.MAX_IMAGE_PIXELS sets the limit)"
    if isinstance(error, PermissionError):
        return "may not be read: check its permissions"
    if isinstance(error, MemoryError):
        return "takes more memory than there is"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"is damaged: {' '.join(reason.split()) or type(error).__name__}"
