"""Whether a faster way of computing gives the same colors."""

from typing import Any

import numpy as np

from photochrom_contract import tensors
from photochrom_serving.session.planes import Chroma

BOUND = 1.0
"""CIE units: about the least difference that an eye sees between two colors side by side."""


def largest_difference(one: Any, other: Any, size: int, run_options: Any = None) -> float:
    """The largest difference, in CIE units, between the chroma of two ONNX Runtime sessions of one model.

    :param size: the side of the plane to compare on: half a ramp from black to white, half noise.
    :param run_options: ONNX Runtime's, for the first session.
    """
    plane = np.random.default_rng(0).uniform(0, 100, (size, size)).astype(np.float32)
    plane[: size // 2] = np.linspace(0, 100, size, dtype=np.float32)
    feed = {tensors.LIGHTNESS: plane[None, None]}
    ones: Chroma = one.run([tensors.CHROMA], feed, run_options)[0]
    others: Chroma = other.run([tensors.CHROMA], feed)[0]
    difference = float(np.abs(ones - others).max())
    return difference if np.isfinite(difference) else float("inf")
