"""Where things were one frame ago: optical flow between lightness planes, and how far to trust it."""

import dataclasses
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from photochrom._video.resampling import Floats, read_at

_LOOP: Final = 1.0
"""Pixels that a trip to the other plane and back may miss its start by, and still be half trusted."""
_CHANGE: Final = 12.0
"""Steps of lightness (255 are white) that a thing may change by, and still be half trusted."""
_SMALLEST: Final = 16
"""Pixels a side of a plane in which motion can be looked for; in a smaller one nothing moves."""
_CUT: Final = 0.25
"""With less mean trust than this, two planes show different scenes."""


@dataclasses.dataclass(frozen=True)
class Motion:
    """From one lightness plane to another, a frame before it or after it."""

    places: Floats
    """Where, in the other plane, each pixel's thing is: ``(h, w, 2)``, x then y, in pixels."""
    trust: Floats
    """From 0, the thing is hidden there or is another, to 1, it is the same: ``(h, w)``."""

    @property
    def is_cut(self) -> bool:
        """Whether the two planes show different scenes."""
        return float(self.trust.mean()) < _CUT

    def carry(self, plane: Floats) -> Floats:
        """What the other frame's plane ``(h, w)`` or ``(h, w, c)`` has where each pixel's thing is."""
        return read_at(plane, self.places)


class MotionEstimator:
    """Dense inverse search (T. Kroeger and others, ECCV 2016), there and back."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_FAST)

    def between(self, one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> tuple[Motion, Motion]:
        """The motions from ``one`` to ``other`` and from ``other`` to ``one``, both ``(h, w)`` uint8."""
        there, back = self._calc(one, other), self._calc(other, one)
        return _motion(there, back, one, other), _motion(back, there, other, one)

    def _calc(self, one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> Floats:
        if min(one.shape) < _SMALLEST:
            return np.zeros((*one.shape, 2), np.float32)
        flow: Any = self._flow.calc(one, other, None)  # type: ignore[call-overload]  # None makes one
        return np.asarray(flow, np.float32)


def _motion(flow: Floats, back: Floats, plane: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> Motion:
    height, width = plane.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    places = flow + np.dstack([x, y])
    loop = flow + read_at(back, places)
    # Fast motion is measured less exactly, and is seen less exactly.
    allowed = _LOOP**2 + 0.01 * _squared(flow)
    # Grain is no change: a blur takes it away.
    change = cv2.GaussianBlur(read_at(other.astype(np.float32), places) - plane, (0, 0), 1.5)
    misses, changes = _squared(loop) / allowed, (change / np.float32(_CHANGE)) ** 2
    trust = 1 / ((1 + misses**2) * (1 + changes**2))
    inside = cv2.inRange(places, (-0.5, -0.5), (width - 0.5, height - 0.5)) > 0
    return Motion(places, (trust * inside).astype(np.float32))


def _squared(vectors: Floats) -> Floats:
    squared: Floats = vectors[..., 0] ** 2 + vectors[..., 1] ** 2  # NumPy sums short axes slowly
    return squared
