"""Arrays as a file stores them, and as a viewer shows them: EXIF's orientations 1 to 8.

Files keep their pixels as they are stored, and their orientation. What the model sees is upright; both
planes are small, so they are what gets turned.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

TAG: Final = 0x0112
"""EXIF's (and TIFF's) Orientation."""

AS_STORED: Final = 1

Array = npt.NDArray[Any]

# Exif 2.32, 4.6.4 A: how the stored (..., h, w) becomes what is shown.
_UPRIGHT: Final[dict[int, Callable[[Array], Array]]] = {
    1: lambda array: array,
    2: lambda array: array[..., ::-1],
    3: lambda array: array[..., ::-1, ::-1],
    4: lambda array: array[..., ::-1, :],
    5: lambda array: array.swapaxes(-1, -2),
    6: lambda array: np.rot90(array, -1, axes=(-2, -1)),
    7: lambda array: array[..., ::-1, ::-1].swapaxes(-1, -2),
    8: lambda array: np.rot90(array, 1, axes=(-2, -1)),
}
_UNDONE_BY: Final = {6: 8, 8: 6}  # each of the others undoes itself


def to_upright(stored: Array, orientation: int) -> Array:
    """What is shown of a stored plane: ``(..., h, w)`` to ``(..., h, w)`` or ``(..., w, h)``."""
    return _UPRIGHT[orientation](stored)


def to_stored(upright: Array, orientation: int) -> Array:
    """The inverse of :func:`to_upright`."""
    return _UPRIGHT[_UNDONE_BY.get(orientation, orientation)](upright)
