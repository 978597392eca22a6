"""A TIFF's strips and tiles: decoded as far as they have room for pixels, whatever is in them.

A megabyte of deflate can hold a gigabyte, and a tile's size is whatever its tags say.
"""

import zlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tifffile

from photochrom_contract.unreadable import UnreadableError

_NONE, _LZW, _ADOBE_DEFLATE, _DEFLATE = 1, 5, 8, 32946
_NO_PREDICTOR, _HORIZONTAL = 1, 2

_TILE_PIXELS: Final = 1 << 22
"""A tile may have as many, however small its picture: 2048 x 2048."""


def is_bounded(tile_pixels: int, picture_pixels: int) -> bool:
    """Whether tiles of that size are no vast ones for their picture, which fills half of a large one."""
    return 0 < tile_pixels <= max(_TILE_PIXELS, 2 * picture_pixels)


class Segments:
    """The strips or tiles of a page of greys or colors, 8 or 16 bits a sample."""

    def __init__(self, handle: tifffile.FileHandle, page: tifffile.TiffPage) -> None:
        self._handle, self._page = handle, page
        self.height, self.width = _sides(page)
        self._kind = np.dtype(f"{page.parent.byteorder}u{page.bitspersample // 8}")
        self._row_bytes = self.width * page.samplesperpixel * self._kind.itemsize

    def read(self, index: int, rows: int) -> npt.NDArray[Any]:
        """The first rows of a segment, ``(rows, width, samples)``.

        :param rows: those of the picture; the last strip or tile may have more.
        :raises UnreadableError: if it has fewer, or holds more than a segment does.
        """
        data = self._decoded(index)
        wanted = rows * self._row_bytes
        if len(data) < wanted:
            raise UnreadableError("is damaged: its pixels end too early")
        values = np.frombuffer(data, self._kind, wanted // self._kind.itemsize)
        pixels = values.reshape(rows, self.width, -1).astype(self._kind.newbyteorder("="))
        if self._page.predictor == _HORIZONTAL and self._page.compression != _NONE:
            pixels = np.cumsum(pixels, axis=1, dtype=pixels.dtype)
        return pixels

    def _decoded(self, index: int) -> bytes:
        page, room = self._page, self.height * self._row_bytes
        if index >= min(len(page.dataoffsets), len(page.databytecounts)):
            raise UnreadableError("is damaged: a part of its pixels is missing")
        self._handle.seek(page.dataoffsets[index])
        if page.compression == _NONE:
            return self._handle.read(min(page.databytecounts[index], room))
        # Neither compression makes incompressible pixels half as large again.
        data = self._handle.read(min(page.databytecounts[index], 2 * room + 4096))
        if page.compression == _LZW:
            import imagecodecs

            decoded = bytes(imagecodecs.lzw_decode(data, out=room + 1))
        else:
            decoded = zlib.decompressobj().decompress(data, room + 1)
        if len(decoded) > room:
            raise UnreadableError(
                "is damaged: a strip or tile holds more than its pixels, as a decompression bomb does"
            )
        return decoded


def is_readable(page: tifffile.TiffPage) -> bool:
    """Whether the segments of a page of greys or colors can be read here, and are not vast."""
    height, width = _sides(page)
    predictors = (_NO_PREDICTOR, _HORIZONTAL)
    return (
        page.compression in _compressions()
        and (page.compression == _NONE or page.predictor in predictors)
        and height > 0
        and (not page.is_tiled or page.tiledepth == 1)
        and (not page.is_tiled or is_bounded(height * width, page.imagelength * page.imagewidth))
    )


def _sides(page: tifffile.TiffPage) -> tuple[int, int]:
    """Height and width of a strip or tile."""
    if page.is_tiled:
        return int(page.tilelength), int(page.tilewidth)
    return int(min(page.rowsperstrip, page.imagelength)), int(page.imagewidth)


def _compressions() -> set[int]:
    try:
        import imagecodecs  # noqa: F401
    except ImportError:
        return {_NONE, _ADOBE_DEFLATE, _DEFLATE}
    return {_NONE, _LZW, _ADOBE_DEFLATE, _DEFLATE}
