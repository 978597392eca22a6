"""What a TIFF says of each page, in every type of tag, classic or big: its copy says so too."""

import io
import struct
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, TiffImagePlugin

from photochrom_contract.files import directories
from tests.contract.files import originals

TAKEN = "1936:05:01 12:00:00"
PAGES = [("Grass", 300, "1936:05:01 12:00:00", "recto"), ("Sky", 600, "1937:06:02 13:00:00", "verso")]
GEO = [
    (33550, 12, 3, (0.5, 0.25, 0.0), True),
    (33922, 12, 6, (0.0, 0.0, 0.0, 7.5, 52.25, 0.0), True),
    (34735, 3, 8, (1, 1, 0, 1, 1024, 0, 1, 2), True),
    (50001, 10, 2, (-1, 3, 5, 7), True),
    (50002, 4, 2, (1, 70_000), True),
]


def scan(**options: Any) -> bytes:
    """A TIFF of two pages that say different things."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for number, (description, dots, date, name) in enumerate(PAGES):
            writer.write(
                originals.GREYS,
                description=description,
                resolution=(dots, dots),
                resolutionunit="inch",
                datetime=date,
                subfiletype=2,
                metadata=None,
                extratags=[(285, 2, 0, name, True), (297, 3, 2, (number, 2), True)],
                **options,
            )
    return file.getvalue()


def with_blocks(data: bytes, blocks: dict[int, dict[int, Any]]) -> bytes:
    """A little-endian BigTIFF with directories as Pillow writes them, at its end."""
    file = io.BytesIO(data)
    with tifffile.TiffFile(file) as written:
        places = {code: written.pages[0].tags[code - 1].offset for code in blocks}  # type: ignore[union-attr]
    for code, values in blocks.items():
        block = TiffImagePlugin.ImageFileDirectory_v2(b"II+\0\x08\0\0\0" + bytes(8))
        for tag, value in values.items():
            block[tag] = value
            block.tagtype[tag] = 2
        start = len(data) + len(data) % 2
        data = data.ljust(start, b"\0") + block.tobytes(start)
        data = data[: places[code]] + struct.pack("<HHQQ", code, 16, 1, start) + data[places[code] + 20 :]
    return data


@pytest.mark.parametrize("compression", ["deflate", "packbits"])  # read in bands; by Pillow
def test_each_page_keeps_what_is_said_of_it(compression: str) -> None:
    copy = originals.colored(scan(compression=compression))
    with tifffile.TiffFile(io.BytesIO(copy)) as file:
        for number, (page, (description, dots, date, name)) in enumerate(zip(file.pages, PAGES, strict=True)):
            assert isinstance(page, tifffile.TiffPage)
            said = [page.tags.valueof(code) for code in (270, 306, 285, 297, 254)]
            assert said == [description, date, name, (number, 2), 2]
            assert page.get_resolution("inch") == (dots, dots)
            assert b"photochrom:Model" in page.tags.valueof(700)


def test_a_picture_of_one_page_is_not_said_to_be_one_of_two() -> None:
    with Image.open(io.BytesIO(originals.colored(scan(), "JPEG"))) as copy:
        assert copy.getexif()[270] == "Grass"
        assert not {254, 297} & set(copy.getexif())


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression", ["none", "packbits"])
def test_tags_keep_all_their_values(order: str, compression: str) -> None:
    data = originals.tiff(originals.GREYS, extratags=GEO, byteorder=order, compression=compression)
    with tifffile.TiffFile(io.BytesIO(originals.colored(data))) as file:
        (page,) = file.pages
        assert isinstance(page, tifffile.TiffPage)
        for code, kind, count, values, _ in GEO:
            tag = page.tags[code]
            assert (tag.dtype, tag.count, tag.value) == (kind, count, values)


def test_a_big_tiff_keeps_exif_and_the_place() -> None:
    placeholders = [(code - 1, 4, 1, 0, True) for code in (directories.EXIF, directories.GPS)]
    given = with_blocks(
        originals.tiff(originals.GREYS, bigtiff=True, extratags=placeholders),
        {directories.EXIF: {0x9003: TAKEN}, directories.GPS: {1: "N"}},
    )
    copy = originals.colored(given)
    with tifffile.TiffFile(io.BytesIO(copy)) as file:
        assert file.is_bigtiff
        (page,) = file.pages
        assert isinstance(page, tifffile.TiffPage)
        assert page.tags[directories.EXIF].value["DateTimeOriginal"] == TAKEN
        assert page.tags[directories.GPS].value["GPSLatitudeRef"] == "N"
        assert not {directories.EXIF - 1, directories.GPS - 1} & {tag.code for tag in page.tags}
    for data in (copy, originals.colored(given, "JPEG")):
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.getexif().get_ifd(directories.EXIF)[0x9003] == TAKEN
            assert picture.getexif().get_ifd(directories.GPS)[1] == "N"


def test_of_a_damaged_directory_there_is_left_what_can_be_written_again() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Ihagee"
    exif.get_ifd(directories.EXIF)[0x9003] = TAKEN
    exif.get_ifd(directories.GPS)[2] = (52.0, 30.0, 0.5)
    generator = np.random.default_rng(0)
    for _ in range(3000):
        block = bytearray(exif.tobytes())
        for place in generator.integers(6, len(block), 3):
            block[place] = generator.integers(256)
        directory = directories.parse(bytes(block[: generator.integers(6, len(block) + 1)]))
        assert directories.parse(directories.block(directory)) == directory
