"""Embedded color profiles mean what LittleCMS makes of them, in 8 and in 16 bits."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from photochrom_contract import lab, photograph, profiles
from photochrom_contract.raster import Raster

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RAMP = np.tile(np.arange(256, dtype=np.uint8), (4, 1))


def profile_of(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile of version 2 with these tags, in XYZ."""
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        padded = tag + b"\0" * (-len(tag) % 4)
        table += struct.pack(">4sII", name, start + len(data), len(tag))
        data += padded
    size = start + len(data)
    white = struct.pack(">3i", 63190, 65536, 54061)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02400000, b"mntr", space, b"XYZ ")
    header = (header + b"\0" * 12 + b"acsp").ljust(68, b"\0") + white
    return header.ljust(128, b"\0") + table + data


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def dot_gain(percent: float) -> bytes:
    """A press's curve: dots grow by so much in the middle, as in Adobe's grey profiles of that name."""
    ink = 1 - np.linspace(0, 1, 64)
    grown = ink + 4 * percent / 100 * ink * (1 - ink)
    entries = np.rint((1 - np.clip(grown, 0, 1)) * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", len(entries)) + entries.tobytes()


def color(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(each * 65536) for each in (x, y, z)))


WHITE = {b"wtpt": color(0.9642, 1.0, 0.8249)}
GREY_GAMMA = profile_of(b"GRAY", {b"kTRC": gamma(2.2), **WHITE})
DOT_GAIN = profile_of(b"GRAY", {b"kTRC": dot_gain(20), **WHITE})
# Adobe RGB (1998), section 4.3.1: primaries, adapted to D50 by Bradford's matrix.
ADOBE = profile_of(
    b"RGB ",
    {
        b"rXYZ": color(0.60974, 0.31111, 0.01947),
        b"gXYZ": color(0.20528, 0.62567, 0.06087),
        b"bXYZ": color(0.14919, 0.06322, 0.74457),
        **{name: gamma(563 / 256) for name in (b"rTRC", b"gTRC", b"bTRC")},
        **WHITE,
    },
)


def by_littlecms(picture: Image.Image, profile: bytes) -> np.ndarray:
    """L* of a picture that LittleCMS has brought to sRGB."""
    converted = ImageCms.profileToProfile(
        picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None
    return np.asarray(lab.rgb_to_lab(np.asarray(converted) / 255.0)[..., 0])


@pytest.mark.parametrize("profile", [GREY_GAMMA, DOT_GAIN], ids=["gray gamma 2.2", "dot gain 20 %"])
def test_a_grey_profile_of_8_and_of_16_bits(profile: bytes) -> None:
    picture = Image.fromarray(RAMP)
    picture.info["icc_profile"] = profile
    lightness = photograph.lightness_of(picture)
    assert np.abs(lightness - by_littlecms(picture, profile)).max() < 0.4  # it rounds to 8 bits
    deep = Raster.of_array(RAMP.astype(np.uint16) * 257, None, profile)
    assert np.abs(deep.lightness(slice(0, 4)) - lightness).max() < 0.01
    plain = photograph.lightness_of(Image.fromarray(RAMP))
    assert np.abs(plain - lightness).max() > 1  # the profile counts


def test_adobe_rgb_of_greys_of_sepia_and_of_16_bits() -> None:
    sepia = np.stack([RAMP, (RAMP * 0.9).astype(np.uint8), (RAMP * 0.7).astype(np.uint8)], axis=-1)
    for values in (RAMP, np.dstack([RAMP] * 3), sepia):
        picture = Image.fromarray(values)
        picture.info["icc_profile"] = ADOBE
        expected = by_littlecms(picture.convert("RGB"), ADOBE)
        assert np.abs(photograph.lightness_of(picture) - expected).mean() < 0.2
        deep = Raster.of_array(values.astype(np.uint16) * 257, None, ADOBE)
        assert np.abs(deep.lightness(slice(0, 4)) - photograph.lightness_of(picture)).max() < 0.01


def test_srgbs_own_profile_changes_nothing() -> None:
    values = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    picture = Image.fromarray(values)
    plain = photograph.lightness_of(picture)
    picture.info["icc_profile"] = SRGB
    assert np.abs(photograph.lightness_of(picture) - plain).max() < 0.1


@pytest.mark.parametrize("form", range(5))
def test_parametric_curves(form: int) -> None:
    # ICC.1:2022, table 69. Forms 3 and 4 are sRGB's own curve, the others a power.
    parameters = {
        0: [2.2],
        1: [2.2, 1, 0],
        2: [2.2, 1, 0, 0],
        3: [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045],
        4: [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0, 0],
    }[form]
    curve = b"para\0\0\0\0" + struct.pack(
        f">HH{len(parameters)}i", form, 0, *(round(p * 65536) for p in parameters)
    )
    tones = profiles.tones_of(profile_of(b"GRAY", {b"kTRC": curve, **WHITE}), 256)
    assert tones is not None
    values = np.linspace(0, 1, 256)
    linear = lab.srgb_to_linear(values) if form >= 3 else values**2.2
    assert np.abs(tones.grey - lab.luminance_to_lightness(linear)).max() < 0.02


@pytest.mark.parametrize("cut", [0, 60, 131, 140, 150])
def test_a_profile_that_is_cut_off_is_none(cut: int) -> None:
    assert profiles.tones_of(GREY_GAMMA[:cut], 256) is None
