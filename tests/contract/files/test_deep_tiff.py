"""TIFFs of more than 8 bits, whichever reader takes them: what is white is white, or the file is refused."""

import io
import struct
import sys

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom_contract import lab, raster
from photochrom_contract.unreadable import UnreadableError
from tests.contract.files import originals

EXPECTED = lab.luminance_to_lightness(lab.srgb_to_linear(originals.DEEP / 65535))


def of_12_bits(values: np.ndarray) -> bytes:
    """A little-endian grey TIFF of 12 bits, two numbers in three bytes: TIFF 6.0, BitsPerSample."""
    even, odd = values[:, ::2].astype(int), values[:, 1::2].astype(int)
    packed = np.dstack([even >> 4, (even & 15) << 4 | odd >> 8, odd & 255]).astype(np.uint8).tobytes()
    height, width = values.shape
    numbers = {256: width, 257: height, 258: 12, 259: 1, 262: 1, 273: 122, 277: 1, 278: height}
    entries = [
        struct.pack("<HHLL", code, 4, 1, value) for code, value in {**numbers, 279: len(packed)}.items()
    ]
    return struct.pack("<2sHLH", b"II", 42, 8, 9) + b"".join(entries) + bytes(4) + packed


def test_greys_of_12_bits_are_scaled_by_12_bits() -> None:
    data = of_12_bits(originals.DEEP >> 4)
    assert np.abs(originals.lightness(data) - EXPECTED).max() < 0.5
    copy = originals.colored(data)
    assert np.abs(originals.lightness(copy) - EXPECTED).mean() < 0.1
    with Image.open(io.BytesIO(data)) as picture:
        greys = np.asarray(raster.srgb_of(picture).convert("L"), int)
    assert np.abs(greys - (originals.DEEP >> 8)).max() <= 1


@pytest.mark.parametrize("compression", ["packbits", "zstd", "lzma", "lzw"])
def test_greys_of_16_bits_whose_white_is_zero_are_no_negative(
    compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = originals.tiff(~originals.DEEP, photometric="miniswhite", compression=compression)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)  # so LZW is left to Pillow, too
    assert np.abs(originals.lightness(data) - EXPECTED).max() < 0.01


@pytest.mark.parametrize("compression", ["none", "packbits"])
def test_floats_whose_white_is_zero_are_no_negative(compression: str) -> None:
    values = (1 - originals.DEEP / 65535).astype(np.float32)
    data = originals.tiff(values, photometric="miniswhite", compression=compression)
    assert np.abs(originals.lightness(data) - EXPECTED).max() < 0.01


@pytest.mark.parametrize("order", "<>")
def test_greys_of_16_bits_with_alpha_are_colored(order: str) -> None:
    alpha = originals.DEEP.T
    data = originals.tiff(
        np.dstack([originals.DEEP, alpha]),
        photometric="minisblack",
        planarconfig="contig",
        extrasamples=["unassalpha"],
        byteorder=order,
    )
    copy = originals.colored(data)
    assert np.abs(originals.lightness(copy) - EXPECTED).max() < 0.3
    assert np.array_equal(tifffile.imread(io.BytesIO(copy))[..., 3], alpha)


def test_big_endian_greys_of_16_bits_whose_white_is_zero_are_colored() -> None:
    data = originals.tiff(~originals.DEEP, photometric="miniswhite", byteorder=">")
    assert np.abs(originals.lightness(originals.colored(data)) - EXPECTED).max() < 0.3


@pytest.mark.parametrize("kind", ["uint32", "int16", "int8"])
def test_numbers_that_do_not_say_what_is_white_are_refused(kind: str) -> None:
    data = originals.tiff((originals.DEEP >> 1).astype(kind), photometric="minisblack")
    with pytest.raises(
        UnreadableError, match=f"{'un' if kind[0] == 'u' else ''}signed numbers .* convert it"
    ):
        originals.lightness(data)


@pytest.mark.parametrize("kind", ["int32", "float32"])
def test_what_pillow_reads_in_the_wrong_byte_order_is_refused(kind: str) -> None:
    data = originals.tiff(
        originals.DEEP.astype(kind), photometric="minisblack", compression="packbits", byteorder=">"
    )
    with pytest.raises(UnreadableError, match="big-endian and compressed"):
        originals.lightness(data)


def test_greys_of_16_bits_in_pillows_own_32_stay() -> None:
    data = originals.encoded(Image.fromarray(originals.DEEP.astype(np.int32)), "TIFF")
    assert np.abs(originals.lightness(data) - EXPECTED).max() < 0.01
