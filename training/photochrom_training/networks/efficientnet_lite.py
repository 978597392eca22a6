"""EfficientNet-Lite as an encoder of lightness.

EfficientNet (Tan & Le, arXiv 1905.11946) without squeeze-and-excitation and with ReLU6, as its authors
published it for mobile hardware in 2020, pretrained on ImageNet in color. For lightness the three-channel
stem is summed to one channel, which is the same as repeating a grey picture three times.
"""

import dataclasses
import math
from typing import Any

import keras
from keras import layers

Tensor = Any


@dataclasses.dataclass(frozen=True)
class Stage:
    """``repeats`` inverted residual blocks, the first with ``stride``."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


# EfficientNet-B0, table 1 of the paper, stages 2 to 8.
_STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
_STEM_CHANNELS, _HEAD_CHANNELS, CLASSES = 32, 1280, 1000
_SCALES = {"lite0": (1.0, 1.0), "lite2": (1.1, 1.2)}
"""Width and depth multipliers of each variant; Lite scales neither stem nor head."""

_NORMALIZATION = {"momentum": 0.99, "epsilon": 1e-3}


@dataclasses.dataclass(frozen=True)
class Features:
    """What the encoder sees at each scale, ``(n, h / stride, w / stride, c)``, and as a whole."""

    by_stride: dict[int, Tensor]
    """Strides 2, 4, 8, 16 and 32: the last output at each."""
    embedding: Tensor
    """``(n, 1280)``: the pooled features that ImageNet's classes are read from."""


def features(lightness: Tensor, variant: str = "lite0") -> Features:
    """Build the encoder on L* ``(n, h, w, 1)``, 0 to 100; layer names start with ``encoder_``."""
    # The pretrained network was fed (byte - 127) / 128; a grey byte is close to 2.55 L*.
    return _encode(layers.Rescaling(2.55 / 128, -127 / 128, name="encoder_scale")(lightness), variant)


def color_features(rgb: Tensor, variant: str = "lite0") -> Features:
    """Build the encoder as it was published, on sRGB ``(n, h, w, 3)``, 0 to 255."""
    return _encode(layers.Rescaling(1 / 128, -127 / 128, name="encoder_scale")(rgb), variant)


def _encode(x: Tensor, variant: str) -> Features:
    x = _convolve(x, _STEM_CHANNELS, 3, 2, "encoder_stem")
    by_stride: dict[int, Tensor] = {}
    stride, block = 2, 0
    for number, stage in enumerate(_scaled(variant)):
        for repeat in range(stage.repeats):
            step = stage.stride if repeat == 0 else 1
            stride *= step
            x = _inverted_residual(x, stage, step, f"encoder_block{block}")
            block += 1
        by_stride[stride] = x
        if number == len(_STAGES) - 1:
            x = _convolve(x, _HEAD_CHANNELS, 1, 1, "encoder_head")
    return Features(by_stride, layers.GlobalAveragePooling2D(name="encoder_pool")(x))


def classifier(lightness: Tensor, variant: str = "lite0") -> Tensor:
    """The whole network: L* ``(n, h, w, 1)`` to ``(n, 1000)`` logits of ImageNet's classes."""
    return layers.Dense(CLASSES, name="encoder_classes")(features(lightness, variant).embedding)


def _scaled(variant: str) -> list[Stage]:
    width, depth = _SCALES[variant]
    stages = []
    for number, stage in enumerate(_STAGES):
        outer = number in (0, len(_STAGES) - 1)
        stages.append(
            dataclasses.replace(
                stage,
                repeats=stage.repeats if outer else math.ceil(stage.repeats * depth),
                channels=_rounded(stage.channels * width),
            )
        )
    return stages


def _rounded(channels: float) -> int:
    """To a multiple of 8, never more than 10 % below."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def _inverted_residual(x: Tensor, stage: Stage, stride: int, name: str) -> Tensor:
    entry, channels = x, x.shape[-1]
    if stage.expansion != 1:
        x = _convolve(x, channels * stage.expansion, 1, 1, f"{name}_expand")
    x = layers.DepthwiseConv2D(
        stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = layers.BatchNormalization(**_NORMALIZATION, name=f"{name}_depthwise_norm")(x)
    x = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
    x = _convolve(x, stage.channels, 1, 1, f"{name}_project", activate=False)
    if stride == 1 and channels == stage.channels:
        x = layers.Add(name=f"{name}_add")([entry, x])
    return x


def _convolve(
    x: Tensor, channels: int, kernel: int, stride: int, name: str, *, activate: bool = True
) -> Tensor:
    x = layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(**_NORMALIZATION, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activate else x


def encoder_layers(network: keras.Model) -> list[keras.layers.Layer]:
    """The layers with weights of the encoder inside ``network``, in the order of the data."""
    return [layer for layer in network.layers if layer.name.startswith("encoder_") and layer.weights]
