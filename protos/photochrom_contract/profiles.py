"""What an embedded ICC profile makes of pixel values: tables of tones.

A grey profile is one curve (Gray Gamma 2.2, Dot Gain 20 %), a display's is a curve and a color a channel
(Adobe RGB, ProPhoto): both give the lightness of every value exactly, of 8 and of 16 bits. Profiles that
are more than that (a scanner's or a press's tables) are left to LittleCMS.

Source: ICC.1:2022, sections 7.2 (header), 7.3 (tag table), 10.6 (curves), 10.18 (parametric curves).
"""

import struct
from typing import Final

import numpy as np
import numpy.typing as npt

from photochrom_contract import fast_lab

Table = npt.NDArray[np.float64]

# Bradford's adaptation of the connection space's D50 to sRGB's D65, the row of luminance: of X, Y and Z.
_LUMINANCE_OF_D50: Final = np.array([-0.0283697, 1.0099954, 0.0210414])
_MAX_CURVE: Final = 1 << 16


def tones_of(profile: bytes, levels: int) -> fast_lab.Tones | None:
    """The tones of 256 or 65,536 levels of grey, red, green and blue.

    :returns: None for a profile that is broken, or more than curves and colors.
    """
    try:
        tags = _tags(profile)
        values = np.linspace(0, 1, levels)
        if b"kTRC" in tags:
            curve = _curve(tags[b"kTRC"], values)
            is_lab = profile[20:24] == b"Lab "
            grey = ((curve * 100 + 16) / 116) ** 3 if is_lab else curve
            return fast_lab.tones_of(grey, np.outer(np.full(3, 1 / 3), grey))
        if b"A2B0" in tags or not {b"rTRC", b"gTRC", b"bTRC"} <= tags.keys():
            return None
        luminance = np.stack(
            [
                float(_LUMINANCE_OF_D50 @ _color(tags[name + b"XYZ"])) * _curve(tags[name + b"TRC"], values)
                for name in (b"r", b"g", b"b")
            ]
        )
        return fast_lab.tones_of(luminance.sum(axis=0), luminance)
    except (struct.error, ValueError, KeyError, IndexError, ZeroDivisionError):
        return None


def is_grey(profile: bytes) -> bool:
    """Whether it is about greys."""
    return profile[16:20] == b"GRAY"


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = {}
    for index in range(min(count, 100)):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        tags[name] = profile[offset : offset + size]
    return tags


def _color(tag: bytes) -> Table:
    """X, Y and Z of a primary."""
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes, values: Table) -> Table:
    """What a tone curve makes of values within 0 to 1."""
    kind = tag[:4]
    if kind == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return values
        if count > _MAX_CURVE:
            raise ValueError(f"a curve of {count} entries")
        entries = np.frombuffer(tag, ">u2", count, 12)
        if count == 1:
            return np.asarray(values ** (entries[0] / 256))
        return np.interp(values, np.linspace(0, 1, count), entries / 65535)
    if kind != b"para":
        raise ValueError(f"a curve of type {kind!r}")
    (form,) = struct.unpack_from(">H", tag, 8)
    given = [each / 65536 for each in struct.unpack_from(f">{(1, 3, 4, 5, 7)[form]}i", tag, 12)]
    g, (a, b, c, d, e, f) = given[0], (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if form in (1, 2):
        a, b = given[1:3]
        d = -b / a
        e = f = given[3] if form == 2 else 0.0
    elif form >= 3:
        a, b, c, d = given[1:5]
        e, f = given[5:] or (0.0, 0.0)
    power = np.maximum(a * values + b, 0) ** g + e
    return np.asarray(np.clip(np.where(values >= d, power, c * values + f), 0, 1))
