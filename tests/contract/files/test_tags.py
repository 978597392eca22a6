"""Tags with other text than ASCII, of rare types, or damaged: a copy has them as its original does."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom_contract.files import directories
from photochrom_contract.files.directories import Directory, Tag
from photochrom_contract.files.metadata import IPTC, Metadata
from photochrom_contract.files.original import open_original
from tests.contract.files import originals

PHOTOGRAPHER = "Jürgen Müller, 北京".encode()
ARTIST, DESCRIPTION, USER_COMMENT, LAYERS = 0x013B, 0x010E, 0x9286, 37724
CAPTION = b"\x1c\x02\x78\x00\x05Grass" + bytes(2)


def said(data: bytes) -> Metadata:
    with open_original(io.BytesIO(data)) as original:
        return original.pages[0].metadata()


def tags(data: bytes) -> Directory:
    return directories.parse(said(data).exif)


def exif(artist: bytes) -> Image.Exif:
    block = Image.Exif()
    block[ARTIST] = artist
    block.get_ifd(directories.EXIF)[USER_COMMENT] = b"UNICODE\0" + "München".encode("utf-16-be")
    return block


@pytest.mark.parametrize("text", [PHOTOGRAPHER, "Jürgen Müller".encode("latin-1")])
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG"])
def test_text_keeps_its_bytes_whatever_they_encode(kind: str, text: bytes) -> None:
    given = {
        "JPEG": originals.encoded(originals.CAMERA, "JPEG", exif=exif(text)),
        "PNG": originals.encoded(originals.CAMERA, "PNG", exif=exif(text)),
        "TIFF": originals.tiff(originals.GREYS, extratags=[(ARTIST, 2, len(text), text, True)]),
    }[kind]
    for written in ("JPEG", "TIFF", "PNG", "WEBP", "JPEG2000"):
        copy = tags(originals.colored(given, written))
        assert copy.tags[ARTIST] == Tag(directories.TEXT, text + b"\0")
        if kind != "TIFF":
            assert (
                copy.inner[directories.EXIF].tags[USER_COMMENT].data.endswith("München".encode("utf-16-be"))
            )


@pytest.mark.parametrize("comment", ["München".encode("latin-1"), "北京".encode()])
def test_a_jpegs_comment_keeps_its_bytes(comment: bytes) -> None:
    given = originals.encoded(originals.CAMERA, "JPEG", comment=comment)
    with Image.open(io.BytesIO(originals.colored(given))) as copy:
        assert copy.info["comment"] == comment
    with Image.open(io.BytesIO(originals.colored(given, "PNG"))) as copy:
        assert copy.info["Comment"] in ("München", "北京")


@pytest.mark.parametrize("order", "<>")
def test_iptc_that_a_tiff_says_is_of_longs_is_kept(order: str) -> None:
    # As libtiff's own tools write it: the bytes as they are, in a tag of a type that they do not have.
    tag = (33723, 7, len(CAPTION), CAPTION, True)
    given = bytearray(originals.tiff(originals.GREYS, extratags=[tag], byteorder=order))
    with tifffile.TiffFile(io.BytesIO(given)) as file:
        place = file.pages[0].tags[33723].offset  # type: ignore[union-attr]
    given[place + 2 : place + 8] = (
        np.array([4], f"{order}u2").tobytes() + np.array([len(CAPTION) // 4], f"{order}u4").tobytes()
    )
    for written in ("TIFF", "JPEG"):
        assert said(originals.colored(bytes(given), written)).resources[IPTC] == CAPTION


@pytest.mark.parametrize("order", [b"II", b"MM"])
def test_exif_keeps_its_order_of_bytes_for_what_relies_on_it(order: bytes) -> None:
    block = exif(PHOTOGRAPHER)
    block.endian = "<" if order == b"II" else ">"
    with Image.open(
        io.BytesIO(originals.colored(originals.encoded(originals.CAMERA, "JPEG", exif=block)))
    ) as copy:
        assert copy.info["exif"][6:8] == order
        assert copy.getexif()[ARTIST].encode("latin-1") == PHOTOGRAPHER


def test_photoshops_layers_are_not_in_the_copy() -> None:
    layers = b"Adobe Photoshop Document Data Block\0" + bytes(range(256)) * 300
    given = originals.tiff(originals.GREYS, extratags=[(LAYERS, 7, len(layers), layers, True)])
    with tifffile.TiffFile(io.BytesIO(originals.colored(given))) as copy:
        assert LAYERS not in copy.pages[0].tags  # type: ignore[union-attr]
    with Image.open(io.BytesIO(originals.colored(given, "JPEG"))) as picture:
        assert picture.format == "JPEG"


def test_a_jpegs_exif_is_without_the_tags_that_it_has_no_room_for() -> None:
    note = bytes(range(256)) * 300
    given = originals.tiff(
        originals.GREYS, extratags=[(50000, 7, len(note), note, True), (ARTIST, 2, 0, PHOTOGRAPHER, True)]
    )
    assert tags(originals.colored(given)).tags[50000].data == note
    copy = tags(originals.colored(given, "JPEG"))
    assert copy.tags[ARTIST].data == PHOTOGRAPHER + b"\0"
    assert 50000 not in copy.tags


def test_a_damaged_block_of_the_place_costs_only_what_is_damaged() -> None:
    block = exif(PHOTOGRAPHER)
    block.get_ifd(directories.GPS).update({1: "N", 2: (48.0, 8.0, 14.0), 3: "E"})
    given = bytearray(originals.colored(originals.encoded(originals.CAMERA, "JPEG", exif=block), "TIFF"))
    place = given.index(b"\x02\0\x05\0\x03\0\0\0")  # tag 2: three fractions
    given[place + 1] = 2
    for written in ("TIFF", "JPEG"):
        copy = tags(originals.colored(bytes(given), written))
        assert copy.inner[directories.GPS].tags[1].data == b"N\0"
        assert copy.inner[directories.GPS].tags[0x0202].count == 3
        assert copy.tags[ARTIST].data == PHOTOGRAPHER + b"\0"
