r"""The default model: EfficientNet-Lite2 U-Net, made to be like the photograph and not grey.

    photochrom-train photochrom --photographs DATA/train-*.tar --stage decoder --output runs/decoder
    photochrom-train photochrom --photographs DATA/train-*.tar --start-from runs/decoder \
        --output runs/whole
    photochrom-train photochrom --photographs DATA/train-*.tar --stage color --start-from runs/whole \
        --output runs/color

The first stage trains the decoder on the features that the encoder has from ImageNet; the second fine-tunes
both, the encoder from stride 8 on, on a*b* and on how the picture looks to AlexNet. The third counts each
picture's error on a logarithmic scale, and color as something worth having: color then goes where it costs
the least likeness. 76,800, 153,600 and 204,800 views; on two cores some 25 minutes, 1.4 and 0.8 to 1.2 hours.

``photochrom`` 8 is the mean (``--mean-of``) of the weights of seven runs of the third stage, three of them
with half the weight of LPIPS that it has now. Expect of it, on test-scenes (400 photographs, at 224 px),
LPIPS 0.122 where grey has 0.208, PSNR 24.9 dB where grey has 22.9, colorfulness 32 of 40; of one run by
itself LPIPS 0.122 to 0.125 and PSNR 24.8 to 24.9 at that color.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import keras

from photochrom_training import objectives, optimizers
from photochrom_training.batches import View
from photochrom_training.configuration import Configuration, ConfigurationError
from photochrom_training.evaluation.lpips import Lpips
from photochrom_training.learner import Objective
from photochrom_training.likeness import Likeness
from photochrom_training.networks import photochrom, pretrained
from photochrom_training.perceptual import PerceptualRegression
from photochrom_training.photographs import Photograph


@dataclasses.dataclass(frozen=True)
class Stage:
    """What a stage has of its own."""

    objective: Callable[[Sequence[Photograph]], Objective]
    epochs: int
    steps: int
    """Batches in an epoch."""
    rate: float
    """The decoder's, at its peak."""
    encoder_rate: float
    """Times the decoder's."""
    smallest_crop: float
    """As in ``View``."""
    ageing: float
    """As in ``View``."""
    vividness: float
    """As in ``Configuration``."""


def _chroma(_: Sequence[Photograph]) -> Objective:
    return objectives.Regression(objectives.huber(10.0))


def _chroma_and_looks(_: Sequence[Photograph]) -> Objective:
    return PerceptualRegression(objectives.huber(10.0), Lpips(), 3000.0, gain=1.25)


def _likeness_and_color(_: Sequence[Photograph]) -> Objective:
    return Likeness(photochrom.CHROMA_STRIDE, 0.09, Lpips(), 40.0, looked_at=8)


STAGES = {
    "decoder": Stage(_chroma, 8, 300, 1e-3, 0.1, smallest_crop=0.65, ageing=0.4, vividness=1.15),
    "whole": Stage(_chroma_and_looks, 16, 300, 3e-4, 0.1, smallest_crop=0.5, ageing=0.4, vividness=1.15),
    "color": Stage(_likeness_and_color, 16, 400, 4e-4, 0.3, smallest_crop=0.55, ageing=0.35, vividness=0.97),
}
_STRIDE_8 = {"lite0": 5, "lite2": 7}
"""How many of each encoder's blocks reach up to stride 8."""


def configuration(stage: str = "whole") -> Configuration:
    """State the case, with one of ``STAGES``."""
    if stage not in STAGES:
        raise ConfigurationError(f"no stage {stage!r}; there are: {', '.join(STAGES)}")
    own = STAGES[stage]
    return Configuration(
        name="photochrom",
        description="Natural color for any photograph: EfficientNet-Lite2 U-Net, for likeness and color.",
        build=functools.partial(build, "lite2", stage),
        optimizer=functools.partial(optimizer, own.rate, own.encoder_rate),
        averaged=True,
        objective=own.objective,
        view=View(
            side=128,
            chroma_stride=photochrom.CHROMA_STRIDE,
            smallest_crop=own.smallest_crop,
            ageing=own.ageing,
        ),
        batch_size=32,
        epochs=own.epochs,
        steps_per_epoch=own.steps,
        sizes=(128, 160, 192, 224, 256, 320, 384),
        default_size=224,
        vividness=own.vividness,
        size_multiple=photochrom.INPUT_MULTIPLE,
    )


def build(variant: str, stage: str) -> keras.Model:
    """The network on an encoder, with the layers frozen that the stage leaves as they are.

    The second stage leaves the encoder's batch normalization with ImageNet's statistics: those of a batch
    of 32 crops are others, and what the decoder learned in the first stage is lost on them.
    """
    network = photochrom.build(variant)
    pretrained.load_encoder(network, variant)
    blocks = (f"encoder_block{number}_" for number in range(_STRIDE_8[variant]))
    frozen = ("encoder_",) if stage == "decoder" else ("encoder_stem", *blocks)
    for layer in network.layers:
        of_encoder = layer.name.startswith("encoder_")
        if layer.name.startswith(frozen) or (of_encoder and layer.name.endswith("_norm")):
            layer.trainable = False
    return network


def optimizer(
    rate: float, encoder_rate: float, steps: int, ema_momentum: float = 0.998
) -> keras.optimizers.Optimizer:
    """AdamW for a run of that many steps, with a moving average of the weights."""
    return optimizers.FineTuningAdamW(
        optimizers.WarmupCosine(rate, steps),
        encoder_rate=encoder_rate,
        weight_decay=0.01,
        global_clipnorm=1.0,
        use_ema=True,
        ema_momentum=ema_momentum,
    )
