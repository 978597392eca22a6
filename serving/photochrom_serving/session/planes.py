"""The planes that go into a session and come out of it."""

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""A lightness plane ``(h, w)``: uint8, ``L* = value * 100 / 255``, or float32, L* itself."""

Chroma = npt.NDArray[np.float32]
"""Chroma planes ``(n, 2, h', w')`` or one ``(2, h', w')``: a* then b*, CIE units."""

_STEP = np.float32(100 / 255)


def write_lightness(plane: Plane, out: npt.NDArray[np.float32]) -> None:
    """Write a plane's L*, 0 to 100, into ``out`` ``(h, w)``."""
    if plane.dtype == np.uint8:
        out[...] = plane  # at once, and then in place: one step that does both converts piece by piece
        out *= _STEP
    else:
        out[...] = plane
