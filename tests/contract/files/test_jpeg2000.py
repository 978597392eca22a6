"""The boxes of JP2 files, as the standard and the programs that invented some of them lay them out."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom_contract.files import jpeg2000
from photochrom_contract.files.metadata import IPTC, Metadata
from photochrom_contract.files.original import open_original
from tests.contract.files import originals
from tests.contract.test_profiles import DOT_GAIN

JP2 = originals.encoded(originals.CAMERA, "JPEG2000")


@given(exif=st.binary(max_size=40), xmp=st.binary(max_size=40), iptc=st.binary(max_size=40))
def test_what_is_written_is_read(exif: bytes, xmp: bytes, iptc: bytes) -> None:
    metadata = Metadata(exif=b"Exif\0\0" + exif if exif else b"", xmp=xmp, resources={IPTC: iptc})
    copy = jpeg2000.with_metadata(JP2, metadata)
    assert jpeg2000.read(io.BytesIO(copy)) == jpeg2000.Said(exif, xmp, iptc)
    with Image.open(io.BytesIO(copy)) as picture:
        assert np.array_equal(np.asarray(picture), originals.GREYS)


def test_exif_lies_where_exiftool_looks_for_it() -> None:
    # ExifTool 12, Jpeg2000.pm: UUID-EXIF begins with this name and holds a TIFF stream without a header.
    copy = jpeg2000.with_metadata(JP2, Metadata(exif=b"Exif\0\0II*\0"))
    assert copy.endswith(struct.pack(">I4s", 28, b"uuid") + b"JpgTiffExif->JP2" + b"II*\0")


@pytest.mark.parametrize(
    "dpi", [(300.0, 300.0), (72.0, 144.0), (299.9994, 1200.5), (4000.0, 1.0), (2e5, 0.01)]
)
def test_the_dots_an_inch_are_those_that_pillow_reads(dpi: tuple[float, float]) -> None:
    copy = jpeg2000.with_metadata(JP2, Metadata(dpi=dpi))
    with Image.open(io.BytesIO(copy)) as picture:
        assert picture.info["dpi"] == pytest.approx(dpi, rel=1e-4)


def test_an_embedded_profile_is_honoured() -> None:
    # The encoder's colour specification box is of the enumerated kind; one with a profile takes its place.
    start = JP2.index(b"colr") - 4
    size = int.from_bytes(JP2[start : start + 4])
    specification = b"colr" + b"\x02\0\0" + DOT_GAIN
    box = (len(specification) + 4).to_bytes(4) + specification
    header = JP2.index(b"jp2h") - 4
    grown = int.from_bytes(JP2[header : header + 4]) + len(box) - size
    file = JP2[:header] + grown.to_bytes(4) + JP2[header + 4 : start] + box + JP2[start + size :]
    png = originals.encoded(originals.CAMERA, "PNG", icc_profile=DOT_GAIN)
    honoured, expected, plain = map(_lightness, (file, png, JP2))
    assert np.allclose(honoured, expected)
    assert not np.allclose(plain, expected, atol=1)


@pytest.mark.parametrize("cut", [0, 3, 12, 20, 60, 200])
def test_a_file_cut_short_says_what_is_left(cut: int) -> None:
    copy = jpeg2000.with_metadata(JP2, Metadata(xmp=b"packet"))
    assert jpeg2000.read(io.BytesIO(copy[:cut])).xmp == b""
    assert jpeg2000.read(io.BytesIO(copy[:-1])).xmp == b""


def _lightness(file: bytes) -> np.ndarray:
    with open_original(io.BytesIO(file)) as original:
        return original.pages[0].rows.lightness(slice(0, 256)).copy()
