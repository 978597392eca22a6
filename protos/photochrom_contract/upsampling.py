"""A model's small chroma plane to the photograph's size, with its edges where the photograph has them.

``guided`` (the default) follows the lightness. In each 3 x 3 neighbourhood of the small plane chroma is
fitted as a line over lightness (K. He, J. Sun, "Fast Guided Filter", arXiv 1505.00996). What the small
lightness has lost of the photograph's own, its detail, is put through that line and added to the bicubic
interpolation. Where that would leave the range of the chroma around, it stops: no halo.

``bilinear`` interpolates, whatever the photograph shows.

benchmarks/chroma_edges.py measures both.
"""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from photochrom_contract.interpolation import Stretched, shrink
from photochrom_contract.strips import scratch

Upsampling = Literal["guided", "bilinear"]

Plane = npt.NDArray[np.float32]

_FLAT: Final = np.float32(200.0)
"""L* squared: where lightness varies less than this around a sample, it says little about color."""


class ChromaField:
    """Chroma at the photograph's size, for the rows that are asked for. For any number of threads."""

    def __init__(
        self,
        chroma: npt.NDArray[np.floating],
        lightness: Plane,
        height: int,
        width: int,
        upsampling: Upsampling = "guided",
    ) -> None:
        """Prepare what all rows need.

        :param chroma: ``(2, h', w')``, a* and b* in CIE units.
        :param lightness: L* of the whole photograph reduced to ``(h', w')``; ``bilinear`` ignores it.
        :param height: the photograph's, in pixels; and its ``width``.
        """
        small = shrink(np.asarray(chroma, np.float32), height, width)
        self._width = width
        self._guide: tuple[Stretched, Stretched] | None = None
        if upsampling == "bilinear":
            self._smooth = Stretched(small, height, width, "bilinear")
            return
        guide = shrink(lightness[np.newaxis], height, width)[0]
        slopes = np.stack([_mean3(_slope(plane, guide)) for plane in small])
        self._smooth = Stretched(np.concatenate([small, guide[np.newaxis]]), height, width, "bicubic")
        bounds = [_extreme3(plane, extreme) for extreme in (np.minimum, np.maximum) for plane in small]
        self._guide = (
            Stretched(slopes, height, width, "bilinear"),
            Stretched(np.stack(bounds), height, width, "bilinear"),
        )

    def rows(self, rows: slice, lightness: Plane) -> Plane:
        """Chroma ``(2, rows, w)``, in the thread's scratch memory.

        :param lightness: the photograph's L* of these rows, ``(rows, w)``.
        """
        shape = rows.stop - rows.start, self._width
        if self._guide is None:
            return self._smooth.rows(rows, scratch.plane("chroma", (2, *shape)))
        slopes, bounds = self._guide
        smooth = self._smooth.rows(rows, scratch.plane("chroma", (3, *shape)))
        chroma, detail = smooth[:2], smooth[2]
        np.subtract(lightness, detail, out=detail)
        slope = slopes.rows(rows, scratch.plane("slopes", (2, *shape)))
        slope *= detail
        chroma += slope
        bound = bounds.rows(rows, scratch.plane("bounds", (4, *shape)))
        np.maximum(chroma, bound[:2], out=chroma)
        np.minimum(chroma, bound[2:], out=chroma)
        return chroma


def _slope(plane: Plane, guide: Plane) -> Plane:
    """Chroma over lightness around each sample: the line's slope, in CIE units for each L*."""
    mean, mean_guide = _mean3(plane), _mean3(guide)
    covariance = _mean3(plane * guide) - mean * mean_guide
    variance = np.maximum(_mean3(guide * guide) - mean_guide * mean_guide, 0)
    return np.asarray(covariance / (variance + _FLAT), np.float32)


def _mean3(plane: Plane) -> Plane:
    """The mean of each 3 x 3 neighbourhood; beyond its ends a plane goes on with its last sample."""
    mean: Plane = sum(_shifted(plane), start=np.zeros_like(plane)) / np.float32(9)
    return mean


def _extreme3(plane: Plane, extreme: np.ufunc) -> Plane:
    """The least or the greatest of each 3 x 3 neighbourhood."""
    result: Plane = extreme.reduce(_shifted(plane))
    return result


def _shifted(plane: Plane) -> list[Plane]:
    height, width = plane.shape
    down, across = (np.clip(np.arange(-1, length + 1), 0, length - 1) for length in (height, width))
    padded = plane.take(down, axis=0).take(across, axis=1)  # as np.pad does, in a fraction of its time
    return [padded[dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)]
