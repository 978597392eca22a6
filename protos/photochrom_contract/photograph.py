"""A picture to the lightness plane that goes to the model, and its chroma plane to a colored picture.

The client does this around its remote call, and the server does it inside ColorizePhoto: the same
lines, so that both color a photograph alike. (That is why it lies in the contract and not in the
client.) Everything here works on decoded pictures; files belong to the callers.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_contract import lab, tensors

Lightness = npt.NDArray[np.float32]
"""L* of a picture at its full size: ``(h, w)`` float32, 0 to 100."""

_STRIP_PIXELS = 1 << 20
"""Merging works on strips of about this many pixels: its memory stays small beside the picture's."""

_LIGHTNESS_OF_BYTE = lab.luminance_to_lightness(
    lab.srgb_to_linear(np.arange(256, dtype=np.float32) / 255)
).astype(np.float32)


def lightness_of(picture: Image.Image) -> Lightness:
    """L* of a picture of any Pillow mode: ``(h, w)`` float32, 0 to 100.

    A sepia or color picture gives the lightness of its colors; 16-bit and floating-point greys keep
    their precision; what is transparent keeps the lightness that lies beneath.

    :raises ValueError: for a mode with no meaning as a picture.
    """
    if picture.mode in ("1", "L", "LA", "La"):
        return np.asarray(_LIGHTNESS_OF_BYTE[np.asarray(picture.convert("L"))])
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return _lightness_of_deep_grey(np.asarray(picture))
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


def _lightness_of_deep_grey(grey: npt.NDArray[np.generic]) -> Lightness:
    """L* of 16-bit grey (0 to 65535, in whatever integer type) or of floating-point grey.

    Pillow's "F" has no scale of its own: what does not fit 0 to 1 is taken for 8 or for 16 bits.
    """
    values = grey.astype(np.float32)
    if grey.dtype.kind == "f":
        peak = float(values.max(initial=0))
        scale = 1.0 if peak <= 1 else 255.0 if peak <= 255 else 65535.0
    else:
        scale = 65535.0
    encoded = np.clip(np.nan_to_num(values / np.float32(scale)), 0, 1)
    return np.asarray(lab.luminance_to_lightness(lab.srgb_to_linear(encoded)), np.float32)


def _strips(height: int, width: int) -> Iterator[slice]:
    rows = max(1, _STRIP_PIXELS // max(1, width))
    for start in range(0, height, rows):
        yield slice(start, min(start + rows, height))
