"""Lab to linear sRGB on planes, and less chroma for what sRGB cannot show.

:func:`lab.desaturate_to_gamut` is the reference, and says why chroma and not lightness. Here the same is
done plane by plane, in the thread's scratch memory, and by a table of the most chroma that sRGB shows at a
lightness and a hue: a search of it for each color that is outside took four times as long as all the rest.

The table's measure of chroma is ``|a*| + |b*|``, and its measure of hue goes round that unit's diamond from
0 (+a*) by 1 (+b*), 2 and 3 to 4: both take a division where radius and angle take a root and an arctangent.
"""

import functools
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from photochrom_contract import lab
from photochrom_contract.strips import rows_of, scratch

Plane = npt.NDArray[np.float32]

_KNEE: Final = np.float32(6 / 29)  # CIE 15:2004: below it, the cube is a line
_RGB_OF_F: Final = lab.RGB_OF_F.astype(np.float32)
_LIGHTNESSES: Final = 251  # 0 to 100, both ends
_HUES: Final = 1025  # 0 to 4, both ends
_HIGHEST: Final = 256  # sRGB has no color of more chroma, in this measure
_BISECTIONS: Final = 14  # to 1/64 of a unit
_DARKEST, _LIGHTEST = (np.float32(end) for end in lab.SHOWN)


class Linear(NamedTuple):
    """Linear light, 0 to 1 where sRGB shows it; each of one shape, in the thread's scratch memory."""

    red: Plane
    green: Plane
    blue: Plane


def linear_of(lightness: Plane, a: Plane, b: Plane) -> Linear:
    """Linear sRGB of any number of colors; those that it cannot show have lost chroma until it can."""
    linear = _linear_of(lightness, a, b, "")
    outside = np.flatnonzero(~_is_shown(linear))
    if outside.size:
        desaturated = _desaturate(lightness.take(outside), a.take(outside), b.take(outside))
        for plane, values in zip(linear, desaturated, strict=True):
            plane.put(outside, values)
    return linear


def _desaturate(lightness: Plane, a: Plane, b: Plane) -> Linear:
    """Linear light of colors ``(n,)`` with the most of their chroma that sRGB shows."""
    chroma: Plane = np.abs(a)
    chroma += np.abs(b)
    np.maximum(chroma, np.float32(1e-6), out=chroma)
    hue: Plane = a / chroma
    hue += 1
    np.subtract(np.float32(2), np.copysign(hue, b, out=hue), out=hue)
    scale = _most_chroma(lightness, hue)
    scale /= chroma
    np.minimum(scale, 1, out=scale)
    return _linear_of(lightness, a * scale, b * scale, "outside ")


def _most_chroma(lightness: Plane, hue: Plane) -> Plane:
    """The most chroma that sRGB shows, ``(n,)``, between the table's entries."""
    table = _boundary().ravel()
    down, row = _steps(lightness, (_LIGHTNESSES - 1) / 100, _LIGHTNESSES)
    across, column = _steps(hue, (_HUES - 1) / 4, _HUES)
    row *= _HUES
    row += column
    darker, lighter = (
        # "clip", for the other modes check every index first.
        _between(table.take(row + start, mode="clip"), table.take(row + start + 1, mode="clip"), across)
        for start in (0, _HUES)
    )
    return _between(darker, lighter, down)


def _steps(values: Plane, scale: float, count: int) -> tuple[Plane, npt.NDArray[np.intp]]:
    """Of values from 0, how far each is behind an entry of a table, and which that is."""
    position = values * np.float32(scale)
    entry = np.minimum(position.astype(np.intp), count - 2)
    position -= entry.astype(np.float32)
    return position, entry


def _between(start: Plane, end: Plane, position: Plane) -> Plane:
    """Interpolate; overwrites both."""
    end -= start
    end *= position
    end += start
    return end


@functools.cache
def _boundary() -> Plane:
    """The most chroma that sRGB shows: ``(lightnesses, hues)``."""
    hue = np.linspace(0, 4, _HUES, dtype=np.float32)
    a, b = np.abs(hue - 2) - 1, 1 - np.abs((hue + 1) % 4 - 2)
    boundary = np.zeros((_LIGHTNESSES, _HUES), np.float32)
    for rows in rows_of(_LIGHTNESSES, _HUES, 1 << 14):
        lightness = np.linspace(0, 100, _LIGHTNESSES, dtype=np.float32)[rows, np.newaxis]
        shown = boundary[rows]
        every_lightness = np.broadcast_to(lightness, shown.shape)
        for step in range(1, _BISECTIONS + 1):
            more = shown + np.float32(_HIGHEST / 2**step)
            within = _is_shown(_linear_of(every_lightness, a * more, b * more, "outside "))
            np.copyto(shown, more, where=within)
    boundary.flags.writeable = False
    return boundary


def _linear_of(lightness: Plane, a: Plane, b: Plane, use: str) -> Linear:
    """Linear sRGB, outside 0 to 1 where it cannot show the color."""
    shape = lightness.shape
    spare = scratch.plane(use + "spare", shape)
    y, x, z = (scratch.plane(use + name, shape) for name in ("y", "x", "z"))
    np.multiply(lightness, np.float32(1 / 116), out=y)
    y += np.float32(16 / 116)
    np.multiply(a, np.float32(1 / 500), out=x)
    x += y
    np.multiply(b, np.float32(-1 / 200), out=z)
    z += y
    for f in (x, y, z):
        _undo_f(f, spare)
    linear = Linear(*(scratch.plane(use + name, shape) for name in Linear._fields))
    for plane, (of_x, of_y, of_z) in zip(linear, _RGB_OF_F, strict=True):
        np.multiply(x, of_x, out=plane)
        np.multiply(y, of_y, out=spare)
        np.add(plane, spare, out=plane)
        np.multiply(z, of_z, out=spare)
        np.add(plane, spare, out=plane)
    return linear


def _is_shown(linear: Linear) -> npt.NDArray[np.bool_]:
    """Whether sRGB shows a color, to half an 8-bit step."""
    extreme = scratch.plane("extreme", linear.red.shape)
    np.minimum(np.minimum(linear.red, linear.green, out=extreme), linear.blue, out=extreme)
    within: npt.NDArray[np.bool_] = extreme >= _DARKEST
    np.maximum(np.maximum(linear.red, linear.green, out=extreme), linear.blue, out=extreme)
    within &= extreme <= _LIGHTEST
    return within


def _undo_f(f: Plane, spare: Plane) -> None:
    """The inverse of CIE 15:2004's f, in place: a cube, and below the knee its tangent there."""
    is_low = f.size > 0 and f.min() < _KNEE
    np.multiply(f, f, out=spare)
    if not is_low:
        f *= spare
        return
    # A cube is above its tangent at p by (f - p)^2 (f + 2p).
    spare *= f
    np.subtract(f, _KNEE, out=f)
    np.minimum(f, 0, out=f)
    below = f * f
    f += 3 * _KNEE
    below *= f
    np.subtract(spare, below, out=f)
