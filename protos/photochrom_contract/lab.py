"""sRGB to CIE L*a*b* and back, for the D65 white and the 2 degree observer.

Sources: IEC 61966-2-1:1999 (sRGB: transfer function and primaries), CIE 15:2004 (L*a*b*, section
8.2.1). Matrix and white point are the ones that scikit-image, and with it most published figures on
colorization, use; their rounding leaves a neutral RGB with |a*| and |b*| below 0.01.

Each function is written against an array namespace: ``numpy`` by default, ``keras.ops`` to run the
same lines inside a Keras model on any backend.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

LIGHTNESS_RANGE = (0.0, 100.0)
"""L* of black and of white."""

CHROMA_LIMIT = 110.0
"""No color that sRGB can show has |a*| or |b*| above this; CIE units."""

# Linear sRGB to XYZ (D65), as C. Poynton's Color FAQ derives it from ITU-R BT.709's primaries.
_XYZ_OF_RGB = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])  # D65, 2 degree observer: ASTM E308, CIE 15:2004
_F_OF_RGB = _XYZ_OF_RGB / _WHITE[:, None]
RGB_OF_F = np.linalg.inv(_F_OF_RGB)
"""Linear sRGB of X, Y and Z over the white's: ``(3, 3)``."""

LUMINANCE_OF_RGB = _XYZ_OF_RGB[1]
"""Relative luminance of linear red, green and blue: ``(3,)``, of sum 1."""

_EPSILON = (6 / 29) ** 3  # CIE 15:2004: where the cube root gives way to the line
_SLOPE = (29 / 6) ** 2 / 3  # the line's slope; its offset is 4/29

SHOWN = (-0.5 / 255 / 12.92, 1 + 0.5 / 255 * 2.4 / 1.055)
"""Linear light that counts as shown: half an 8-bit step beyond black and white."""

_BISECTIONS = 8  # to 1/256 of the chroma


def srgb_to_linear(rgb: Any, xp: Any = np) -> Any:
    """Undo sRGB's transfer function.

    :param rgb: array of any shape, encoded sRGB within 0 to 1.
    :param xp: the array namespace that ``rgb`` belongs to.
    :returns: array of the same shape, linear light within 0 to 1.
    """
    # The power's base is kept away from zero: where() evaluates both branches, and so do gradients.
    curve = xp.power((xp.maximum(rgb, 0.04045) + 0.055) / 1.055, 2.4)
    return xp.where(rgb <= 0.04045, rgb / 12.92, curve)


def linear_to_srgb(linear: Any, xp: Any = np) -> Any:
    """Apply sRGB's transfer function; the inverse of :func:`srgb_to_linear`."""
    curve = 1.055 * xp.power(xp.maximum(linear, 0.0031308), 1 / 2.4) - 0.055
    return xp.where(linear <= 0.0031308, linear * 12.92, curve)


def luminance_to_lightness(luminance: Any, xp: Any = np) -> Any:
    """L* (0 to 100) of relative luminance Y/Yn (0 to 1); any shape."""
    return 116.0 * _f(luminance, xp) - 16.0


def rgb_to_lab(rgb: Any, xp: Any = np) -> Any:
    """Convert encoded sRGB to CIE L*a*b*.

    :param rgb: floating-point array ``(..., 3)``, encoded sRGB within 0 to 1.
    :param xp: the array namespace that ``rgb`` belongs to.
    :returns: array ``(..., 3)`` of the same type: L* within 0 to 100, a* and b* in CIE units,
        about -86 to 98 and -108 to 95.
    """
    matrix = xp.cast(_F_OF_RGB.T, rgb.dtype) if hasattr(xp, "cast") else _F_OF_RGB.T.astype(rgb.dtype)
    f = _f(xp.matmul(srgb_to_linear(rgb, xp), matrix), xp)
    fx, fy, fz = f[..., 0], f[..., 1], f[..., 2]
    return xp.stack([116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)], axis=-1)


def lab_to_rgb(lab: Any, xp: Any = np) -> Any:
    """Convert CIE L*a*b* to encoded sRGB, clipped to the gamut.

    :param lab: floating-point array ``(..., 3)``: L* within 0 to 100, a* and b* in CIE units.
    :param xp: the array namespace that ``lab`` belongs to.
    :returns: array ``(..., 3)`` of the same type, encoded sRGB within 0 to 1.
    """
    return xp.clip(linear_to_srgb(xp.clip(_lab_to_linear(lab, xp), 0.0, 1.0), xp), 0.0, 1.0)


def desaturate_to_gamut(lab: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Scale down the chroma of what sRGB cannot show, until it can; lightness and hue stay.

    Clipping RGB instead would change the lightness, which is the photograph's own.

    :param lab: array ``(..., 3)``: L* within 0 to 100, a* and b* in CIE units.
    :returns: an array of the same shape and type; the same one if all of it is within the gamut.
    """
    outside = ~_is_shown(lab)
    if not outside.any():
        return lab
    colors = lab[outside]
    shown, unshown = np.zeros(len(colors), lab.dtype), np.ones(len(colors), lab.dtype)
    for _ in range(_BISECTIONS):
        scale = (shown + unshown) / 2
        within = _is_shown(_scaled_chroma(colors, scale))
        shown, unshown = np.where(within, scale, shown), np.where(within, unshown, scale)
    result = lab.copy()
    result[outside] = _scaled_chroma(colors, shown)
    return result


def _scaled_chroma(
    lab: npt.NDArray[np.floating], scale: npt.NDArray[np.floating]
) -> npt.NDArray[np.floating]:
    """Colors ``(n, 3)`` with their chroma times ``scale`` ``(n,)``."""
    factors = np.stack([np.ones_like(scale), scale, scale], axis=-1)
    scaled: npt.NDArray[np.floating] = lab * factors
    return scaled


def _is_shown(lab: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Whether sRGB shows a color, to half an 8-bit step: ``(..., 3)`` to ``(...)``."""
    linear = _lab_to_linear(lab, np)
    shown: npt.NDArray[np.bool_] = ((linear >= SHOWN[0]) & (linear <= SHOWN[1])).all(axis=-1)
    return shown


def _lab_to_linear(lab: Any, xp: Any) -> Any:
    """Linear RGB ``(..., 3)``; outside 0 to 1 where sRGB cannot show the color."""
    fy = (lab[..., 0] + 16.0) / 116.0
    f = xp.stack([fy + lab[..., 1] / 500.0, fy, fy - lab[..., 2] / 200.0], axis=-1)
    relative = xp.where(f > 6 / 29, xp.power(xp.maximum(f, 6 / 29), 3.0), (f - 4 / 29) / _SLOPE)
    matrix = xp.cast(RGB_OF_F.T, lab.dtype) if hasattr(xp, "cast") else RGB_OF_F.T.astype(lab.dtype)
    return xp.matmul(relative, matrix)


def _f(t: Any, xp: Any) -> Any:
    """CIE 15:2004's f: a cube root with a line near zero."""
    return xp.where(t > _EPSILON, xp.power(xp.maximum(t, _EPSILON), 1 / 3), _SLOPE * t + 4 / 29)
