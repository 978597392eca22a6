"""Colored TIFFs, written strip by strip: 8 or 16 bits, deflate with a predictor, any number of pages."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image, TiffImagePlugin

from photochrom_contract.files.carrying import SRGB_PROFILE
from photochrom_contract.files.metadata import IPTC, Metadata, resource_blocks
from photochrom_contract.files.page import Chroma, Page
from photochrom_contract.upsampling import Upsampling

_LEVEL: Final = 6
_STRIP_PIXELS: Final = 1 << 18
_CLASSIC_LIMIT: Final = (1 << 32) - (1 << 26)
_EXIF, _GPS = 0x8769, 0x8825
_XMP, _IPTC, _PHOTOSHOP = 700, 33723, 34377


def write(
    file: BinaryIO,
    pages: Sequence[Page],
    chroma: Sequence[Chroma],
    metadata: Sequence[Metadata],
    *,
    saturation: float,
    upsampling: Upsampling,
    big: bool,
) -> None:
    """Write the pages, each with its chroma and its metadata."""
    raw = sum(page.rows.height * page.rows.width * page.rows.bits // 2 for page in pages)
    big = big or raw > _CLASSIC_LIMIT
    writer = tifffile.TiffWriter(file, bigtiff=big, byteorder="<")
    for page, plane, said in zip(pages, chroma, metadata, strict=True):
        rows, samples = page.rows, 4 if page.rows.has_alpha else 3
        strip_rows = max(1, min(rows.height, _STRIP_PIXELS // rows.width))
        across, down = said.dpi or (1, 1)
        writer.write(
            _compressed(page.colored(plane, saturation, upsampling, strip_rows=strip_rows)),
            shape=(rows.height, rows.width, samples),
            dtype=np.uint16 if rows.bits > 8 else np.uint8,
            photometric="rgb",
            extrasamples=["unassalpha"] if samples == 4 else None,
            compression="adobe_deflate",
            predictor=True,
            rowsperstrip=strip_rows,
            resolution=(across, down),
            resolutionunit="inch" if said.dpi else "none",
            iccprofile=SRGB_PROFILE,
            software=False,
            metadata=None,
            extratags=_tags(said),
        )
    writer.close()
    if not big:  # whose blocks have another form
        _append_blocks(file, metadata)


def _append_blocks(file: BinaryIO, metadata: Sequence[Metadata]) -> None:
    """EXIF's blocks at the end of the file, and their places in each page's tags.

    tifffile writes no such tags; those of the numbers before them, which nobody uses, become them.
    """
    file.seek(0)
    with tifffile.TiffFile(file, name="copy.tif") as written:
        places = [
            (said, code, page.tags[code - 1].offset)
            for page, said in zip(written.pages, metadata, strict=True)
            for code in (_EXIF, _GPS)
            if isinstance(page, tifffile.TiffPage) and code - 1 in page.tags
        ]
        for said, code, place in places:
            exif = Image.Exif()
            exif.load(said.exif)
            block = TiffImagePlugin.ImageFileDirectory_v2(b"II*\0\x08\0\0\0")
            for tag, value in exif.get_ifd(code).items():
                block[tag] = value
            start = file.seek(0, 2)
            if start % 2:
                start += file.write(b"\0")
            file.write(block.tobytes(start))
            file.seek(place)
            file.write(struct.pack("<HHII", code, 4, 1, start))


def _compressed(strips: Iterator[npt.NDArray[Any]]) -> Iterator[bytes]:
    for strip in strips:
        differences = strip.copy()
        differences[:, 1:] -= strip[:, :-1]
        yield zlib.compress(differences.tobytes(), _LEVEL)


def _tags(metadata: Metadata) -> list[tuple[int, int, int | None, Any, bool]]:
    """The tags beside those on how the pixels are stored."""
    tags: list[tuple[int, int, int | None, Any, bool]] = []

    def add(code: int, value: bytes, kind: int = 7) -> None:
        tags.append((code, kind, len(value), value, True))

    if metadata.xmp:
        add(_XMP, metadata.xmp, 1)
    if metadata.resources:
        add(_PHOTOSHOP, resource_blocks(metadata.resources), 1)
    if IPTC in metadata.resources:
        add(_IPTC, metadata.resources[IPTC])
    exif = Image.Exif()
    if metadata.exif:
        exif.load(metadata.exif)
    tags += [(code - 1, 4, 1, 0, True) for code in (_EXIF, _GPS) if exif.get_ifd(code)]  # see _append_blocks
    for code, value in exif.items():
        if code in (_EXIF, _GPS, 0x011A, 0x011B, 0x0128):
            continue
        if isinstance(value, str):
            add(code, value.encode("utf-8", "replace") + b"\0", 2)
        elif isinstance(value, bytes):
            add(code, value)
        elif isinstance(value, int) and 0 <= value < 1 << 32:
            tags.append((code, 3 if value < 1 << 16 else 4, 1, value, True))
        elif isinstance(value, TiffImagePlugin.IFDRational) and value.denominator:
            tags.append((code, 5, 1, (value.numerator, value.denominator), True))
    return tags
