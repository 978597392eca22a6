"""Lightness tensors of the public protocols: ``(n, 1, h, w)`` to the planes that ``predict`` takes."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom_contract import tensors
from photochrom_serving.data_plane import Prediction
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.session import Plane

_MAX_INPUTS = 2
_MAX_RANK = 8
_MAX_LIGHTNESS = 100
_ROUNDING = 0.01
"""How far out of its range a lightness may be that arithmetic in float32 or less has made."""


@dataclasses.dataclass(frozen=True, slots=True)
class Inputs:
    """What a request's tensors say."""

    planes: Sequence[Plane]
    temperature: float | None


def check_count(count: int) -> None:
    """Check how many inputs a request has, before any of them is looked at.

    :raises InvalidFieldError: if there are more than any model takes.
    """
    if count > _MAX_INPUTS:
        raise InvalidFieldError(
            "inputs", f"are {count}, but a model takes {tensors.LIGHTNESS} and perhaps {tensors.TEMPERATURE}"
        )


def check_rank(tensor: str, rank: int) -> None:
    """Check how many dimensions a tensor has, before any of them is looked at: a message holds millions.

    :raises InvalidFieldError: naming the tensor, if there are more than any of a model's can have.
    """
    if rank > _MAX_RANK:
        raise InvalidFieldError(tensor, f"has {rank} dimensions, but at most {_MAX_RANK} are taken")


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


def planes_of(values: npt.NDArray[Any], shape: tuple[int, int, int, int]) -> list[Plane]:
    """The planes ``(h, w)`` of a tensor of ``shape``; views of its values.

    :param values: in order, uint8, the wire's steps (``L* = value * 100 / 255``), or float32, L* itself. If
        there are too few, the last one stands for the rest, and zero if there is none: no memory is spent
        on what was not sent.
    :raises InvalidFieldError: naming ``lightness``, if they are no lightness.
    """
    count, _, height, width = shape
    if values.dtype == np.float32 and len(values):
        low, high = float(values.min()), float(values.max())
        if not (low >= -_ROUNDING and high <= _MAX_LIGHTNESS + _ROUNDING):  # false for what is no number
            raise InvalidFieldError(
                tensors.LIGHTNESS,
                f"goes from {low:g} to {high:g}, but float32 is L* itself, 0 (black) to 100 (white)",
            )
    sent = -(-len(values) // (height * width))
    missing = sent * height * width - len(values)
    if missing:
        values = np.pad(values, (0, missing), mode="edge")
    rest: Plane = np.broadcast_to(values[-1:] if sent else np.zeros(1, values.dtype), (height, width))
    return [*values.reshape(sent, height, width), *[rest] * (count - sent)]


def chroma_of(prediction: Prediction) -> npt.NDArray[np.float32]:
    """The answer's tensor ``(n, 2, h', w')``, little-endian: a* then b*, CIE units."""
    first, *others = prediction.chroma
    chroma = np.stack((first, *others)) if others else first[np.newaxis]
    return chroma.astype("<f4", copy=False)
