"""The default network: a pretrained EfficientNet-Lite encoder and a U-Net decoder.

From Deep Koalarization (arXiv 1712.03400) it keeps the fusion of a local and a global view, with one
backbone for both: the encoder's pooled embedding is tiled at the bottleneck. From U-Net
(arXiv 1505.04597) it takes the skip connections, with a resize before each convolution in place of
transposed convolutions, which leave checkerboards.

Chroma comes out at a quarter of the input's size: the truth's own chroma at 48 by 48 pixels scores LPIPS
0.014 on test-scenes, where the model at that size scores 0.141, and the decoder's dearest stages fall away.
"""

import keras
from keras import layers

from photochrom_contract.lab import CHROMA_LIMIT
from photochrom_contract.tensors import CHROMA, LIGHTNESS
from photochrom_training.networks import efficientnet_lite
from photochrom_training.networks.efficientnet_lite import Tensor
from photochrom_training.networks.layers import ChannelsFirst, ChannelsLast, Tile, Upsample

_DECODER_CHANNELS = {16: 160, 8: 96, 4: 64}
"""Channels of the decoder at each stride."""

CHROMA_STRIDE = 4
INPUT_MULTIPLE = 32
"""Heights and widths must be multiples of this: the encoder halves five times."""


def build(variant: str = "lite0", embedding_channels: int = 128) -> keras.Model:
    """Build the network: L* ``(n, 1, h, w)``, 0 to 100, to a*b* ``(n, 2, h / 4, w / 4)`` in CIE units."""
    lightness = keras.Input((1, None, None), name=LIGHTNESS)
    seen = efficientnet_lite.features(ChannelsLast(name="channels_last")(lightness), variant)

    embedding = layers.Dense(embedding_channels, activation="relu", name="embedding")(seen.embedding)
    x = Tile(name="fusion")([seen.by_stride[32], embedding])
    x = _convolve(x, 256, 1, "fused")
    for stride, channels in _DECODER_CHANNELS.items():
        x = Upsample(name=f"decoder{stride}_upsample")(x)
        x = layers.Concatenate(name=f"decoder{stride}_skip")([x, seen.by_stride[stride]])
        x = _convolve(x, channels, 3, f"decoder{stride}")

    # Float32 from here on, whatever the precision of training: a*b* are asked for to 0.1 units.
    # Kernel zero: training starts from grey.
    x = layers.Conv2D(
        2, 3, padding="same", activation="tanh", kernel_initializer="zeros", dtype="float32", name="ab"
    )(x)
    x = layers.Rescaling(CHROMA_LIMIT, dtype="float32", name="cie_units")(x)
    return keras.Model(lightness, ChannelsFirst(dtype="float32", name=CHROMA)(x), name="photochrom")


def _convolve(x: Tensor, channels: int, kernel: int, name: str) -> Tensor:
    x = layers.Conv2D(channels, kernel, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.99, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
