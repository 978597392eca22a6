"""A color is as light as its grey, whatever the numbers of a stream mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom._video.chroma import ChromaEncoder
from photochrom._video.colorimetry import Colorimetry, UnsupportedColorError
from photochrom._video.luma import LumaTables
from photochrom_contract import lab

meanings = st.sampled_from(
    [
        Colorimetry.of(6, 6, 6, full_range=False, depth=8, height=480),
        Colorimetry.of(1, 1, 1, full_range=True, depth=8, height=1080),
        Colorimetry.of(9, 14, 9, full_range=False, depth=10, height=2160),
        Colorimetry.of(5, 5, 5, full_range=False, depth=8, height=576),
    ]
)


def lightness(meaning: Colorimetry, luma: int, blue: int, red: int) -> float:
    """L* of a code of Y', Cb and Cr, in double precision, by the definitions."""
    chroma = (np.array([blue, red]) - meaning.neutral) / meaning.chroma_scale
    rgb = meaning.to_unit(np.array(luma, float)) + meaning.from_chroma @ chroma
    linear = meaning.to_linear(rgb)
    return float(lab.luminance_to_lightness(meaning.xyz_of_rgb[1] @ linear))


@given(meaning=meanings, grey=st.floats(5, 98), a=st.floats(-60, 60), b=st.floats(-60, 60))
def test_a_colored_pixel_is_as_light_as_its_grey_to_a_code(
    meaning: Colorimetry, grey: float, a: float, b: float
) -> None:
    tables = LumaTables(meaning)
    kind = np.uint8 if meaning.depth == 8 else np.uint16
    linear = ((grey + 16) / 116) ** 3 if grey > 8 else grey / 903.3
    unit = meaning.from_linear(np.array(linear))
    code = np.array([[np.rint(meaning.from_unit(unit))]]).astype(kind)
    before = tables.lightness_of(code)
    blue, red = ChromaEncoder(meaning).encode(before, np.array([[[a]], [[b]]], np.float32))
    luma = tables.from_grey(code, blue, red)
    after = lightness(meaning, int(luma[0, 0]), int(blue[0, 0]), int(red[0, 0]))
    # What a code of Y' is worth there: more in the dark.
    step = lightness(meaning, int(luma[0, 0]) + 1, int(blue[0, 0]), int(red[0, 0])) - after
    assert abs(after - before[0, 0]) <= max(0.6, 1.5 * abs(step))


@given(meaning=meanings, luma=st.integers(60, 200), blue=st.integers(100, 156), red=st.integers(100, 156))
def test_to_grey_and_back_is_the_same_luma(meaning: Colorimetry, luma: int, blue: int, red: int) -> None:
    tables = LumaTables(meaning)
    scale = 1 << meaning.depth - 8
    kind = np.uint8 if meaning.depth == 8 else np.uint16
    y, cb, cr = (np.array([[code * scale]]).astype(kind) for code in (luma, blue, red))
    there = tables.to_grey(y, cb, cr)
    back = tables.from_grey(there, cb, cr)
    assert abs(int(back[0, 0]) - int(y[0, 0])) <= scale


@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("full_range", [False, True])
def test_a_grey_stays_as_it_is_to_the_last_bit(depth: int, full_range: bool) -> None:
    meaning = Colorimetry.of(1, 1, 1, full_range=full_range, depth=depth, height=1080)
    codes = np.arange(1 << depth, dtype=np.uint8 if depth == 8 else np.uint16)[None]
    neutral = np.full_like(codes, meaning.neutral)
    tables = LumaTables(meaning)
    assert np.array_equal(tables.to_grey(codes, neutral, neutral), codes)
    assert np.array_equal(tables.from_grey(codes, neutral, neutral), codes)


def test_colors_come_out_as_they_went_in() -> None:
    meaning = Colorimetry.of(1, 13, 1, full_range=True, depth=10, height=1080)
    lightnesses = np.full((1, 5), 60, np.float32)
    chroma = np.array([[[30, -30, 20, -20, 0]], [[20, 30, -40, 0, 50]]], np.float32)
    blue, red = ChromaEncoder(meaning).encode(lightnesses, chroma)
    tables = LumaTables(meaning)
    grey = np.rint(meaning.from_unit(meaning.from_linear(np.full((1, 5), ((60 + 16) / 116) ** 3))))
    luma = tables.from_grey(grey.astype(np.uint16), blue, red)
    parts = (np.stack([blue, red]).astype(float) - meaning.neutral) / meaning.chroma_scale
    rgb = meaning.to_unit(luma.astype(float)) + np.tensordot(meaning.from_chroma, parts, 1)
    expected = np.concatenate([lightnesses[None], chroma]).transpose(1, 2, 0)
    assert np.abs(lab.rgb_to_lab(rgb.transpose(1, 2, 0)) - expected).max() < 0.5


@pytest.mark.parametrize(
    ("matrix", "rgb", "expected"),
    [
        # ITU-R BT.709-6, BT.601-7, BT.2020-2: Y' of the primaries, of 8 bits: red, green, blue
        (1, (1, 0, 0), 63),
        (1, (0, 1, 0), 173),
        (1, (0, 0, 1), 32),
        (6, (1, 0, 0), 81),
        (6, (0, 1, 0), 145),
        (6, (0, 0, 1), 41),
        (9, (1, 0, 0), 74),
        (9, (0, 1, 0), 164),
        (9, (0, 0, 1), 29),
    ],
)
def test_matrices_are_those_of_the_recommendations(
    matrix: int, rgb: tuple[int, int, int], expected: int
) -> None:
    meaning = Colorimetry.of(matrix, 1, 1, full_range=False, depth=8, height=480)
    luma = meaning.luma_weights @ np.array(rgb)
    assert round(float(meaning.from_unit(luma))) == expected
    chroma = np.array(
        [(rgb[2] - luma) / meaning.from_chroma[2, 0], (rgb[0] - luma) / meaning.from_chroma[0, 1]]
    )
    assert luma + meaning.from_chroma @ chroma == pytest.approx(rgb)


@pytest.mark.parametrize(("height", "matrix"), [(480, 6), (576, 6), (720, 1), (1080, 1)])
def test_a_stream_that_does_not_say_is_read_as_players_do(height: int, matrix: int) -> None:
    assert Colorimetry.of(2, 2, 2, full_range=False, depth=8, height=height).matrix == matrix


@pytest.mark.parametrize(("matrix", "transfer"), [(9, 16), (9, 18), (8, 1), (0, 1)])
def test_what_is_not_known_is_refused(matrix: int, transfer: int) -> None:
    with pytest.raises(UnsupportedColorError):
        Colorimetry.of(matrix, transfer, 1, full_range=False, depth=8, height=1080)
