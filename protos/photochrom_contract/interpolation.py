"""Planes stretched row by row: so much of a small plane as a strip of the large one needs.

The same sample positions as Pillow's and everybody's: pixels are areas, and their centers are at halves.
"""

import functools
from collections.abc import Callable
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.float32]

Kernel = Literal["bilinear", "bicubic"]


def _triangle(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.maximum(1 - distance, 0)


def _cubic(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """R. Keys, "Cubic convolution interpolation for digital image processing", 1981: a = -1/2."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


_BLOCK: Final = 1 << 18
"""Multiplications; OpenBLAS starts threads above."""

_KERNELS: Final[dict[Kernel, tuple[Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]], int]]] = {
    "bilinear": (_triangle, 1),
    "bicubic": (_cubic, 2),
}


class Stretched:
    """Planes ``(n, h', w')`` stretched to ``(n, h, w)``, a few rows at a time."""

    def __init__(self, planes: Plane, height: int, width: int, kernel: Kernel) -> None:
        """Stretch them horizontally; they are as small as they are.

        :param planes: no larger than ``height`` and ``width``: see :func:`shrink`.
        """
        across = _weights(planes.shape[2], width, kernel)
        count, tall, small = planes.shape
        self._wide: Plane = np.empty((count, tall, width), np.float32)
        columns = max(1, _BLOCK // (tall * small))  # see rows()
        for left in range(0, width, columns):
            block = slice(left, left + columns)
            np.matmul(planes, across[block].T, out=self._wide[:, :, block])
        self._down = _weights(planes.shape[1], height, kernel)

    def rows(self, rows: slice, out: Plane) -> Plane:
        """Rows of the stretched planes, into ``out`` ``(n, rows, w)``."""
        weights = self._down[rows]
        used = np.flatnonzero(weights.any(axis=0))
        needed = slice(used[0], used[-1] + 1)
        weights, wide = weights[:, needed], self._wide[:, needed]
        # In blocks that BLAS does in the calling thread: its own threads would wait for each other.
        columns = min(wide.shape[2], _BLOCK // (2 * wide.shape[1]))
        step = max(2, _BLOCK // (columns * wide.shape[1]))
        for top in range(0, len(weights), step):
            for left in range(0, wide.shape[2], columns):
                block = slice(top, top + step), slice(left, left + columns)
                np.matmul(weights[block[0]], wide[:, :, block[1]], out=out[:, block[0], block[1]])
        return out


def shrink(planes: Plane, height: int, width: int) -> Plane:
    """Planes ``(n, h', w')`` averaged down to no more than ``height`` and ``width``."""
    size = min(width, planes.shape[2]), min(height, planes.shape[1])
    if size == (planes.shape[2], planes.shape[1]):
        return planes
    pictures = (Image.fromarray(np.ascontiguousarray(plane), "F") for plane in planes)
    return np.stack([np.asarray(picture.resize(size, Image.Resampling.BOX)) for picture in pictures])


@functools.lru_cache(maxsize=8)  # two kernels and two axes: a video has one size, a folder few
def _weights(small: int, large: int, kernel: Kernel) -> Plane:
    """How much of each sample is in each stretched one: ``(large, small)``, each row of sum 1.

    Beyond its ends a plane goes on with its last sample.
    """
    function, reach = _KERNELS[kernel]
    positions = (np.arange(large) + 0.5) * (small / large) - 0.5
    nearest = np.floor(positions).astype(int)
    weights, every = np.zeros((large, small), np.float32), np.arange(large)
    for offset in range(1 - reach, 1 + reach):
        samples = nearest + offset
        share = function(np.abs(positions - samples))
        weights[every, np.clip(samples, 0, small - 1)] += share
    weights.flags.writeable = False
    return weights
