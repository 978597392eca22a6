"""A picture to the lightness plane that goes to the model, and its chroma plane to a colored picture.

The client does this around its remote call, and the server does it inside ColorizePhoto: the same
lines, so that both color a photograph alike. (That is why it lies in the contract and not in the
client.) Everything here works on decoded pictures; files belong to the callers.
"""

import dataclasses
import functools
import io
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps

from photochrom_contract import lab, tensors

Lightness = npt.NDArray[np.float32]
"""L* of a picture at its full size: ``(h, w)`` float32, 0 to 100."""

_STRIP_PIXELS = 1 << 20
"""Merging works on strips of about this many pixels: its memory stays small beside the picture's."""

DEEP_GREY_MODES: Final = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
"""Pillow's modes of more than 8 bits: all are grey."""


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A picture that is ready to be colored: upright, in sRGB, apart from its transparency."""

    picture: Image.Image
    """Its colors or greys; of any mode without transparency."""
    alpha: Image.Image | None
    """Its transparency, mode ``L``, if it has any."""


def prepare(picture: Image.Image, *, upright: bool = True) -> Prepared:
    """Apply what a picture carries beside its pixels: orientation, transparency, color profile.

    The EXIF orientation turns it; alpha channels, transparent palette entries and transparent colors
    become ``alpha``; an ICC profile converts it to sRGB, unless the profile is broken or the picture
    has more than 8 bits, for which Pillow has no conversion. ``picture`` itself stays as it is.

    :param upright: whether the orientation is applied; otherwise it stays as it is stored.
    :raises ValueError: if it has no pixels.
    :raises Exception: of whatever type, if its pixels are still in a file and that is damaged.
    """
    if not picture.width or not picture.height:
        raise ValueError("it has no pixels")
    picture.load()
    profile = picture.info.get("icc_profile")
    turned = ImageOps.exif_transpose(picture) if upright else picture.copy()
    if turned.mode in DEEP_GREY_MODES:
        return Prepared(turned, _alpha_of_deep_grey(turned))
    color = turned.info.get("transparency")
    if turned.mode == "RGB" and isinstance(color, tuple) and max(color) > 255:
        # Of a PNG with 16 bits a channel: Pillow keeps the upper 8 of its pixels, but all of this.
        turned.info["transparency"] = tuple(value >> 8 for value in color)
    alpha = None
    if turned.has_transparency_data:
        transparent = turned.convert("LA" if turned.mode in ("LA", "La") else "RGBA")
        alpha = transparent.getchannel("A")
        turned = transparent.convert("L" if transparent.mode == "LA" else "RGB")
    elif turned.mode in ("P", "PA"):
        turned = turned.convert("RGB")
    return Prepared(_to_srgb(turned, profile) if profile else turned, alpha)


def lightness_of(picture: Image.Image) -> Lightness:
    """L* of a picture of any Pillow mode: ``(h, w)`` float32, 0 to 100.

    A sepia or color picture gives the lightness of its colors; 16-bit and floating-point greys keep
    their precision; what is transparent keeps the lightness that lies beneath.

    :raises ValueError: for a mode with no meaning as a picture.
    """
    if picture.mode in ("1", "L", "LA", "La"):
        return _look_up(_lightness_of_levels(1 << 8), np.asarray(picture.convert("L")))
    if picture.mode in DEEP_GREY_MODES:
        grey = np.asarray(picture)
        # Mode "I" has 32 bits, and holds 16-bit greys.
        return (
            _lightness_of_float(grey)
            if picture.mode == "F"
            else _look_up(_lightness_of_levels(1 << 16), grey)
        )
    rgb = np.asarray(picture.convert("RGB"))
    lightness = np.empty(rgb.shape[:2], np.float32)
    for rows in _strips(rgb.shape[0], rgb.shape[1]):
        lightness[rows] = lab.rgb_to_lab(rgb[rows].astype(np.float32) / 255)[..., 0]
    return lightness


def reduce_lightness(lightness: Lightness, size: int) -> npt.NDArray[np.uint8]:
    """The plane that a model sees: L* ``(h, w)`` resized to a ``(size, size)`` square, uint8.

    Each axis is stretched on its own: every request of a model then has one shape, and batches form.
    Shrinking averages areas; enlarging interpolates bilinearly.
    """
    height, width = lightness.shape
    resample = Image.Resampling.BOX if min(height, width) >= size else Image.Resampling.BILINEAR
    resized = Image.fromarray(lightness, "F").resize((size, size), resample)
    return tensors.lightness_to_plane(np.asarray(resized))


def merge(lightness: Lightness, chroma: npt.NDArray[np.float32], saturation: float = 1.0) -> Image.Image:
    """The colored picture: full-size L* ``(h, w)`` with a chroma plane ``(2, h', w')`` stretched over it.

    :param chroma: a* and b* in CIE units, upsampled bilinearly.
    :param saturation: a factor on the chroma; 0 gives grey.
    :returns: an RGB picture of ``lightness``'s size, in sRGB. Its lightness is the photograph's: a
        color that sRGB cannot show at that lightness gets less chroma.
    """
    height, width = lightness.shape
    planes = [Image.fromarray(np.ascontiguousarray(plane) * np.float32(saturation), "F") for plane in chroma]
    scale = chroma.shape[1] / height
    rgb = np.empty((height, width, 3), np.uint8)
    for rows in _strips(height, width):
        box = (0, rows.start * scale, chroma.shape[2], rows.stop * scale)
        size = (width, rows.stop - rows.start)
        a, b = (np.asarray(plane.resize(size, Image.Resampling.BILINEAR, box)) for plane in planes)
        strip = lab.desaturate_to_gamut(np.stack([lightness[rows], a, b], axis=-1))
        rgb[rows] = np.rint(lab.lab_to_rgb(strip) * 255).astype(np.uint8)
    return Image.fromarray(rgb, "RGB")


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Apply a color profile; one that is broken or for another mode is ignored."""
    try:
        converted = ImageCms.profileToProfile(
            picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return converted or picture


def _alpha_of_deep_grey(picture: Image.Image) -> Image.Image | None:
    """Transparency where the grey is the one that a 16-bit PNG declares transparent."""
    transparent = picture.info.get("transparency")
    if not isinstance(transparent, int):
        return None
    return Image.fromarray(np.where(np.asarray(picture) == transparent, np.uint8(0), np.uint8(255)))


@functools.cache
def _lightness_of_levels(levels: int) -> Lightness:
    """L* of every sRGB grey from 0 to ``levels - 1``."""
    encoded = np.linspace(0, 1, levels)
    return np.asarray(lab.luminance_to_lightness(lab.srgb_to_linear(encoded)), np.float32)


def _look_up(table: Lightness, grey: npt.NDArray[np.integer]) -> Lightness:
    """The table's entry for each grey ``(h, w)``; what lies beyond it counts as its nearest end."""
    lightness = np.empty(grey.shape, np.float32)
    for rows in _strips(*grey.shape):  # for NumPy widens indices to 64 bits
        np.take(table, grey[rows], mode="clip", out=lightness[rows])
    return lightness


def _lightness_of_float(grey: npt.NDArray[np.float32]) -> Lightness:
    """L* of floating-point grey ``(h, w)``, which has no scale of its own.

    What does not fit 0 to 1 is taken for 8 or for 16 bits. What is no number is black.
    """
    peak = float(grey.max(initial=0, where=np.isfinite(grey)))
    scale = 1.0 if peak <= 1 else 255.0 if peak <= 255 else 65535.0
    lightness = np.empty(grey.shape, np.float32)
    for rows in _strips(*grey.shape):
        encoded = np.clip(np.nan_to_num(grey[rows] / np.float32(scale)), 0, 1)
        lightness[rows] = lab.luminance_to_lightness(lab.srgb_to_linear(encoded))
    return lightness


def _strips(height: int, width: int) -> Iterator[slice]:
    rows = max(1, _STRIP_PIXELS // max(1, width))
    for start in range(0, height, rows):
        yield slice(start, min(start + rows, height))
