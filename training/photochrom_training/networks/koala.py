"""Deep Koalarization (Baldassarre, Gonzalez Morin, Rodes-Guirao, arXiv 1712.03400), layer for layer.

Four parts, as in the paper's figure 2: an encoder of the lightness, a feature extractor that has seen
ImageNet, their fusion, and a decoder. Lightness and chroma are scaled to -1 to 1 inside.
"""

from collections.abc import Callable

import keras
from keras import layers, ops

from photochrom_contract.lab import CHROMA_LIMIT
from photochrom_contract.tensors import CHROMA, LIGHTNESS
from photochrom_training.networks import efficientnet_lite
from photochrom_training.networks.efficientnet_lite import Tensor
from photochrom_training.networks.layers import ChannelsFirst, ChannelsLast, Shape, Tile, Upsample
from photochrom_training.networks.pretrained import PretrainedWeightsError

_ENCODER = ((64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 1), (256, 1))
"""Channels and stride of each 3 by 3 convolution (table 1, left)."""

_EXTRACTOR_SIDE = 299

INPUT_MULTIPLE = 8
"""Heights and widths must be multiples of this: the encoder halves three times."""

Extractor = Callable[[Tensor], Tensor]
"""The lightness ``(n, 299, 299, 1)``, L* 0 to 100, to an embedding ``(n, e)``."""


@keras.saving.register_keras_serializable("photochrom")
class ResizeTo(keras.layers.Layer):  # type: ignore[misc]
    """``(n, h, w, c)`` to ``(n, side, side, c)``, bilinearly."""

    def __init__(self, side: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.side = side

    def call(self, inputs: Tensor) -> Tensor:
        """Resize."""
        return ops.image.resize(inputs, (self.side, self.side), interpolation="bilinear")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """A square of ``side``."""
        return (input_shape[0], self.side, self.side, input_shape[-1])

    def get_config(self) -> dict[str, object]:
        """Serialize."""
        return {**super().get_config(), "side": self.side}


def inception_resnet_v2(weights: str | None = "imagenet") -> Extractor:
    """The paper's extractor: all of Inception-ResNet-v2 up to the scores before softmax, frozen.

    :param weights: "imagenet" (Keras downloads them), a path, or None for random ones.
    """

    def extract(lightness: Tensor) -> Tensor:
        try:
            network = keras.applications.InceptionResNetV2(weights=weights, classifier_activation=None)
        except Exception as error:  # whatever a download meets
            raise PretrainedWeightsError(
                f"Keras cannot get the weights of Inception-ResNet-v2 ({error}): "
                "use --extractor efficientnet-lite0, whose weights a package carries"
            ) from error
        network.trainable = False
        network.name = "inception_resnet_v2"
        scaled = layers.Rescaling(1 / 50, -1, name="extractor_scale")(lightness)
        return network(layers.Concatenate(name="extractor_stack")([scaled, scaled, scaled]), training=False)

    return extract


def efficientnet(variant: str = "lite0") -> Extractor:
    """An extractor whose weights a package carries: EfficientNet-Lite's scores, frozen."""

    def extract(lightness: Tensor) -> Tensor:
        return efficientnet_lite.classifier(lightness, variant)

    return extract


def build(extractor: Extractor) -> keras.Model:
    """Build the network: L* ``(n, 1, h, w)``, 0 to 100, to a*b* ``(n, 2, h, w)`` in CIE units.

    Height and width are multiples of ``INPUT_MULTIPLE``.
    """
    lightness = keras.Input((1, None, None), name=LIGHTNESS)
    plane = ChannelsLast(name="channels_last")(lightness)

    # Encoder: H x W x 1 to H/8 x W/8 x 256.
    x = layers.Rescaling(1 / 50, -1, name="scale")(plane)
    for number, (channels, stride) in enumerate(_ENCODER, 1):
        x = _convolve(x, channels, f"encode{number}", stride)

    # Feature extractor: one vector for the whole photograph.
    embedding = extractor(ResizeTo(_EXTRACTOR_SIDE, name="extractor_resize")(plane))

    # Fusion: the vector at every position, then 256 convolutions of 1 by 1.
    x = Tile(name="fusion")([x, embedding])
    x = layers.Conv2D(256, 1, activation="relu", name="fused")(x)

    # Decoder: H/8 x W/8 x 256 to H x W x 2.
    x = _convolve(x, 128, "decode1")
    x = Upsample("nearest", name="decode2")(x)
    x = _convolve(x, 64, "decode3")
    x = _convolve(x, 64, "decode4")
    x = Upsample("nearest", name="decode5")(x)
    x = _convolve(x, 32, "decode6")
    x = layers.Conv2D(2, 3, padding="same", activation="tanh", dtype="float32", name="decode7")(x)
    x = Upsample("nearest", dtype="float32", name="decode8")(x)
    x = layers.Rescaling(CHROMA_LIMIT, dtype="float32", name="cie_units")(x)
    return keras.Model(lightness, ChannelsFirst(dtype="float32", name=CHROMA)(x), name="koala")


def _convolve(x: Tensor, channels: int, name: str, stride: int = 1) -> Tensor:
    return layers.Conv2D(channels, 3, stride, padding="same", activation="relu", name=name)(x)
