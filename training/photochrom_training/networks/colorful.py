"""Colorful Image Colorization (Zhang, Isola, Efros 2016, arXiv 1603.08511), layer for layer.

The network that its authors released: eight blocks of convolutions without pooling, scores of 313 bins of
the a*b* plane at a quarter of the input's size, and from them a*b* by the annealed mean (equation 5).
"""

import keras
import numpy as np
from keras import layers, ops

from photochrom_contract.tensors import CHROMA, LIGHTNESS, TEMPERATURE
from photochrom_training.bins import CENTERS
from photochrom_training.networks.efficientnet_lite import Tensor
from photochrom_training.networks.layers import ChannelsFirst, ChannelsLast, Shape

BLOCKS = (
    (64, 2, 2, 1),
    (128, 2, 2, 1),
    (256, 3, 2, 1),
    (512, 3, 1, 1),
    (512, 3, 1, 2),
    (512, 3, 1, 2),
    (512, 3, 1, 1),
)
"""Of blocks 1 to 7: channels, convolutions, the stride of the last one, and the dilation of all."""

ANNEALING = 0.38
"""The paper's temperature: between the distribution's mean (1), which is grey, and its mode (0)."""

SCORES = "scores"
CHROMA_STRIDE = 4
INPUT_MULTIPLE = 8
"""Heights and widths must be multiples of this: the network halves three times."""


@keras.saving.register_keras_serializable("photochrom")
class AnnealedMean(keras.layers.Layer):  # type: ignore[misc]
    """Scores of bins ``(n, h, w, 313)`` and a temperature ``()`` to a*b* ``(n, h, w, 2)`` in CIE units."""

    def call(self, scores: Tensor, temperature: Tensor) -> Tensor:
        """The mean of the bins' centers, the distribution sharpened."""
        shares = ops.softmax(ops.cast(scores, "float32") / temperature, axis=-1)
        # A convolution of 1 by 1, so that channels stay where a runtime wants them.
        return ops.conv(shares, np.reshape(CENTERS, (1, 1, *CENTERS.shape)), data_format="channels_last")

    def compute_output_shape(self, scores_shape: Shape, temperature_shape: Shape) -> Shape:
        """Two channels."""
        del temperature_shape
        return (*scores_shape[:-1], 2)


def build() -> keras.Model:
    """Build the network.

    From L* ``(n, 1, h, w)``, 0 to 100, and a temperature ``()`` to a*b* ``(n, 2, h / 4, w / 4)`` in CIE
    units and scores ``(n, h / 4, w / 4, 313)``. Height and width are multiples of ``INPUT_MULTIPLE``.
    """
    lightness = keras.Input((1, None, None), name=LIGHTNESS)
    temperature = keras.Input(batch_shape=(), name=TEMPERATURE)

    x = layers.Rescaling(1 / 100, -0.5, name="scale")(ChannelsLast(name="channels_last")(lightness))
    for block, (channels, count, stride, dilation) in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            step = stride if number == count else 1
            x = _convolve(x, channels, f"conv{block}_{number}", step, dilation)
        x = layers.BatchNormalization(name=f"conv{block}_norm")(x)
    x = layers.Conv2DTranspose(256, 4, 2, padding="same", activation="relu", name="conv8_1")(x)
    x = _convolve(x, 256, "conv8_2")
    x = _convolve(x, 256, "conv8_3")

    scores = layers.Conv2D(len(CENTERS), 1, dtype="float32", name=SCORES)(x)
    chroma = AnnealedMean(dtype="float32", name="annealed_mean")(scores, temperature)
    outputs = {CHROMA: ChannelsFirst(dtype="float32", name=CHROMA)(chroma), SCORES: scores}
    return keras.Model({LIGHTNESS: lightness, TEMPERATURE: temperature}, outputs, name="colorful")


def _convolve(x: Tensor, channels: int, name: str, stride: int = 1, dilation: int = 1) -> Tensor:
    return layers.Conv2D(
        channels, 3, stride, padding="same", dilation_rate=dilation, activation="relu", name=name
    )(x)
