"""A picture to its lightness and back: what it carries, modes, precision, seams."""

import io
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from photochrom_contract import lab, photograph, strips
from photochrom_contract.raster import Raster

SIDES = st.integers(1, 40)
RAMP = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
LIGHTNESS_OF_RAMP = lab.luminance_to_lightness(lab.srgb_to_linear(RAMP / 255.0))


def shorten_strips(monkeypatch: pytest.MonkeyPatch, pixels: int) -> None:
    """Have every picture worked on in strips of so many pixels."""
    rows_of = strips.rows_of
    monkeypatch.setattr(strips, "rows_of", lambda height, width: rows_of(height, width, pixels))


def deep_png(values: np.ndarray, transparent: tuple[int, ...]) -> bytes:
    """A PNG of 16 bits a channel, grey ``(h, w)`` or RGB ``(h, w, 3)``, and its transparent color."""
    height, width = values.shape[:2]
    kind = 2 if values.ndim == 3 else 0
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    png = b"\x89PNG\r\n\x1a\n"
    for chunk in (
        b"IHDR" + width.to_bytes(4) + height.to_bytes(4) + bytes([16, kind, 0, 0, 0]),
        b"tRNS" + b"".join(value.to_bytes(2) for value in transparent),
        b"IDAT" + zlib.compress(rows),
        b"IEND",
    ):
        png += (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    return png


def test_the_transparent_grey_of_16_bits_is_that_grey_alone() -> None:
    values = np.arange(0x1200, 0x1240).reshape(8, 8)
    with Image.open(io.BytesIO(deep_png(values, (0x1234,)))) as picture:
        raster = Raster.of_picture(picture)
    assert raster.alpha is not None
    assert np.array_equal(raster.alpha == 0, values == 0x1234)
    assert np.array_equal(raster.pixels, values)


def test_the_transparent_color_of_16_bits_a_channel_is_compared_in_the_bits_that_pillow_keeps() -> None:
    values = np.zeros((2, 2, 3), int)
    values[0, 0] = (0x1234, 0x5678, 0x9ABC)
    values[1, 1] = (0x3400, 0x7800, 0xBC00)
    with Image.open(io.BytesIO(deep_png(values, (0x1234, 0x5678, 0x9ABC)))) as picture:
        before = dict(picture.info)
        raster = Raster.of_picture(picture)
        assert picture.info == before
    assert raster.alpha is not None
    assert raster.alpha.tolist() == [[0, 255], [255, 255]]


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="no pixels"):
        photograph.lightness_of(Image.new("L", (0, 5)))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "RGBX", "YCbCr", "P", "CMYK"])
def test_every_mode_of_8_bits_has_the_lightness_of_its_greys(mode: str) -> None:
    lightness = photograph.lightness_of(Image.fromarray(RAMP).convert(mode))
    assert lightness.shape == (4, 256)
    assert lightness.dtype == np.float32
    assert np.abs(lightness - LIGHTNESS_OF_RAMP).max() < 0.01


def test_one_bit_is_black_and_white() -> None:
    lightness = photograph.lightness_of(Image.fromarray(RAMP).convert("1", dither=Image.Dither.NONE))
    assert np.unique(lightness) == pytest.approx([0, 100], abs=1e-3)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, ">u2"])
def test_16_bits_keep_their_precision(dtype: object) -> None:
    values = np.arange(0, 65536, 7).reshape(1, -1)
    lightness = photograph.lightness_of(Image.fromarray(values.astype(dtype)))  # type: ignore[call-overload]
    expected = lab.luminance_to_lightness(lab.srgb_to_linear(values / 65535))
    assert np.abs(lightness - expected).max() < 1e-3
    assert (np.diff(lightness[0]) > 0).all()  # 8 bits would leave steps


@pytest.mark.parametrize("peak", [1.0, 255.0, 65535.0])
def test_floating_point_greys_are_scaled_by_what_they_hold(peak: float) -> None:
    values = (RAMP / 255 * peak).astype(np.float32)
    lightness = photograph.lightness_of(Image.fromarray(values))
    assert np.abs(lightness - LIGHTNESS_OF_RAMP).max() < 1e-2


def test_floating_point_greys_that_are_no_numbers_are_black_or_white() -> None:
    values = np.array([[np.nan, -1.0, np.inf, 0.5]], np.float32)
    lightness = photograph.lightness_of(Image.fromarray(values))
    assert lightness[0] == pytest.approx([0, 0, 100, 53.39], abs=0.01)


def test_32_bit_greys_beyond_16_bits_are_black_or_white() -> None:
    values = np.array([[-5, 0, 65535, 1 << 20]], np.int32)
    lightness = photograph.lightness_of(Image.fromarray(values))
    assert lightness[0] == pytest.approx([0, 0, 100, 100], abs=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_lightness_is_the_same_in_strips(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Image.fromarray(np.random.default_rng(3).integers(0, 256, (50, 20)).astype(dtype))
    whole = photograph.lightness_of(picture)
    shorten_strips(monkeypatch, 7 * 20)
    assert np.array_equal(photograph.lightness_of(picture), whole)


def test_a_color_has_its_own_lightness_and_not_its_brightness() -> None:
    picture = Image.new("RGB", (2, 2), (255, 0, 0))
    assert photograph.lightness_of(picture)[0, 0] == pytest.approx(53.24, abs=0.02)


@given(
    arrays.arrays(
        np.float32, st.tuples(st.integers(1, 40), st.integers(1, 40)), elements=st.floats(0, 100, width=32)
    ),
    st.sampled_from([1, 8, 32]),
)
def test_reducing_gives_a_square_within_the_photographs_range(lightness: np.ndarray, size: int) -> None:
    plane = photograph.reduce_lightness(lightness, size)
    assert plane.shape == (size, size)
    assert plane.dtype == np.uint8
    assert plane.min() >= np.floor(lightness.min() * 2.55)
    assert plane.max() <= np.ceil(lightness.max() * 2.55)


def test_reducing_averages_areas() -> None:
    checkers = (np.indices((64, 64)).sum(axis=0) % 2 * 100).astype(np.float32)
    assert (photograph.reduce_lightness(checkers, 16) == 128).all()


@given(arrays.arrays(np.uint8, st.tuples(SIDES, SIDES)))
def test_merging_no_chroma_gives_the_greys_back(greys: np.ndarray) -> None:
    lightness = photograph.lightness_of(Image.fromarray(greys))
    merged = np.asarray(photograph.merge(lightness, np.zeros((2, 4, 4), np.float32)), int)
    assert np.abs(merged - greys[..., None].astype(int)).max() <= 1


def test_merging_a_photographs_own_chroma_gives_it_back() -> None:
    generator = np.random.default_rng(0)
    picture = Image.fromarray(generator.integers(0, 256, (37, 53, 3), np.uint8))
    chroma = lab.rgb_to_lab(np.asarray(picture) / 255.0)[..., 1:].transpose(2, 0, 1).astype(np.float32)
    merged = photograph.merge(photograph.lightness_of(picture), chroma)
    assert np.abs(np.asarray(merged, int) - np.asarray(picture, int)).max() <= 1


def test_saturation_scales_the_chroma() -> None:
    lightness = np.full((8, 8), 60, np.float32)
    chroma = np.stack([np.full((2, 2), 20, np.float32), np.full((2, 2), -10, np.float32)])
    merged = photograph.merge(lightness, chroma, saturation=1.5)
    assert lab.rgb_to_lab(np.asarray(merged) / 255.0)[4, 4] == pytest.approx([60, 30, -15], abs=0.5)
    grey = np.asarray(photograph.merge(lightness, chroma, saturation=0), int)
    assert np.ptp(grey, axis=2).max() <= 1


def test_merging_keeps_the_lightness_under_chroma_that_srgb_cannot_show() -> None:
    generator = np.random.default_rng(2)
    lightness = generator.uniform(0, 100, (64, 64)).astype(np.float32)
    chroma = generator.uniform(-110, 110, (2, 8, 8)).astype(np.float32)
    merged = photograph.merge(lightness, chroma)
    assert np.abs(photograph.lightness_of(merged) - lightness).mean() < 0.2


@pytest.mark.parametrize(("height", "width", "side"), [(300, 41, 16), (97, 200, 64), (64, 64, 64)])
def test_merging_in_strips_leaves_no_seams(
    height: int, width: int, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(1)
    lightness = generator.uniform(20, 80, (height, width)).astype(np.float32)
    chroma = generator.uniform(-40, 40, (2, side, side)).astype(np.float32)
    whole = np.asarray(photograph.merge(lightness, chroma), int)
    shorten_strips(monkeypatch, 7 * width)
    strips = np.asarray(photograph.merge(lightness, chroma), int)
    assert np.abs(strips - whole).max() <= 1
