"""The model's tensors, and planes to bytes and back.

=============  ==========================  ==========================================
tensor         shape, type                 meaning
=============  ==========================  ==========================================
``lightness``  ``(n, 1, h, w)`` float32    L*, 0 to 100
``chroma``     ``(n, 2, h', w')`` float32  a* and b*, CIE units, within -110 to 110
=============  ==========================  ==========================================

A model that predicts a distribution of colors may have one more input, ``temperature``: a float32
scalar, above 0, that has a default in the graph (an ONNX initializer of its name) and need not be fed.

On the wire a lightness plane is one byte a pixel (``L* = byte * 100 / 255``: a photograph of 8 bits
loses nothing that a model can see) and a chroma plane is little-endian binary16, a* before b*.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

LIGHTNESS: Final = "lightness"
CHROMA: Final = "chroma"
TEMPERATURE: Final = "temperature"
LIGHTNESS_AXES: Final = ("batch", 1, "height", "width")
CHROMA_AXES: Final = ("batch", 2, "chroma_height", "chroma_width")
SIGNATURE: Final = "serving_default"
"""The SavedModel signature that takes ``lightness`` and gives ``chroma``."""

MAX_SIDE: Final = 1024
"""The largest side, in pixels, of a plane on the wire: beyond it no model here has anything to gain."""

_WIRE_CHROMA = np.dtype("<f2")


class PlaneError(ValueError):
    """Bytes that are not the plane they claim to be; the message names the field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


def lightness_to_bytes(plane: npt.NDArray[np.uint8]) -> bytes:
    """Encode a lightness plane ``(h, w)`` uint8, ``L* = value * 100 / 255``."""
    if plane.dtype != np.uint8 or plane.ndim != 2:
        raise PlaneError("data", f"a lightness plane is (h, w) uint8, not {plane.shape} {plane.dtype}")
    return plane.tobytes()


def lightness_from_bytes(data: bytes, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Decode a lightness plane; a read-only view ``(height, width)`` uint8 of ``data``.

    :raises PlaneError: for a side outside 1 to ``MAX_SIDE``, or bytes that are not width * height.
    """
    _check_sides(width, height)
    if len(data) != width * height:
        raise PlaneError("data", f"has {len(data)} bytes, but {width} x {height} takes {width * height}")
    return np.frombuffer(data, np.uint8).reshape(height, width)


def chroma_to_bytes(plane: npt.NDArray[np.floating]) -> bytes:
    """Encode a chroma plane ``(2, h, w)``, a* then b* in CIE units, as binary16."""
    if plane.ndim != 3 or plane.shape[0] != 2:
        raise PlaneError("data", f"a chroma plane is (2, h, w), not {plane.shape}")
    return plane.astype(_WIRE_CHROMA).tobytes()


def chroma_from_bytes(data: bytes, width: int, height: int) -> npt.NDArray[np.float32]:
    """Decode a chroma plane to ``(2, height, width)`` float32, a* then b* in CIE units.

    :raises PlaneError: for a side outside 1 to ``MAX_SIDE``, or bytes that are not 4 * width * height.
    """
    _check_sides(width, height)
    if len(data) != 4 * width * height:
        raise PlaneError("data", f"has {len(data)} bytes, but {width} x {height} takes {4 * width * height}")
    return np.frombuffer(data, _WIRE_CHROMA).reshape(2, height, width).astype(np.float32)


def lightness_to_tensor(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Planes ``(n, h, w)`` uint8 to the model's input ``(n, 1, h, w)`` float32, L* within 0 to 100."""
    return np.multiply(planes[:, None], np.float32(100 / 255), dtype=np.float32)


def lightness_to_plane(lightness: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """L* ``(..., h, w)``, 0 to 100, to the nearest of the wire's 256 steps."""
    steps: npt.NDArray[np.uint8] = np.rint(np.clip(lightness, 0, 100) * (255 / 100)).astype(np.uint8)
    return steps


def _check_sides(width: int, height: int) -> None:
    for field, side in (("width", width), ("height", height)):
        if not 1 <= side <= MAX_SIDE:
            raise PlaneError(field, f"is {side}, but must be within 1 to {MAX_SIDE}")
