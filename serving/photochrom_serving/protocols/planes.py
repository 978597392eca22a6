"""Lightness tensors of the public protocols: ``(n, 1, h, w)`` to the planes that ``predict`` takes."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from photochrom_contract import tensors
from photochrom_serving.data_plane import Prediction
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.session import Plane

_MAX_LIGHTNESS = 100
_ROUNDING = 0.01
"""How far out of its range a lightness may be that arithmetic in float32 or less has made."""


@dataclasses.dataclass(frozen=True, slots=True)
class Inputs:
    """What a request's tensors say."""

    planes: Sequence[Plane]
    temperature: float | None


def check_shape(shape: Sequence[int], max_photographs: int) -> tuple[int, int, int, int]:
    """The shape of a lightness tensor, before a byte of it is touched: ``(n, 1, h, w)``.

    :raises InvalidFieldError: naming ``lightness``, if it is another shape or larger than is served.
    """
    match list(shape):
        case [count, 1, height, width]:
            pass
        case other:
            raise InvalidFieldError(
                tensors.LIGHTNESS, f"has shape {other}, but must have [n, 1, height, width]"
            )
    if not 1 <= count <= max_photographs:
        raise InvalidFieldError(
            tensors.LIGHTNESS, f"has {count} photographs, but one request takes 1 to {max_photographs}"
        )
    if not (1 <= height <= tensors.MAX_SIDE and 1 <= width <= tensors.MAX_SIDE):
        raise InvalidFieldError(
            tensors.LIGHTNESS, f"is {width} x {height}, but a side is within 1 to {tensors.MAX_SIDE}"
        )
    return count, 1, height, width


def planes_of(lightness: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> list[Plane]:
    """The planes ``(h, w)`` of a tensor ``(n, 1, h, w)``; views of it.

    :param lightness: uint8, the wire's steps (``L* = value * 100 / 255``), or float32, L* itself.
    :raises InvalidFieldError: naming ``lightness``, if it is no lightness.
    """
    if lightness.dtype == np.float32:
        low, high = float(lightness.min()), float(lightness.max())
        if not (low >= -_ROUNDING and high <= _MAX_LIGHTNESS + _ROUNDING):  # false for what is no number
            raise InvalidFieldError(
                tensors.LIGHTNESS,
                f"goes from {low:g} to {high:g}, but float32 is L* itself, 0 (black) to 100 (white)",
            )
    return list(lightness[:, 0])


def scalar_of(name: str, values: npt.NDArray[np.float32]) -> float:
    """The one number in a tensor, of whatever rank.

    :raises InvalidFieldError: naming the tensor, if it has more or fewer.
    """
    if values.size != 1:
        raise InvalidFieldError(name, f"has {values.size} numbers, but must have one")
    return float(values.reshape(()))


def chroma_of(prediction: Prediction) -> npt.NDArray[np.float32]:
    """The answer's tensor ``(n, 2, h', w')``, little-endian: a* then b*, CIE units."""
    return np.stack(prediction.chroma).astype("<f4", copy=False)
