"""Lightness reduced to the small plane that a model sees, gathered strip by strip."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_contract import strips

Plane = npt.NDArray[np.float32]


def reduce(lightness: Callable[[slice], Plane], height: int, width: int, rows: int, columns: int) -> Plane:
    """Resize L* ``(height, width)`` to ``(rows, columns)``; each axis is stretched on its own.

    Shrinking averages areas; enlarging an axis interpolates bilinearly on both.

    :param lightness: gives the rows of a slice, ``(n, width)``; called from several threads.
    """
    strip_rows = strips.rows_of(height, width)
    if height < rows or width < columns:
        whole = np.concatenate(list(strips.in_order(lambda each: lightness(each).copy(), strip_rows)))
        return np.asarray(Image.fromarray(whole, "F").resize((columns, rows), Image.Resampling.BILINEAR))
    down, across = _cells(height, rows), _cells(width, columns)

    def add_up(strip: slice) -> tuple[slice, Plane]:
        """The sums over the strip's part of each row of cells that it touches."""
        cells = slice(down[strip.start], down[strip.stop - 1] + 1)
        starts = np.searchsorted(down[strip], np.arange(cells.start, cells.stop))
        return cells, np.add.reduceat(lightness(strip), starts, axis=0)

    sums = np.zeros((rows, width), np.float32)
    for cells, part in strips.in_order(add_up, strip_rows):
        sums[cells] += part
    sums = np.add.reduceat(sums, np.searchsorted(across, np.arange(columns)), axis=1)
    areas = np.outer(np.bincount(down), np.bincount(across))
    reduced: Plane = (sums / areas).astype(np.float32)
    return reduced


def _cells(length: int, count: int) -> npt.NDArray[np.intp]:
    """Which of ``count`` cells each of ``length`` pixels is averaged into: the one that its center is in.

    Pillow's box filter, which training uses, takes them so.
    """
    return ((2 * np.arange(length) + 1) * count - 1) // (2 * length)
