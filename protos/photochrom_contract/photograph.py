"""A picture to the lightness plane that goes to the model, and its chroma plane to a colored picture.

The client does this around its remote call, and the server does it inside ColorizePhoto: the same
lines, so that both color a photograph alike. (That is why it lies in the contract and not in the
client.) Everything here works on whole pictures in memory; ``files`` does the same for the pages of
files, strip by strip.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_contract import fast_lab, reduction, strips, tensors
from photochrom_contract.raster import Raster
from photochrom_contract.upsampling import ChromaField, Upsampling

Lightness = npt.NDArray[np.float32]
"""L* of a picture at its full size: ``(h, w)`` float32, 0 to 100."""


def lightness_of(picture: Image.Image) -> Lightness:
    """L* of a picture of any Pillow mode, as it is stored: ``(h, w)`` float32, 0 to 100.

    A sepia or color picture gives the lightness of its colors, which its color profile defines; 16-bit and
    floating-point greys keep their precision; what is transparent keeps the lightness that lies beneath.

    :raises ValueError: for a picture without pixels, or a mode with no meaning as a picture.
    """
    raster = Raster.of_picture(picture)
    height, width = raster.pixels.shape[:2]
    lightness = np.empty((height, width), np.float32)

    def fill(rows: slice) -> None:
        lightness[rows] = raster.lightness(rows)

    for _ in strips.in_order(fill, strips.rows_of(height, width)):
        pass
    return lightness


def reduce_lightness(lightness: Lightness, size: int) -> npt.NDArray[np.uint8]:
    """The plane that a model sees: L* ``(h, w)`` resized to a ``(size, size)`` square, uint8.

    Each axis is stretched on its own: every request of a model then has one shape, and batches form.
    Shrinking averages areas; enlarging interpolates bilinearly.
    """
    height, width = lightness.shape
    return tensors.lightness_to_plane(reduction.reduce(lightness.__getitem__, height, width, size, size))


def merge(
    lightness: Lightness,
    chroma: npt.NDArray[np.float32],
    saturation: float = 1.0,
    *,
    upsampling: Upsampling = "guided",
) -> Image.Image:
    """The colored picture: full-size L* ``(h, w)`` with a chroma plane ``(2, h', w')`` stretched over it.

    :param chroma: a* and b* in CIE units.
    :param saturation: a factor on the chroma; 0 gives grey.
    :param upsampling: how the chroma is stretched: ``guided`` by the lightness, or ``bilinear``.
    :returns: an RGB picture of ``lightness``'s size, in sRGB. Its lightness is the photograph's: a
        color that sRGB cannot show at that lightness gets less chroma.
    """
    height, width = lightness.shape
    _, rows, columns = chroma.shape
    small = reduction.reduce(lightness.__getitem__, height, width, rows, columns)
    field = ChromaField(chroma * np.float32(saturation), small, height, width, upsampling)
    rgb = np.empty((height, width, 3), np.uint8)

    def fill(rows: slice) -> None:
        a, b = field.rows(rows, lightness[rows])
        fast_lab.encode_srgb(lightness[rows], a, b, rgb[rows])

    for _ in strips.in_order(fill, strips.rows_of(height, width)):
        pass
    return Image.fromarray(rgb, "RGB")
