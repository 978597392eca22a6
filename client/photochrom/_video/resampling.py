"""Planes at other sizes and other places: OpenCV's functions, with types that mean something."""

from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_contract import tensors

Floats = npt.NDArray[np.float32]
Kind = TypeVar("Kind", bound=np.generic)


def shrink(plane: npt.NDArray[Kind], width: int, height: int) -> npt.NDArray[Kind]:
    """A plane ``(h, w)`` or ``(h, w, c)`` at a smaller size: the means of areas."""
    return _resize(plane, width, height, cv2.INTER_AREA)


def stretch(plane: npt.NDArray[Kind], width: int, height: int) -> npt.NDArray[Kind]:
    """A plane ``(h, w)`` or ``(h, w, c)`` at another size: bilinear."""
    return _resize(plane, width, height, cv2.INTER_LINEAR)


def read_at(plane: Floats, places: Floats) -> Floats:
    """What a plane ``(h, w)`` or ``(h, w, c)`` has at ``(..., 2)`` places, x then y, in pixels: bilinear."""
    call: Any = cv2.remap  # its types know no absent second map
    read: Floats = call(plane, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return read


def reduced(lightness: Floats, size: int) -> npt.NDArray[np.uint8]:
    """The plane that a model sees of L* ``(h, w)``: the contract's ``reduce_lightness``, in this thread.

    Its threads are for scans; for a frame they would wait for the encoder's.
    """
    height, width = lightness.shape
    how = Image.Resampling.BOX if min(height, width) >= size else Image.Resampling.BILINEAR
    return tensors.lightness_to_plane(np.asarray(Image.fromarray(lightness).resize((size, size), how)))


def _resize(plane: npt.NDArray[Kind], width: int, height: int, how: int) -> npt.NDArray[Kind]:
    call: Any = cv2.resize
    resized: npt.NDArray[Kind] = call(plane, (width, height), interpolation=how)
    return resized
