"""The default model: EfficientNet-Lite2 U-Net, regression on a*b* and a perceptual loss.

    photochrom-train photochrom --photographs DATA/train-*.tar --stage decoder --output runs/decoder
    photochrom-train photochrom --photographs DATA/train-*.tar --start-from runs/decoder

The first stage trains the decoder on the features that the encoder has from ImageNet; the second fine-tunes
both, the encoder from stride 8 on at a tenth of the decoder's learning rate.
"""

import functools
from collections.abc import Sequence

import keras

from photochrom_training import objectives, optimizers
from photochrom_training.batches import View
from photochrom_training.configuration import Configuration, ConfigurationError
from photochrom_training.learner import Objective
from photochrom_training.networks import photochrom, pretrained
from photochrom_training.perceptual import PerceptualDistance
from photochrom_training.photographs import Photograph

_VARIANT = "lite2"
_FROZEN = {"decoder": ("encoder_",), "whole": ("encoder_stem", *(f"encoder_block{n}_" for n in range(7)))}
"""The layers that a stage leaves as they are; those of the second reach up to stride 8."""
STAGES = tuple(_FROZEN)


def configuration(stage: str = "whole") -> Configuration:
    """State the case, with one of ``STAGES``."""
    if stage not in STAGES:
        raise ConfigurationError(f"no stage {stage!r}; there are: {', '.join(STAGES)}")
    first = stage == "decoder"
    return Configuration(
        name="photochrom",
        description="Natural color for any photograph: EfficientNet-Lite2 U-Net, perceptual regression.",
        build=functools.partial(_build, stage),
        optimizer=functools.partial(_optimizer, 1e-3 if first else 3e-4),
        averaged=True,
        objective=_objective_of_decoder if first else _objective,
        view=View(side=128, chroma_stride=photochrom.CHROMA_STRIDE, smallest_crop=0.65, ageing=0.3),
        batch_size=32,
        epochs=13 if first else 14,
        steps_per_epoch=200,
        sizes=(128, 160, 192, 224, 256, 320, 384),
        default_size=192,
        size_multiple=photochrom.INPUT_MULTIPLE,
    )


def _build(stage: str) -> keras.Model:
    network = photochrom.build(_VARIANT)
    pretrained.load_encoder(network, _VARIANT)
    for layer in network.layers:
        if layer.name.startswith(_FROZEN[stage]):
            layer.trainable = False
    return network


def _objective_of_decoder(_: Sequence[Photograph]) -> Objective:
    return objectives.Regression(objectives.huber(10.0))


def _objective(_: Sequence[Photograph]) -> Objective:
    return objectives.PerceptualRegression(
        objectives.huber(10.0), PerceptualDistance(), 300.0, gain=1.1, every=2
    )


def _optimizer(rate: float, steps: int) -> keras.optimizers.Optimizer:
    return optimizers.FineTuningAdamW(
        optimizers.WarmupCosine(rate, steps),
        encoder_rate=0.1,
        weight_decay=0.01,
        global_clipnorm=1.0,
        use_ema=True,
        ema_momentum=0.998,
    )
