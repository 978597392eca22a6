"""Encoded pictures for ColorizePhoto: bytes to a lightness plane, a chroma plane to bytes.

Plain functions that take their time; the service calls them in threads.
"""

import dataclasses
import io

from PIL import Image, UnidentifiedImageError

from photochrom_contract import photograph
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.session import Chroma, Plane

_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""No format whose decoder starts other programs (EPS does) or that holds no picture of its own."""

_JPEG = {"quality": 95, "subsampling": 0}  # as the client writes it
_PNG_COMPRESSION = 3  # of 9: nearly as small as the default, in half its time


@dataclasses.dataclass(frozen=True)
class Photo:
    """A decoded picture: what the model sees of it, and what the colored one is made of."""

    plane: Plane
    """``(size, size)``."""
    lightness: photograph.Lightness
    alpha: Image.Image | None
    media_type: str
    """Of the answer: ``image/jpeg`` if that is what came in, otherwise ``image/png``."""


def decode(data: bytes, size: int, max_pixels: int) -> Photo:
    """Read an encoded picture: upright and in sRGB, as :func:`photograph.prepare` makes it.

    :param size: the side of the plane that the model takes.
    :raises InvalidFieldError: naming ``photo``, if it is no picture, damaged or too large.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            width, height = opened.size  # of the header: nothing is decoded yet
            if width * height > max_pixels:
                raise InvalidFieldError(
                    "photo",
                    f"is {width} x {height} pixels, above the limit of {max_pixels}; send a smaller one",
                )
            media_type = (
                "image/jpeg" if opened.format in ("JPEG", "MPO") else "image/png"
            )  # MPO: of several shots
            prepared = photograph.prepare(opened)
            lightness = photograph.lightness_of(prepared.picture)
    except UnidentifiedImageError as error:
        raise InvalidFieldError("photo", f"is in none of the formats {', '.join(_FORMATS)}") from error
    except Image.DecompressionBombError as error:
        raise InvalidFieldError("photo", f"{error}; send a smaller one") from error
    except InvalidFieldError:
        raise
    except Exception as error:  # a damaged file raises whatever its decoder stumbles over
        raise InvalidFieldError("photo", f"cannot be decoded: {error}") from error
    return Photo(photograph.reduce_lightness(lightness, size), lightness, prepared.alpha, media_type)


def encode(photo: Photo, chroma: Chroma, saturation: float) -> bytes:
    """The colored picture, encoded as ``photo.media_type``."""
    picture = photograph.merge(photo.lightness, chroma, saturation)
    file = io.BytesIO()
    if photo.media_type == "image/jpeg":
        picture.save(file, "JPEG", **_JPEG)
    else:
        if photo.alpha is not None:
            picture.putalpha(photo.alpha)
        picture.save(file, "PNG", compress_level=_PNG_COMPRESSION)
    return file.getvalue()
