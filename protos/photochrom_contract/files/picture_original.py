"""Originals that Pillow decodes, a whole page at a time."""

import dataclasses
from collections.abc import Sequence
from functools import partial
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import numpy.typing as npt
from PIL import Image, ImageFile, TiffImagePlugin

from photochrom_contract import fast_lab, profiles
from photochrom_contract.files import directories, jpeg2000, orientation, png16, tiff_tiles
from photochrom_contract.files.metadata import Metadata
from photochrom_contract.files.page import Page
from photochrom_contract.raster import Raster
from photochrom_contract.unreadable import reading

_PAGES_OF_OTHER_KINDS: Final = frozenset({"MPO", "ICO", "ICNS"})
"""Formats whose further pictures are others of the same: previews, gain maps, sizes."""


@dataclasses.dataclass(frozen=True)
class _Decoded:
    index: int
    raster: Raster
    orientation: int
    duration: float
    metadata: Metadata | None
    """Of a TIFF's page, from its file, which Pillow may close when it has its pixels."""


class PictureOriginal:
    """A picture that Pillow opened, or that a caller made with it."""

    def __init__(self, picture: Image.Image, *, owns_picture: bool) -> None:
        self._picture = picture
        self._owns_picture = owns_picture
        if owns_picture and isinstance(picture, ImageFile.ImageFile) and picture.format == "JPEG2000":
            jpeg2000.complete(picture)
        self._decoded: _Decoded | None = None
        name = picture.format or ""
        count = 1 if name in _PAGES_OF_OTHER_KINDS or not owns_picture else getattr(picture, "n_frames", 1)
        self.format: str = "JPEG" if name == "MPO" else name
        self.pages: Sequence[Page] = [
            Page(_PictureRows(self, index), partial(self.metadata, index), partial(self.duration, index))
            for index in range(count)
        ]
        self.encoding: dict[str, Any] = {}
        if name in ("JPEG", "MPO"):
            self.encoding["qtables"] = getattr(picture, "quantization", None)
        elif name == "WEBP":
            self.encoding["lossless"] = _is_lossless_webp(picture)

    @classmethod
    def open(cls, source: str | BinaryIO | Image.Image, formats: tuple[str, ...] | None = None) -> Self:
        """Open a file, or a picture, which is left as it is."""
        if isinstance(source, Image.Image):
            return cls(source, owns_picture=False)
        return cls(Image.open(source, formats=formats), owns_picture=True)

    @property
    def size(self) -> tuple[int, int]:
        """Of its first page, as its header says."""
        return self._picture.size

    def metadata(self, index: int) -> Metadata:
        """Of a page."""
        metadata = self.decode(index).metadata
        if metadata is not None:
            return metadata
        exif = self._picture.info.get("exif")
        with reading():
            stored = directories.parse(exif) if self._owns_picture and isinstance(exif, bytes) else None
            return Metadata.of(self._picture, stored)

    def decode(self, index: int) -> _Decoded:
        """Decode a page, unless it is the last one that was."""
        if self._decoded is None or self._decoded.index != index:
            self._decoded = None  # before the next is decoded: one at a time in memory
            with reading():
                if len(self.pages) > 1:
                    self._picture.seek(index)
                if isinstance(self._picture, TiffImagePlugin.TiffImageFile):
                    tiff_tiles.refuse_vast(self._picture)
                metadata = self._of_tiff()
                deep = png16.file_of(self._picture) if self._owns_picture else None
                self._picture.load()
                turn = self._picture.getexif().get(orientation.TAG)
                self._decoded = _Decoded(
                    index,
                    _deep_raster(self._picture, deep) or Raster.of_picture(self._picture),
                    turn if isinstance(turn, int) and turn in range(1, 9) else orientation.AS_STORED,
                    _duration(self._picture),
                    metadata,
                )
        return self._decoded

    def _of_tiff(self) -> Metadata | None:
        picture = self._picture
        if not self._owns_picture or not isinstance(picture, TiffImagePlugin.TiffImageFile) or not picture.fp:
            return None
        return Metadata.of_tiff(picture.fp, picture.tag_v2.offset)

    def duration(self, index: int) -> float:
        """Milliseconds that a page is shown for."""
        return self.decode(index).duration if len(self.pages) > 1 else 0.0

    def close(self) -> None:
        """Close the file."""
        self._decoded = None
        if self._owns_picture:
            self._picture.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _PictureRows:
    """A page's rows: the whole page is decoded with the first that is asked for."""

    def __init__(self, original: PictureOriginal, index: int) -> None:
        self._original = original
        self._index = index

    @property
    def _raster(self) -> Raster:
        return self._original.decode(self._index).raster

    @property
    def height(self) -> int:
        return int(self._raster.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self._raster.pixels.shape[1])

    @property
    def orientation(self) -> int:
        return self._original.decode(self._index).orientation

    @property
    def bits(self) -> int:
        return 8 * self._raster.pixels.dtype.itemsize

    @property
    def has_alpha(self) -> bool:
        return self._raster.alpha is not None

    def lightness(self, rows: slice) -> fast_lab.Plane:
        return self._raster.lightness(rows)

    def alpha(self, rows: slice) -> npt.NDArray[Any] | None:
        alpha = self._raster.alpha
        return None if alpha is None else alpha[rows]


def _deep_raster(picture: Image.Image, file: bytes | None) -> Raster | None:
    """Of a PNG of 16 bits a channel; None if there is no such file, or its 8 upper bits have to do."""
    profile = picture.info.get("icc_profile") or b""
    if file is None or (profile and profiles.tones_of(profile, 1 << 16) is None):
        return None  # LittleCMS, which knows every profile, takes 8 bits
    pixels = png16.decode(file)
    if pixels is None or pixels.shape[:2] != (picture.height, picture.width):
        return None
    has_alpha = pixels.shape[2] in (2, 4)
    values = pixels[..., :-1] if has_alpha else pixels
    alpha = pixels[..., -1] if has_alpha else None
    return Raster.of_array(values[..., 0] if values.shape[2] == 1 else values, alpha, profile)


def _duration(picture: Image.Image) -> float:
    try:
        return float(picture.info.get("duration") or 0)
    except (TypeError, ValueError):
        return 0.0


def _is_lossless_webp(picture: Image.Image) -> bool:
    """Whether its first frame is: the chunk VP8L says so, which lies near the file's head."""
    file = getattr(picture, "fp", None)
    if file is None:
        return False
    place = file.tell()
    file.seek(0)
    head = file.read(1 << 16)
    file.seek(place)
    return b"VP8L" in head and b"VP8 " not in head
