"""Lab to linear sRGB on planes, and less chroma for what sRGB cannot show.

:func:`lab.desaturate_to_gamut` is the reference, and says why chroma and not lightness. Here the same is
done plane by plane, in the thread's scratch memory.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from photochrom_contract import lab
from photochrom_contract.strips import scratch

Plane = npt.NDArray[np.float32]

_KNEE: Final = np.float32(6 / 29)  # CIE 15:2004: below it, the cube is a line
_RGB_OF_F: Final = lab.RGB_OF_F.astype(np.float32)
_BISECTIONS: Final = 8  # to 1/256 of the chroma
_DARKEST, _LIGHTEST = (np.float32(end) for end in lab.SHOWN)


class Linear(NamedTuple):
    """Linear light, 0 to 1 where sRGB shows it; each of one shape, in the thread's scratch memory."""

    red: Plane
    green: Plane
    blue: Plane


def linear_of(lightness: Plane, a: Plane, b: Plane) -> Linear:
    """Linear sRGB of any number of colors; those that it cannot show have lost chroma until it can."""
    linear = _linear_of(lightness, a, b, "")
    outside = ~_is_shown(linear)
    if outside.any():
        desaturated = _desaturate(lightness[outside], a[outside], b[outside])
        for plane, values in zip(linear, desaturated, strict=True):
            plane[outside] = values
    return linear


def _desaturate(lightness: Plane, a: Plane, b: Plane) -> Linear:
    """Linear light of colors ``(n,)`` with the most of their chroma that sRGB shows."""
    scale = np.zeros_like(a)
    for step in range(1, _BISECTIONS + 1):
        more = scale + np.float32(0.5**step)
        within = _is_shown(_linear_of(lightness, a * more, b * more, "outside "))
        np.copyto(scale, more, where=within)
    return _linear_of(lightness, a * scale, b * scale, "outside ")


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
