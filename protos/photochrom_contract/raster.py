"""A decoded picture as an array of its own values, with what they mean."""

import dataclasses
import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, TiffImagePlugin

from photochrom_contract import fast_lab, profiles
from photochrom_contract.unreadable import UnreadableError

DEEP_GREY_MODES: Final = frozenset({"I", "F", "I;16", "I;16L", "I;16B", "I;16N"})
"""Pillow's modes of more than 8 bits: all are grey."""

_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
"""TIFF's tags of what the numbers are."""
_WHITE_IS_ZERO: Final = 0
_UNSIGNED, _SIGNED = 1, 2


@dataclasses.dataclass(frozen=True)
class Raster:
    """A picture's values as they were stored; nothing was converted that need not be."""

    pixels: npt.NDArray[Any]
    """uint8 or uint16: ``(h, w)`` of greys or ``(h, w, 3)`` of colors."""
    alpha: npt.NDArray[Any] | None
    """``(h, w)`` of the same type, if the picture has transparency."""
    tones: fast_lab.Tones
    """What the values mean."""

    def lightness(self, rows: slice) -> fast_lab.Plane:
        """L* ``(rows, w)``, 0 to 100; in the thread's scratch memory."""
        return self.tones.lightness(self.pixels[rows])

    @classmethod
    def of_picture(cls, picture: Image.Image) -> "Raster":
        """Of a picture of any Pillow mode. Its orientation is not applied; its color profile counts.

        Sepia and color pictures keep their colors, for their lightness; 16-bit greys their precision;
        what is transparent the color that lies beneath. Floating-point greys have no scale of their own:
        what does not fit 0 to 1 is taken for 8 or for 16 bits, and what is no number is black.

        :raises ValueError: if it has no pixels, a mode with no meaning as a picture, or numbers that do not
            say what is white.
        """
        if not picture.width or not picture.height:
            raise ValueError("it has no pixels")
        _check_numbers(picture)
        profile = picture.info.get("icc_profile") or b""
        if picture.mode in DEEP_GREY_MODES:
            return cls.of_array(_deep_greys(picture), _alpha_of_deep_grey(picture), profile)
        opaque, alpha = _split(picture)
        if opaque.mode == "1":
            opaque = opaque.convert("L")
        if opaque.mode in ("L", "RGB"):
            tones = profiles.tones_of(profile, 256) if profile else None
            if tones is None or (opaque.mode == "RGB" and profiles.is_grey(profile)):
                tones = fast_lab.srgb_tones(256)
                opaque = _to_srgb(opaque, profile)
            return cls(np.asarray(opaque), alpha, tones)
        converted = _to_srgb(opaque, profile)
        rgb = converted if converted.mode == "RGB" else converted.convert("RGB")
        return cls(np.asarray(rgb), alpha, fast_lab.srgb_tones(256))

    @classmethod
    def of_array(
        cls, pixels: npt.NDArray[Any], alpha: npt.NDArray[Any] | None = None, profile: bytes = b""
    ) -> "Raster":
        """Of values uint8 or uint16, ``(h, w)`` or ``(h, w, 3)``, with the color profile that they are in."""
        levels = np.iinfo(pixels.dtype).max + 1
        tones = profiles.tones_of(profile, levels) if profile else None
        if tones is not None and pixels.ndim == 3 and profiles.is_grey(profile):
            tones = None
        return cls(pixels, alpha, tones or fast_lab.srgb_tones(levels))


def srgb_of(picture: Image.Image) -> Image.Image:
    """A picture of any Pillow mode in 8-bit sRGB, mode RGB: its color profile applied, no transparency.

    :raises ValueError: if it has numbers that do not say what is white.
    """
    _check_numbers(picture)
    if picture.mode in DEEP_GREY_MODES:
        return Image.fromarray((_deep_greys(picture) / 257).round().astype(np.uint8)).convert("RGB")
    opaque, _ = _split(picture)
    return _to_srgb(opaque, picture.info.get("icc_profile") or b"").convert("RGB")


def _split(picture: Image.Image) -> tuple[Image.Image, npt.NDArray[np.uint8] | None]:
    """A picture without its transparency, and that."""
    color = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(color, tuple) and max(color) > 255:
        # Of a PNG with 16 bits a channel: Pillow keeps the upper 8 of its pixels, but all of this.
        picture = picture.copy()
        picture.info["transparency"] = tuple(value >> 8 for value in color)
    if picture.has_transparency_data:
        transparent = picture.convert("LA" if picture.mode in ("LA", "La") else "RGBA")
        opaque = transparent.convert("L" if transparent.mode == "LA" else "RGB")
        return opaque, np.asarray(transparent.getchannel("A"))
    return picture.convert("RGB") if picture.mode in ("P", "PA") else picture, None


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Apply a color profile by LittleCMS; one that is broken or for another mode is ignored."""
    if not profile:
        return picture
    try:
        converted = ImageCms.profileToProfile(
            picture, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return converted or picture


def _check_numbers(picture: Image.Image) -> None:
    """Refuse the TIFFs that Pillow decodes into other numbers than they hold, or that have no white.

    Signed numbers of 32 bits are Pillow's own way to write greys of 16.
    """
    if not isinstance(picture, TiffImagePlugin.TiffImageFile):
        return
    bits, kind = (max(picture.tag_v2.get(code, (1,))) for code in (_BITS, _SAMPLE_FORMAT))
    if (kind == _SIGNED and bits < 32) or (kind == _UNSIGNED and bits == 32):
        sign = "signed" if kind == _SIGNED else "unsigned"
        raise UnreadableError(
            f"holds {sign} numbers of {bits} bits, which do not say what is white: "
            "convert it to unsigned ones of 16"
        )
    if bits == 32 and picture.tag_v2.prefix == b"MM" and picture.use_load_libtiff:
        raise UnreadableError("holds numbers of 32 bits, big-endian and compressed: convert it to 16")


def _deep_greys(picture: Image.Image) -> npt.NDArray[np.uint16]:
    """Greys of more than 8 bits, as 16: what lies beyond counts as black or white."""
    greys = _in_16_bits(np.asarray(picture))
    if not isinstance(picture, TiffImagePlugin.TiffImageFile):
        return greys
    bits = picture.tag_v2.get(_BITS, (16,))[0]
    if bits < 16:  # Pillow has such in 16, as they are
        greys = np.rint(greys * np.float32(65535 / ((1 << bits) - 1))).astype(np.uint16)
    # Pillow turns those of 8 bits around, and no others; as for it, 0 is what a file means that does not say.
    return ~greys if picture.tag_v2.get(_PHOTOMETRIC, _WHITE_IS_ZERO) == _WHITE_IS_ZERO else greys


def _in_16_bits(values: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    if values.dtype.kind != "f":
        # Mode "I" has 32 bits, and holds 16-bit greys.
        return np.asarray(values if values.dtype == np.uint16 else np.clip(values, 0, 65535), np.uint16)
    peak = float(values.max(initial=0, where=np.isfinite(values)))
    scale = 65535 / (1.0 if peak <= 1 else 255.0 if peak <= 255 else 65535.0)
    # Before it is scaled: an infinity is as light as white.
    steps = np.clip(np.nan_to_num(values), 0, 65535 / scale)
    steps *= np.float32(scale)
    return np.asarray(np.rint(steps), np.uint16)


def _alpha_of_deep_grey(picture: Image.Image) -> npt.NDArray[np.uint16] | None:
    """Transparency where the grey is the one that a 16-bit PNG declares transparent."""
    transparent = picture.info.get("transparency")
    if not isinstance(transparent, int):
        return None
    return np.where(np.asarray(picture) == transparent, np.uint16(0), np.uint16(65535))
