"""TIFF originals that are read a band of strips or tiles at a time, however large they are.

Greys and colors of 8 or 16 bits, uncompressed or with deflate or LZW: what scanners write. Every other TIFF
is left to Pillow, which decodes it a whole page at a time: see ``tiff_tiles``.
"""

import threading
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import numpy as np
import numpy.typing as npt
import tifffile

from photochrom_contract import fast_lab, profiles
from photochrom_contract.files import orientation, tiff_segments
from photochrom_contract.files.metadata import Metadata
from photochrom_contract.files.page import Page
from photochrom_contract.raster import Raster
from photochrom_contract.unreadable import UnreadableError, reading

MAX_PIXELS: Final = 1 << 31
"""Of a page; more is taken for a decompression bomb."""

_GREY, _COLOR = tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB
_BANDS_HELD: Final = 3


def open_tiff(source: str | BinaryIO) -> "TiffOriginal | None":
    """Open a TIFF; None if it is none, or one that is left to Pillow.

    :raises UnreadableError: if its pages name more strips or tiles than there can be.
    """
    try:
        file = tifffile.TiffFile(source)
    except (tifffile.TiffFileError, ValueError, KeyError, IndexError, OverflowError, MemoryError):
        if not isinstance(source, str):
            source.seek(0)
        return None
    try:
        pages = _readable_pages(file)
    except UnreadableError:
        file.close()
        raise
    if pages is None:
        file.close()
        if not isinstance(source, str):
            source.seek(0)
        return None
    return TiffOriginal(file, pages)


class TiffOriginal:
    """A TIFF all of whose pages can be read in bands."""

    format: str = "TIFF"

    def __init__(self, file: tifffile.TiffFile, pages: list[tifffile.TiffPage]) -> None:
        self._file = file
        lock = threading.Lock()
        self.pages: Sequence[Page] = [
            Page(_Bands(file, page, lock), partial(self._metadata, page)) for page in pages
        ]
        self.encoding: dict[str, Any] = {"bigtiff": file.is_bigtiff}

    @property
    def size(self) -> tuple[int, int]:
        """Of its first page."""
        return self.pages[0].rows.width, self.pages[0].rows.height

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _metadata(self, page: tifffile.TiffPage) -> Metadata:
        with reading():
            return Metadata.of_tiff(self._file.filehandle, page.offset)


class _Bands:
    """A page's rows, by bands: a row of tiles or a strip; what is not compressed, row by row."""

    def __init__(self, file: tifffile.TiffFile, page: tifffile.TiffPage, lock: threading.Lock) -> None:
        self._handle, self._page, self._lock = file.filehandle, page, lock
        self.height, self.width = int(page.imagelength), int(page.imagewidth)
        self.bits = int(page.bitspersample)
        self.has_alpha = page.samplesperpixel in (2, 4)
        turn = page.tags.valueof(orientation.TAG)
        self.orientation: int = turn if turn in range(1, 9) else orientation.AS_STORED
        self._segments = tiff_segments.Segments(file.filehandle, page)
        self._band_height = self._segments.height
        self._bands: dict[int, npt.NDArray[Any]] = {}
        profile = page.tags.valueof(34675) or b""
        empty = np.empty((0, 0), f"u{self.bits // 8}")
        grey = Raster.of_array(empty, None, profile)
        color = Raster.of_array(np.empty((0, 0, 3), empty.dtype), None, profile)
        self._tones = color.tones if page.photometric == _COLOR else grey.tones
        self._is_negative = page.photometric == tifffile.PHOTOMETRIC.MINISWHITE

    def lightness(self, rows: slice) -> fast_lab.Plane:
        """L* of the rows."""
        pixels = self._rows(rows)
        pixels = pixels[..., :3] if pixels.shape[2] > 2 else pixels[..., 0]
        if self._is_negative:
            pixels = ~pixels
        return self._tones.lightness(pixels)

    def alpha(self, rows: slice) -> npt.NDArray[Any] | None:
        """Transparency of the rows."""
        return self._rows(rows)[..., -1] if self.has_alpha else None

    def _rows(self, rows: slice) -> npt.NDArray[Any]:
        """Pixels ``(rows, width, samples)``."""
        with self._lock, reading():
            if self._page.compression == 1 and not self._page.is_tiled:
                return np.concatenate(list(self._raw(rows)))
            first, last = rows.start // self._band_height, (rows.stop - 1) // self._band_height
            whole = np.concatenate([self._band(band) for band in range(first, last + 1)])
            return whole[rows.start - first * self._band_height :][: rows.stop - rows.start]

    def _raw(self, rows: slice) -> list[npt.NDArray[Any]]:
        """Rows of uncompressed strips, straight from the file."""
        page = self._page
        kind = np.dtype(f"{page.parent.byteorder}u{self.bits // 8}")
        row_bytes = self.width * page.samplesperpixel * kind.itemsize
        parts = []
        row = rows.start
        while row < rows.stop:
            strip, within = divmod(row, self._band_height)
            count = min(self._band_height - within, rows.stop - row)
            self._handle.seek(page.dataoffsets[strip] + within * row_bytes)
            data = self._handle.read(count * row_bytes)
            if len(data) != count * row_bytes:
                raise UnreadableError("is damaged: its pixels end too early")
            part = np.frombuffer(data, kind).reshape(count, self.width, page.samplesperpixel)
            parts.append(part.astype(kind.newbyteorder("=")))
            row += count
        return parts

    def _band(self, band: int) -> npt.NDArray[Any]:
        """A strip or a row of tiles, decoded, without what of the last tiles is not of the picture."""
        if band not in self._bands:
            wide = self._segments.width
            across = -(-self.width // wide)
            rows = min(self._band_height, self.height - band * self._band_height)
            parts = [
                self._segments.read(band * across + column, rows)[:, : self.width - column * wide]
                for column in range(across)
            ]
            while len(self._bands) >= _BANDS_HELD:
                del self._bands[next(iter(self._bands))]
            self._bands[band] = np.concatenate(parts, axis=1)
        return self._bands[band]


def _readable_pages(file: tifffile.TiffFile) -> list[tifffile.TiffPage] | None:
    """The pages, if each can be read in bands."""
    pages: list[tifffile.TiffPage] = []
    segments = 0
    try:
        for page in file.pages:
            if not isinstance(page, tifffile.TiffPage) or not _is_readable(page):
                return None
            pages.append(page)
            # Many pages can name one long list, which is held once for each of them.
            segments += len(page.dataoffsets)
            if segments > file.filehandle.size:
                break
    except (tifffile.TiffFileError, ValueError, KeyError, IndexError, TypeError, OverflowError):
        return None
    if segments > file.filehandle.size:
        raise UnreadableError("names more strips or tiles than it has bytes, as a decompression bomb does")
    return pages or None


def _is_readable(page: tifffile.TiffPage) -> bool:
    samples = page.samplesperpixel
    kind = {1: _GREY, 2: _GREY, 3: _COLOR, 4: _COLOR}.get(samples)
    is_negative = page.photometric == tifffile.PHOTOMETRIC.MINISWHITE and samples == 1
    profile = page.tags.valueof(34675)
    return (
        (page.photometric == kind or is_negative)
        and page.bitspersample in (8, 16)
        and page.sampleformat == 1
        and page.planarconfig == 1
        and page.fillorder == 1
        and page.imagedepth == 1
        and tiff_segments.is_readable(page)
        and (samples in (1, 3) or tuple(page.extrasamples) == (2,))
        and 0 < page.imagewidth * page.imagelength <= MAX_PIXELS
        and (not profile or profiles.tones_of(profile, 256) is not None)
    )
