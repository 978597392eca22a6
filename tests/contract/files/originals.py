"""Original files of every format, made from one greyscale photograph, and their colored copies."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from photochrom_contract.files import encoding, formats, heif
from photochrom_contract.files.original import open_original
from photochrom_contract.files.provenance import Provenance

heif.register()

CAMERA = Image.open(Path(__file__).parents[3] / "examples" / "camera.jpg").convert("L").reduce(2)
"""A photograph of grass, sky and a man, 256 x 256."""
GREYS = np.asarray(CAMERA)
DEEP = (GREYS.astype(np.uint16) * 257) ^ (np.arange(256, dtype=np.uint16) % 64)
"""The same in 16 bits, with something in the lower 8."""

PROVENANCE = Provenance("photochrom", 1, "5e" * 32, "Photochrom 0.1.0")

_WAVES = np.indices((48, 48)) / 48 * 2 * np.pi
CHROMA = np.stack([35 * np.sin(_WAVES[0]), 35 * np.cos(_WAVES[1])]).astype(np.float32)
"""Color that varies over the picture, out of sRGB's gamut here and there."""


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as Pillow writes it."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def tiff(values: np.ndarray, **options: Any) -> bytes:
    """An array as tifffile writes it."""
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


def pgm(values: np.ndarray) -> bytes:
    """A PGM of 16 bits."""
    return b"P5\n%d %d\n65535\n" % values.shape[::-1] + values.astype(">u2").tobytes()


FILES = {
    "jpeg of quality 30": encoded(CAMERA, "JPEG", quality=30),
    "jpeg of quality 75": encoded(CAMERA.convert("RGB"), "JPEG", quality=75),
    "jpeg of quality 95": encoded(CAMERA, "JPEG", quality=95),
    "png": encoded(CAMERA, "PNG"),
    "png of 16 bits": encoded(Image.fromarray(DEEP), "PNG"),
    "png with alpha": encoded(Image.merge("LA", [CAMERA, CAMERA]), "PNG"),
    "webp": encoded(CAMERA.convert("RGB"), "WEBP", quality=80),
    "lossless webp": encoded(CAMERA.convert("RGB"), "WEBP", lossless=True),
    "avif": encoded(CAMERA, "AVIF"),
    "heif": encoded(CAMERA, "HEIF"),
    "jpeg 2000": encoded(CAMERA, "JPEG2000"),
    "bmp": encoded(CAMERA, "BMP"),
    "pgm": encoded(CAMERA, "PPM"),
    "pgm of 16 bits": pgm(DEEP),
    "gif": encoded(CAMERA, "GIF"),
    "tiff": encoded(CAMERA, "TIFF"),
    "tiff with lzw": encoded(CAMERA, "TIFF", compression="tiff_lzw"),
    "tiff with deflate": encoded(CAMERA, "TIFF", compression="tiff_adobe_deflate"),
    "tiff with ccitt": encoded(CAMERA.convert("1"), "TIFF", compression="group4"),
    "tiff with jpeg": encoded(CAMERA, "TIFF", compression="jpeg"),
    "tiff of 16 bits": tiff(DEEP),
    "tiff of 16 bits, big-endian": tiff(DEEP, byteorder=">"),
    "tiff of floats": tiff((GREYS / 255).astype(np.float32)),
    "tiff in tiles": tiff(DEEP, tile=(64, 128), compression="lzw"),
    "tiff whose white is zero": tiff(255 - GREYS, photometric="miniswhite", rowsperstrip=7),
    "color tiff with alpha": tiff(
        np.dstack([GREYS] * 4), photometric="rgb", extrasamples=["unassalpha"], tile=(64, 64)
    ),
    "bigtiff": tiff(DEEP, bigtiff=True, compression="zlib", predictor=True),
}


def lightness(data: bytes, page: int = 0) -> np.ndarray:
    """L* of a file's page, as it is stored."""
    with open_original(io.BytesIO(data)) as original:
        rows = original.pages[page].rows
        return rows.lightness(slice(0, rows.height)).copy()


def colored(data: bytes, kind: str = "", **options: Any) -> bytes:
    """The colored copy of a file: in its own format, or in the one that ``kind`` names."""
    with open_original(io.BytesIO(data)) as original:
        pages = original.pages
        for page in pages:
            page.plane(192)
        own = formats.of_original(
            original.format, has_alpha=pages[0].rows.has_alpha, has_pages=len(pages) > 1
        )
        file = io.BytesIO()
        form = formats.BY_NAME[kind] if kind else own
        encoding.encode(original, [CHROMA] * len(pages), file, form, provenance=PROVENANCE, **options)
    return file.getvalue()
