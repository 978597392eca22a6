"""Colored TIFFs, written strip by strip: 8 or 16 bits, deflate with a predictor, any number of pages."""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
import tifffile

from photochrom_contract.files import directories
from photochrom_contract.files.carrying import SRGB_PROFILE
from photochrom_contract.files.directories import Directory, Tag
from photochrom_contract.files.metadata import IPTC, Metadata, resource_blocks
from photochrom_contract.files.page import Chroma, Page
from photochrom_contract.upsampling import Upsampling

_LEVEL: Final = 6
_STRIP_PIXELS: Final = 1 << 18
_CLASSIC_LIMIT: Final = (1 << 32) - (1 << 26)
_RESOLUTION: Final = (0x011A, 0x011B, 0x0128)


def write(
    file: BinaryIO,
    pages: Sequence[Page],
    chroma: Sequence[Chroma],
    metadata: Iterable[Metadata],
    *,
    saturation: float,
    upsampling: Upsampling,
    big: bool,
) -> None:
    """Write the pages, each with its chroma and its metadata.

    :param metadata: each is taken when its page is written.
    :param big: as a BigTIFF, which it becomes anyway if it would not be sure to fit 4 GB.
    """
    raw = sum(page.rows.height * page.rows.width * page.rows.bits // 2 for page in pages)
    big = big or raw > _CLASSIC_LIMIT
    writer = tifffile.TiffWriter(file, bigtiff=big, byteorder="<")
    inner = []
    for page, plane, said in zip(pages, chroma, metadata, strict=True):
        exif = directories.parse(said.exif)
        inner.append(exif.inner)
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
            extratags=_tags(said, exif),
        )
    writer.close()
    _append_inner(file, inner, big)


def _append_inner(file: BinaryIO, directories_of: Sequence[dict[int, Directory]], big: bool) -> None:
    """EXIF's and the place's directories at the end of the file, and where they are in each page's tags.

    tifffile writes no such tags; those of the numbers before them, which nobody uses, become them.
    """
    file.seek(0)
    with tifffile.TiffFile(file, name="copy.tif") as written:
        places = [
            (code, directory, page.tags[code - 1].offset)
            for page, inner in zip(written.pages, directories_of, strict=True)
            for code, directory in inner.items()
            if isinstance(page, tifffile.TiffPage)
        ]
        for code, directory, place in places:
            start = file.seek(0, 2)
            if start % 2:
                start += file.write(b"\0")
            file.write(directories.written(directory, start, "<", big=big))
            file.seek(place)
            file.write(
                struct.pack("<HHQQ", code, 16, 1, start) if big else struct.pack("<HHLL", code, 4, 1, start)
            )


def _compressed(strips: Iterator[npt.NDArray[Any]]) -> Iterator[bytes]:
    for strip in strips:
        differences = strip.copy()
        differences[:, 1:] -= strip[:, :-1]
        yield zlib.compress(differences.tobytes(), _LEVEL)


def _tags(metadata: Metadata, exif: Directory) -> list[tuple[int, int, int, bytes | tuple[int, ...], bool]]:
    """The tags beside those on how the pixels are stored."""
    said = {
        directories.XMP: Tag(directories.BYTE, metadata.xmp),
        directories.PHOTOSHOP: Tag(directories.BYTE, resource_blocks(metadata.resources)),
        directories.IPTC: Tag(directories.UNDEFINED, metadata.resources.get(IPTC, b"")),
        **{code: tag for code, tag in exif.tags.items() if code not in _RESOLUTION},
        **dict.fromkeys(
            (code - 1 for code in exif.inner), Tag(directories.LONG, bytes(4))
        ),  # see _append_inner
    }
    return [(code, tag.kind, tag.count, _value(tag), True) for code, tag in said.items() if tag.data]


def _value(tag: Tag) -> bytes | tuple[int, ...]:
    """As tifffile takes it, which counts fractions wrongly that are bytes."""
    if tag.kind not in directories.FRACTIONS:
        return tag.data
    return struct.unpack(f"<{2 * tag.count}{'L' if tag.kind == directories.RATIONAL else 'l'}", tag.data)
