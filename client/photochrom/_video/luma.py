"""Luma and lightness: the Y' at which a color is exactly as light as a grey.

Y' is a sum of gamma-encoded R', G' and B', so two colors of one Y' differ in lightness: by up to 26 L*
(blue beside grey). Keeping the Y' of a black-and-white frame and adding Cb and Cr would therefore
lighten whatever is colored. Instead each pixel gets the Y' that, with the Cb and Cr it is shown with,
has the luminance of its grey. (For chroma that is subsampled, the idea is that of the luma adjustment
of J. Strom, J. Samuelsson and K. Dovstam, Data Compression Conference 2016.)

Both directions are tables over Y' (256 steps) and over Cb and Cr (128 steps each).
"""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom._video.colorimetry import Colorimetry
from photochrom_contract import lab

Plane = npt.NDArray[Any]
"""Codes of Y', Cb or Cr ``(h, w)``: uint8, or uint16 for more than 8 bits."""

_CHROMA_STEPS = 128
_SUBSTEPS = 16
"""The tables hold differences of Y' in 16ths of an 8-bit step."""


class LumaTables:
    """Y' of a color to Y' of the grey that is as light, and back."""

    def __init__(self, colorimetry: Colorimetry) -> None:
        self._depth = colorimetry.depth
        self._to_grey, self._from_grey = _tables(colorimetry)
        codes = np.arange(1 << self._depth)
        linear = colorimetry.to_linear(colorimetry.to_unit(codes.astype(np.float64)))
        self._lightness = np.asarray(lab.luminance_to_lightness(linear), np.float32)

    def lightness_of(self, grey: Plane) -> npt.NDArray[np.float32]:
        """L* (0 to 100) of the Y' of greys; any shape."""
        return self._lightness[grey]

    def to_grey(self, luma: Plane, blue: Plane, red: Plane) -> Plane:
        """The Y' of the greys that are as light as these colors; Cb and Cr of the size of Y'."""
        return self._shifted(luma, blue, red, self._to_grey)

    def from_grey(self, grey: Plane, blue: Plane, red: Plane) -> Plane:
        """The Y' with which Cb and Cr are as light as these greys; the inverse of :meth:`to_grey`."""
        return self._shifted(grey, blue, red, self._from_grey)

    def _shifted(self, luma: Plane, blue: Plane, red: Plane, table: npt.NDArray[np.int16]) -> Plane:
        excess = self._depth - 8
        index = (luma >> excess).astype(np.uint32)
        for chroma in (blue, red):
            index *= _CHROMA_STEPS
            index += chroma >> excess + 1
        # To the nearest code: 16 steps are one of 8 bits.
        steps = (table.take(index).astype(np.int32) << excess) + _SUBSTEPS // 2 >> 4
        shifted: Plane = np.clip(luma + steps, 0, (1 << self._depth) - 1).astype(luma.dtype)
        return shifted


@functools.lru_cache(maxsize=4)
def _tables(colorimetry: Colorimetry) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Differences to and from grey, ``(256, 128, 128)`` flattened: Y', Cb, Cr."""
    codes = np.arange(256.0) * (1 << colorimetry.depth - 8)
    units = colorimetry.to_unit(codes)
    step = 256 // _CHROMA_STEPS
    # The middle of each step, but for the even codes at which neutral lies.
    chroma = (np.arange(_CHROMA_STEPS) * step + (step - 1) / 2 - 128) * (1 << colorimetry.depth - 8)
    chroma[_CHROMA_STEPS // 2] = 0
    shares = (chroma / colorimetry.chroma_scale).astype(np.float32)
    blue, red = np.meshgrid(shares, shares, indexing="ij")
    shifts = np.tensordot(
        colorimetry.from_chroma.astype(np.float32), np.stack([blue, red]), 1
    )  # (3, 128, 128)
    weights = colorimetry.xyz_of_rgb[1]

    # The transfer functions, from tables of their own: NumPy's powers are slow.
    fine = np.linspace(0, 1, 4097)
    to_linear = colorimetry.to_linear(fine).astype(np.float32)
    from_linear = colorimetry.from_linear(fine**3).astype(np.float32)  # cubed: dense near black

    greys = np.empty((256, _CHROMA_STEPS, _CHROMA_STEPS), np.float32)
    for index, unit in enumerate(units):
        luminance = np.zeros(blue.shape, np.float32)
        for weight, shift in zip(weights, shifts, strict=True):
            luminance += np.float32(weight) * _look_up(to_linear, np.float32(unit) + shift)
        greys[index] = _look_up(from_linear, np.cbrt(luminance))
    # Below black and above white there is nothing to be as light as.
    outside = np.abs(units - np.clip(units, 0, 1)) > 0
    from_grey = np.zeros_like(greys)
    for i in range(_CHROMA_STEPS):
        for j in range(_CHROMA_STEPS):
            from_grey[:, i, j] = np.interp(units, greys[:, i, j], units)
    limits = units[:, None, None]
    scale = _SUBSTEPS * (255 if colorimetry.full_range else 219)
    differences = []
    for table in (greys, from_grey):
        difference = np.rint((table - limits) * scale).astype(np.int16)
        difference[outside] = 0
        difference[:, _CHROMA_STEPS // 2, _CHROMA_STEPS // 2] = 0
        differences.append(difference.ravel())
    return differences[0], differences[1]


def _look_up(table: npt.NDArray[np.float32], unit: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    # The table is fine: the nearest entry is a 30th of a code away at most.
    position = np.clip(unit, 0, 1) * np.float32(len(table) - 1) + np.float32(0.5)
    nearest: npt.NDArray[np.float32] = table[position.astype(np.uint16)]
    return nearest
