"""The conversions by table, in strips, are those of ``lab``; so are the small planes Pillow's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from photochrom_contract import fast_lab, lab, reduction
from photochrom_contract.interpolation import Stretched
from photochrom_contract.upsampling import ChromaField


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_lightness_is_the_references(kind: type[np.unsignedinteger]) -> None:
    last = np.iinfo(kind).max
    rgb = np.random.default_rng(0).integers(0, last + 1, (300, 300, 3)).astype(kind)
    tones = fast_lab.srgb_tones(last + 1)
    assert np.abs(tones.lightness(rgb) - lab.rgb_to_lab(rgb / last)[..., 0]).max() < 0.01
    grey = lab.luminance_to_lightness(lab.srgb_to_linear(rgb[..., 0] / last))
    assert np.abs(tones.lightness(rgb[..., 0]) - grey).max() < 0.001


def encoded(colors: np.ndarray, kind: type[np.unsignedinteger]) -> np.ndarray:
    """Lab ``(n, 3)`` as sRGB pixels ``(n, 3)``."""
    planes = np.ascontiguousarray(colors.T, np.float32)[:, np.newaxis]
    out: np.ndarray = np.empty((1, len(colors), 3), kind)
    fast_lab.encode_srgb(planes[0], planes[1], planes[2], out)
    return out.reshape(-1, 3)


def test_every_third_8_bit_color_comes_back_as_it_was() -> None:
    values = np.arange(0, 256, 3)
    rgb = np.stack(np.meshgrid(values, values, values), axis=-1).reshape(-1, 3)
    assert np.array_equal(encoded(lab.rgb_to_lab(rgb / 255), np.uint8), rgb)


def test_16_bit_colors_come_back_within_two_steps() -> None:
    rgb = np.random.default_rng(1).integers(0, 65536, (100_000, 3))
    assert np.abs(encoded(lab.rgb_to_lab(rgb / 65535), np.uint16) - rgb).max() <= 2


def test_what_srgb_cannot_show_keeps_its_lightness_and_the_chroma_that_the_reference_leaves_it() -> None:
    generator = np.random.default_rng(2)
    colors = np.stack(
        [generator.uniform(*ends, 100_000) for ends in ((0, 100), (-90, 90), (-90, 90))], axis=1
    )
    expected = lab.desaturate_to_gamut(colors)
    outside = (expected != colors).any(axis=1)
    colors, expected = colors[outside], lab.rgb_to_lab(lab.lab_to_rgb(expected[outside]))
    result = lab.rgb_to_lab(encoded(colors, np.uint16) / 65535)
    assert np.abs(result[:, 0] - colors[:, 0]).max() < 0.2  # half an 8-bit step, at black
    had, left, shown = (np.hypot(each[:, 1], each[:, 2]) for each in (colors, expected, result))
    # The reference leaves up to a step of its bisection less than it could. Near yellow both may differ: on
    # the way there from grey lie colors that sRGB cannot show, and then some that it can.
    is_close = (shown > left - 0.1) & (shown < left + had / 256 + 0.1)
    assert is_close.mean() > 0.998


@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from([1, 7, 32]))
def test_reducing_is_pillows_box_or_bilinear_filter(height: int, width: int, size: int) -> None:
    lightness = np.random.default_rng(height * 91 + width).uniform(0, 100, (height, width)).astype(np.float32)
    reduced = reduction.reduce(lightness.__getitem__, height, width, size, size)
    shrinks = min(height, width) >= size
    resample = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    expected = np.asarray(Image.fromarray(lightness, "F").resize((size, size), resample))
    # Pillow loses a row between two cells here and there, where it lies on their border.
    assert np.median(np.abs(reduced - expected)) < 1e-3


@pytest.mark.parametrize(("height", "width"), [(48, 48), (300, 411), (97, 64)])
def test_stretching_is_pillows(height: int, width: int) -> None:
    planes = np.random.default_rng(2).normal(size=(2, 48, 48)).astype(np.float32)
    for kernel, resample in (("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)):
        stretched = Stretched(planes, height, width, kernel)  # type: ignore[arg-type]
        rows = [slice(0, 5), slice(5, height)]
        parts = [
            stretched.rows(each, np.empty((2, each.stop - each.start, width), np.float32)).copy()
            for each in rows
        ]
        expected = np.asarray(Image.fromarray(planes[1], "F").resize((width, height), resample))
        inside = (
            slice(height // 16, -height // 16),
            slice(width // 16, -width // 16),
        )  # at its ends Pillow cuts
        assert np.abs(np.concatenate(parts, axis=1)[1] - expected)[inside].max() < 1e-5


def edge() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A slanted edge between dark red and light blue: lightness, chroma, and chroma averaged down."""
    rows, columns = np.mgrid[0:320, 0:320]
    is_light = columns + rows / 3 > 210
    lightness = np.where(is_light, 75, 30).astype(np.float32)
    chroma = np.stack([np.where(is_light, -5, 40), np.where(is_light, -30, 25)]).astype(np.float32)
    small = np.stack([reduction.reduce(plane.__getitem__, 320, 320, 16, 16) for plane in chroma])
    return lightness, chroma, small


def test_guided_color_bleeds_less_over_an_edge_and_leaves_no_halo() -> None:
    lightness, chroma, small = edge()
    guide = reduction.reduce(lightness.__getitem__, 320, 320, 16, 16)
    errors = {}
    for upsampling in ("bilinear", "guided"):
        field = ChromaField(small, guide, 320, 320, upsampling)
        result = field.rows(slice(0, 320), lightness)
        errors[upsampling] = np.abs(result - chroma).mean()
        for channel in range(2):
            assert result[channel].min() >= small[channel].min() - 1e-3
            assert result[channel].max() <= small[channel].max() + 1e-3
    assert errors["guided"] < errors["bilinear"] / 2


def test_guided_color_of_a_flat_photograph_is_smooth() -> None:
    small = np.random.default_rng(3).normal(0, 20, (2, 12, 12)).astype(np.float32)
    flat = np.full((120, 90), 50, np.float32)
    field = ChromaField(small, np.full((12, 12), 50, np.float32), 120, 90)
    expected = Stretched(small, 120, 90, "bicubic").rows(slice(0, 120), np.empty((2, 120, 90), np.float32))
    assert np.median(np.abs(field.rows(slice(0, 120), flat) - expected)) < 0.1
