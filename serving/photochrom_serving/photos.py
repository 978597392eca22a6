"""Encoded pictures for ColorizePhoto: bytes to a lightness plane, a chroma plane to bytes.

Plain functions that take their time; the service calls them in threads.
"""

import contextlib
import dataclasses
import io
from collections.abc import Iterator
from typing import Final

from PIL import UnidentifiedImageError

import photochrom_serving
from photochrom_contract.files import encoding, formats
from photochrom_contract.files.original import Original, open_original
from photochrom_contract.files.provenance import Provenance
from photochrom_contract.manifest import Manifest
from photochrom_contract.unreadable import UnreadableError
from photochrom_contract.upsampling import Upsampling
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.session import Chroma, Plane

_FORMATS: Final = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""No format whose decoder starts other programs (EPS does) or that holds no picture of its own."""

_ANSWERS: Final = {
    name: dataclasses.replace(formats.BY_NAME[name], holds_orientation=False, holds_pages=False)
    for name in ("JPEG", "PNG")
}
"""The answer is upright, as the protocol promises, and one picture."""


@dataclasses.dataclass(frozen=True)
class Photo:
    """A decoded picture: what the model sees of it, and what the colored one is made of."""

    plane: Plane
    """``(size, size)``."""
    original: Original
    form: formats.Format
    """Of the answer: JPEG if that is what came in, otherwise PNG."""

    @property
    def media_type(self) -> str:
        """Of the answer."""
        return self.form.media_type


def decode(data: bytes, size: int, max_pixels: int) -> Photo:
    """Read the first picture of an encoded file.

    :param size: the side of the plane that the model takes.
    :raises InvalidFieldError: naming ``photo``, if it is no picture, damaged or too large.
    """
    with _refusing():
        original = open_original(io.BytesIO(data), _FORMATS)
        width, height = original.size
        if width * height > max_pixels:
            raise InvalidFieldError(
                "photo", f"is {width} x {height} pixels, above the limit of {max_pixels}; send a smaller one"
            )
        plane = original.pages[0].plane(size)
        return Photo(plane, original, _ANSWERS["JPEG" if original.format == "JPEG" else "PNG"])


def encode(
    photo: Photo, chroma: Chroma, saturation: float, upsampling: Upsampling, manifest: Manifest
) -> bytes:
    """The colored picture, encoded as ``photo.media_type``, with its metadata and the model's name."""
    file = io.BytesIO()
    provenance = Provenance(
        manifest.name, manifest.version, manifest.sha256, f"Photochrom {photochrom_serving.__version__}"
    )
    with _refusing(), photo.original as original:
        planes = [chroma] * len(original.pages)  # the first is the one that is written
        encoding.encode(
            original,
            planes,
            file,
            photo.form,
            provenance=provenance,
            saturation=saturation,
            upsampling=upsampling,
        )
    return file.getvalue()


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except UnreadableError as error:
        if isinstance(error.__cause__, UnidentifiedImageError):
            reason = f"is in none of the formats {', '.join(_FORMATS)}"
        else:
            reason = f"cannot be decoded: it {error}"
        raise InvalidFieldError("photo", reason) from error
