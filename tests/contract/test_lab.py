"""sRGB and CIE Lab: against published values, against scikit-image, and there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage import color

from photochrom_contract import lab

# CIE L*a*b* (D65, 2 degrees) of sRGB's corners, as B. Lindbloom's "CIE Color Calculator"
# (brucelindbloom.com) gives them. His matrix and white have other last digits than those here: the two
# agree to 0.02.
PUBLISHED = {
    (0, 0, 0): (0.0, 0.0, 0.0),
    (255, 255, 255): (100.0, 0.0, 0.0),
    (255, 0, 0): (53.241, 80.092, 67.203),
    (0, 255, 0): (87.735, -86.183, 83.179),
    (0, 0, 255): (32.297, 79.188, -107.860),
    (0, 255, 255): (91.113, -48.088, -14.131),
    (255, 0, 255): (60.324, 98.234, -60.825),
    (255, 255, 0): (97.139, -21.554, 94.478),
}

# L* of relative luminance Y: CIE 15:2004, section 8.2.1, worked by hand. 0.18 is the photographer's
# grey card; (6/29)^3 is where the cube root meets the line, at L* 8 exactly.
LIGHTNESS_OF_LUMINANCE = {0.0: 0.0, (6 / 29) ** 3: 8.0, 0.18: 49.496, 0.5: 76.069, 1.0: 100.0}


def _grid(step: int) -> np.ndarray:
    """Every ``step``-th 8-bit value of each channel, and the last: ``(n, 3)``, 0 to 1."""
    values = np.unique([*range(0, 256, step), 255])
    return np.stack(np.meshgrid(values, values, values), axis=-1).reshape(-1, 3) / 255


def _surface() -> np.ndarray:
    """The gamut's edge: the six faces of the cube, every 8-bit value of them, ``(n, 3)``, 0 to 1."""
    values = np.arange(256) / 255
    first, second = (plane.ravel() for plane in np.meshgrid(values, values))
    faces = [
        np.insert(np.stack([first, second], axis=-1), axis, end, axis=-1)
        for axis in range(3)
        for end in (0, 1)
    ]
    return np.concatenate(faces)


@pytest.mark.parametrize("rgb", PUBLISHED)
def test_published_values(rgb: tuple[int, int, int]) -> None:
    assert lab.rgb_to_lab(np.array(rgb) / 255.0) == pytest.approx(PUBLISHED[rgb], abs=0.02)
    back = lab.lab_to_rgb(np.array(PUBLISHED[rgb])) * 255
    assert back == pytest.approx(rgb, abs=0.5)


@pytest.mark.parametrize("luminance", LIGHTNESS_OF_LUMINANCE)
def test_published_lightness(luminance: float) -> None:
    assert float(lab.luminance_to_lightness(np.array(luminance))) == pytest.approx(
        LIGHTNESS_OF_LUMINANCE[luminance], abs=1e-3
    )


def test_it_agrees_with_scikit_image_on_every_8_bit_color() -> None:
    rest = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1).reshape(-1, 2)
    for red in range(256):
        rgb = (np.insert(rest, 0, red, axis=1) / 255).astype(np.float32)
        assert np.abs(lab.rgb_to_lab(rgb) - color.rgb2lab(rgb)).max() < 1e-3, red


@pytest.mark.parametrize("rgb", [_grid(5), _surface()], ids=["8-bit grid", "gamut's edge"])
def test_it_agrees_with_scikit_image_there_and_back(rgb: np.ndarray) -> None:
    expected = color.rgb2lab(rgb)
    assert np.abs(lab.rgb_to_lab(rgb) - expected).max() < 1e-3
    assert np.abs(lab.rgb_to_lab(rgb.astype(np.float32)) - expected).max() < 1e-3
    assert np.abs(lab.lab_to_rgb(expected) - rgb).max() < 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back_is_within_one_step_of_8_bits(dtype: type[np.floating]) -> None:
    rgb = np.concatenate([_grid(5), _surface()]).astype(dtype)
    there = lab.rgb_to_lab(rgb)
    back = lab.lab_to_rgb(there)
    assert there.dtype == back.dtype == dtype
    assert np.abs(np.rint(back * 255) - np.rint(rgb * 255)).max() <= 1


def test_a_neutral_color_has_no_chroma_and_its_lightness_rises() -> None:
    greys = lab.rgb_to_lab(np.repeat(np.arange(256) / 255, 3).reshape(256, 3))
    assert np.abs(greys[:, 1:]).max() < 0.01
    assert (np.diff(greys[:, 0]) > 0).all()
    assert greys[[0, 255], 0] == pytest.approx(lab.LIGHTNESS_RANGE, abs=1e-3)


def test_no_color_of_the_gamut_exceeds_the_chroma_limit() -> None:
    assert np.abs(lab.rgb_to_lab(_surface())[:, 1:]).max() < lab.CHROMA_LIMIT


@given(arrays.arrays(np.float64, (4, 3), elements=st.floats(-150, 150)))
def test_colors_outside_the_gamut_are_clipped_to_it(colors: np.ndarray) -> None:
    rgb = lab.lab_to_rgb(colors)
    assert np.isfinite(rgb).all()
    assert rgb.min() >= 0
    assert rgb.max() <= 1


@given(arrays.arrays(np.float64, (4, 3), elements=st.floats(-110, 110)), st.integers(0, 100))
def test_desaturating_keeps_lightness_and_hue(colors: np.ndarray, lightness: int) -> None:
    colors[:, 0] = lightness
    kept = lab.desaturate_to_gamut(colors)
    shown = lab.rgb_to_lab(lab.lab_to_rgb(kept))
    assert shown[:, 0] == pytest.approx(kept[:, 0], abs=0.2)  # half an 8-bit step, at black
    assert kept[:, 0] == pytest.approx(lightness)
    scale = np.linalg.norm(kept[:, 1:], axis=1) / np.maximum(np.linalg.norm(colors[:, 1:], axis=1), 1e-9)
    assert (scale <= 1).all()
    assert kept[:, 1:] == pytest.approx(colors[:, 1:] * scale[:, None], abs=1e-6)


def test_desaturating_leaves_what_is_shown_and_takes_no_more_than_needed() -> None:
    inside = lab.rgb_to_lab(_grid(15))
    assert lab.desaturate_to_gamut(inside) is inside
    # At the lightness of a corner nothing has more chroma. (Yellow's is left out: on the way to it from
    # white lie colors that sRGB cannot show.)
    corners = lab.rgb_to_lab(np.array([rgb for rgb in PUBLISHED if rgb != (255, 255, 0)]) / 255)
    assert np.abs(lab.desaturate_to_gamut(corners * [1, 1.3, 1.3]) - corners).max() < 1


@given(arrays.arrays(np.float64, (8,), elements=st.floats(0, 1)))
def test_the_transfer_function_has_an_inverse(encoded: np.ndarray) -> None:
    assert lab.linear_to_srgb(lab.srgb_to_linear(encoded)) == pytest.approx(encoded, abs=1e-6)


@pytest.mark.filterwarnings("ignore")  # TensorFlow's import is not ours to clean
def test_keras_runs_the_same_lines_to_the_same_values() -> None:
    ops = pytest.importorskip("keras", reason="Keras is not installed").ops
    rgb = _grid(15).astype(np.float32)
    there = np.asarray(lab.rgb_to_lab(ops.convert_to_tensor(rgb), ops))
    assert np.abs(there - lab.rgb_to_lab(rgb)).max() < 1e-3
    back = np.asarray(lab.lab_to_rgb(ops.convert_to_tensor(there), ops))
    assert np.abs(back - lab.lab_to_rgb(there)).max() < 1e-5
