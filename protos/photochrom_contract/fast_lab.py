"""The conversions of :mod:`~photochrom_contract.lab` by table, for the pixels of whole photographs.

``lab`` is the reference; tests hold these to it. Pixels are ``uint8`` or ``uint16``, planes are float32.
An 8-bit grey has 256 lightnesses: one table gives them. A color's luminance is a sum of three tables'
entries. Where a power is left, its table is entered by the square root of linear light, whose steps are
fine where the eye is: at 2^16 entries it is exact to one step of 16 bits.
"""

import dataclasses
import functools
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from photochrom_contract import gamut, lab
from photochrom_contract.strips import scratch

Plane = npt.NDArray[np.float32]
"""``(h, w)``."""
Pixels = npt.NDArray[Any]
"""uint8 or uint16: ``(h, w)`` of greys or ``(h, w, 3)`` of colors."""

_ENTRIES: Final = 1 << 16
_LAST: Final = np.float32(_ENTRIES - 1)


@dataclasses.dataclass(frozen=True)
class Tones:
    """How light a file's pixel values are: what its color profile, or sRGB, makes of them."""

    grey: Plane
    """L* of each grey, ``(levels,)``."""
    luminance: Plane
    """Relative luminance that each value of red, green and blue adds, ``(3, levels)``."""

    def lightness(self, pixels: Pixels) -> Plane:
        """L* ``(h, w)`` of greys or colors, 0 to 100; in the thread's scratch memory."""
        lightness = scratch.plane("lightness", pixels.shape[:2])
        if pixels.ndim == 2:
            # "clip", for the other modes check every index first.
            return self.grey.take(pixels, mode="clip", out=lightness)
        self.luminance[0].take(pixels[..., 0], mode="clip", out=lightness)
        spare = scratch.plane("spare", lightness.shape)
        for channel in (1, 2):
            self.luminance[channel].take(pixels[..., channel], mode="clip", out=spare)
            np.add(lightness, spare, out=lightness)
        return _lightness_table().take(_entries(lightness), mode="clip", out=lightness)


@functools.cache
def srgb_tones(levels: int) -> Tones:
    """Of sRGB: 256 or 65,536 levels."""
    linear = lab.srgb_to_linear(np.linspace(0, 1, levels))
    return tones_of(linear, np.outer(lab.LUMINANCE_OF_RGB, linear))


def tones_of(grey: npt.NDArray[np.floating], luminance: npt.NDArray[np.floating]) -> Tones:
    """Of tables of linear light: of each grey ``(levels,)``, and of each primary's values ``(3, levels)``."""
    lightness = lab.luminance_to_lightness(np.clip(grey, 0, 1))
    return Tones(np.clip(lightness, 0, 100).astype(np.float32), np.ascontiguousarray(luminance, np.float32))


def encode_srgb(lightness: Plane, a: Plane, b: Plane, out: Pixels) -> None:
    """Write the colors ``(h, w)`` as sRGB, 8 or 16 bits, into ``out`` ``(h, w, 3)``.

    A color that sRGB cannot show at its lightness gets less chroma, as by
    :func:`lab.desaturate_to_gamut`.
    """
    table = _srgb_table(out.dtype.itemsize)
    for channel, plane in enumerate(gamut.linear_of(lightness, a, b)):
        out[..., channel] = table.take(_entries(plane), mode="clip")


def _entries(linear: Plane) -> npt.NDArray[np.uint16]:
    """The tables' entries of linear light; overwrites it."""
    np.clip(linear, 0, 1, out=linear)
    np.sqrt(linear, out=linear)
    linear *= _LAST
    linear += np.float32(0.5)
    return linear.astype(np.uint16)


def _linear_of_entries() -> npt.NDArray[np.float64]:
    return np.linspace(0, 1, _ENTRIES) ** 2


@functools.cache
def _lightness_table() -> Plane:
    return np.asarray(lab.luminance_to_lightness(_linear_of_entries()), np.float32)


@functools.cache
def _srgb_table(bytes_a_channel: int) -> npt.NDArray[Any]:
    kind = np.dtype(f"u{bytes_a_channel}")
    encoded = lab.linear_to_srgb(_linear_of_entries())
    table: Pixels = np.rint(np.clip(encoded, 0, 1) * np.iinfo(kind).max).astype(kind)
    return table
