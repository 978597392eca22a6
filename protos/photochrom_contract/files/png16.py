"""PNG of 16 bits a channel, for Pillow has no such pictures: written strip by strip; read by imagecodecs.

Source: ISO/IEC 15948 (PNG). Every row is filtered by what lies left of it, which suits photographs.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_contract.files.carrying import SRGB_PROFILE
from photochrom_contract.files.metadata import Metadata

_LEVEL: Final = 6
_SUB: Final = 1  # the filter
_DEEP_COLORS: Final = frozenset({"RGB;16B", "RGBA;16B", "LA;16B"})  # Pillow's names of what a file holds
_INCHES_A_METRE: Final = 1 / 0.0254


def write(
    file: BinaryIO,
    strips: Iterator[npt.NDArray[np.uint16]],
    size: tuple[int, int],
    *,
    has_alpha: bool,
    metadata: Metadata,
) -> None:
    """Write a picture of ``size`` (width, height) from strips ``(rows, width, 3)``, or 4 with alpha."""
    file.write(b"\x89PNG\r\n\x1a\n")
    _chunk(file, b"IHDR", struct.pack(">IIBBBBB", *size, 16, 6 if has_alpha else 2, 0, 0, 0))
    _chunk(file, b"iCCP", b"ICC Profile\0\0" + zlib.compress(SRGB_PROFILE))
    if metadata.dpi:
        across, down = (round(each * _INCHES_A_METRE) for each in metadata.dpi)
        _chunk(file, b"pHYs", struct.pack(">IIB", across, down, 1))
    if metadata.exif:
        _chunk(file, b"eXIf", metadata.exif.removeprefix(b"Exif\0\0"))
    if metadata.xmp:
        _chunk(file, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp)
    for keyword, text in metadata.png_text().items():
        _chunk(file, b"iTXt", keyword.encode("latin-1", "replace")[:79] + b"\0\0\0\0\0" + text.encode())
    compressor = zlib.compressobj(_LEVEL)
    for strip in strips:
        data = compressor.compress(_filtered(strip))
        if data:
            _chunk(file, b"IDAT", data)
    _chunk(file, b"IDAT", compressor.flush())
    _chunk(file, b"IEND", b"")


def file_of(picture: Image.Image) -> bytes | None:
    """The whole file of a PNG of which Pillow would leave out the lower 8 bits; None of any other picture.

    :param picture: opened by Pillow, its pixels not loaded yet.
    """
    file = getattr(picture, "fp", None)
    if picture.format != "PNG" or file is None or getattr(picture, "n_frames", 1) > 1:
        return None
    if not any(tile.args in _DEEP_COLORS for tile in getattr(picture, "tile", ())):
        return None
    place = file.tell()
    file.seek(0)
    data: bytes = file.read()
    file.seek(place)
    return data


def decode(file: bytes) -> npt.NDArray[np.uint16] | None:
    """Its pixels ``(h, w, channels)``: 2 of grey and alpha, 3 of color, 4 of color and alpha.

    :returns: None without imagecodecs (the extra ``archive``), or if it cannot read what Pillow can.
    """
    try:
        import imagecodecs
    except ImportError:
        return None
    try:
        pixels: npt.NDArray[np.uint16] = imagecodecs.png_decode(file)
    except imagecodecs.PngError:
        return None
    return pixels if pixels.dtype == np.uint16 and pixels.ndim == 3 else None


def _filtered(strip: npt.NDArray[np.uint16]) -> bytes:
    rows, width, samples = strip.shape
    stored = strip.astype(">u2").view(np.uint8).reshape(rows, width, 2 * samples)
    filtered = stored.copy()
    filtered[:, 1:] -= stored[:, :-1]
    marked: npt.NDArray[Any] = np.full((rows, 1 + width * 2 * samples), _SUB, np.uint8)
    marked[:, 1:] = filtered.reshape(rows, -1)
    return marked.tobytes()


def _chunk(file: BinaryIO, name: bytes, data: bytes) -> None:
    file.write(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))
