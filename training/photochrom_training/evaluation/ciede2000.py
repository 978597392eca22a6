"""CIEDE2000, the CIE's color difference formula.

Source: CIE 142-2001, as written out, with its discontinuities settled, by Sharma, Wu and Dalal,
*The CIEDE2000 Color-Difference Formula: Implementation Notes, Supplementary Test Data, and Mathematical
Observations*, Color Research and Application 30(1), 2005; the numbers below are its equations'.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

_SEVENTH = 25.0**7


def ciede2000(first: Array, second: Array) -> Array:
    """The difference of two colors, with the parametric factors kL, kC and kH at 1.

    :param first: CIE L*a*b* ``(..., 3)``.
    :param second: the same shape.
    :returns: ``(...)``; 1 is about the smallest difference that people see.
    """
    l1, a1, b1 = np.moveaxis(first, -1, 0)
    l2, a2, b2 = np.moveaxis(second, -1, 0)

    # (2) to (7): a* stretched near grey, then chroma and hue.
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(_saturating(mean_chroma))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = _hue(a1, b1), _hue(a2, b2)

    # (8) to (11): differences; the hue's goes the short way round, and a grey has none.
    grey = c1 * c2 == 0
    turn = h2 - h1
    turn = np.where(grey, 0, turn - 360 * (turn > 180) + 360 * (turn < -180))
    delta_lightness, delta_chroma = l2 - l1, c2 - c1
    delta_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)

    # (12) to (14): means; the hue's lies on the short arc.
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    apart = np.abs(h1 - h2) > 180
    hue = np.where(grey, h1 + h2, (h1 + h2 + 360 * apart) / 2 % 360)

    # (15) to (21): weights.
    weight = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    rotation = 30 * np.exp(-np.square((hue - 275) / 25))
    off_middle = np.square(lightness - 50)
    scaled_lightness = delta_lightness / (1 + 0.015 * off_middle / np.sqrt(20 + off_middle))
    scaled_chroma = delta_chroma / (1 + 0.045 * chroma)
    scaled_hue = delta_hue / (1 + 0.015 * chroma * weight)
    coupling = -np.sin(np.radians(2 * rotation)) * 2 * np.sqrt(_saturating(chroma))

    # (22). The coupling can outweigh the squares by a rounding error.
    square = scaled_lightness**2 + scaled_chroma**2 + scaled_hue**2 + coupling * scaled_chroma * scaled_hue
    return np.asarray(np.sqrt(np.maximum(square, 0)), first.dtype)


def _saturating(chroma: Array) -> Array:
    """``c^7 / (c^7 + 25^7)``, from 0 to 1."""
    seventh = chroma**7
    return np.asarray(seventh / (seventh + _SEVENTH), chroma.dtype)


def _hue(a: Array, b: Array) -> Array:
    """The angle in degrees, 0 to 360; 0 for a grey."""
    return np.asarray(np.degrees(np.arctan2(b, a)) % 360, a.dtype)
