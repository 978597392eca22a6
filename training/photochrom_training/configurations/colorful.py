"""Colorful Image Colorization (arXiv 1603.08511) as its authors trained it.

    photochrom-train colorful --photographs DATA/train-*.tar --output runs/colorful
    photochrom-train colorful --initial vgg16 --photographs DATA/train-*.tar --output runs/colorful-cpu

The full network, from random weights; cross-entropy over 313 bins, rebalanced by the smoothed prior of
the photographs learned from; Adam at 3e-5, lowered by half a decade where validation stops gaining;
batches of 40 crops of 176 px. The authors took 1.3 million photographs and 450,000 batches, and Zhang et
al. report AuC 89.5 and rebalanced 67.3 on ImageNet. That is a GPU's work.

The second command is for two cores and an hour: the same network and objective, begun with
VGG16's convolutions, at a rate that falls from 1e-4 along a cosine (from 3e-4 most channels die), on
batches of 16 crops of 96 px. ``colorful`` 1 is five of six such epochs (33 minutes): on test-open, at
128 px, LPIPS 0.216 where grey has 0.226, PSNR 21.4 dB where grey has 22.1, colorfulness 29 of 42.
"""

from collections.abc import Sequence

import keras

from photochrom_training import bins, objectives, optimizers, plateau
from photochrom_training.batches import Batch, View
from photochrom_training.configuration import Configuration, ConfigurationError
from photochrom_training.history import History
from photochrom_training.learner import Objective
from photochrom_training.networks import colorful, vgg16
from photochrom_training.photographs import Photograph

INITIALS = ("random", "vgg16")
_RATE = 3e-5
_SHORT_RATE = 1e-4


def configuration(initial: str = INITIALS[0]) -> Configuration:
    """State the case, begun with one of ``INITIALS``."""
    if initial not in INITIALS:
        raise ConfigurationError(f"no initial weights {initial!r}; there are: {', '.join(INITIALS)}")
    short = initial == "vgg16"
    return Configuration(
        name="colorful",
        description="Colorful Image Colorization, classification over 313 colors, rebalanced.",
        build=colorful.build,
        prepare=_begin_with_vgg16 if short else None,
        optimizer=_short_optimizer if short else _optimizer,
        objective=_objective,
        view=View(side=96 if short else 176, chroma_stride=colorful.CHROMA_STRIDE, smallest_crop=0.9),
        batch_size=16 if short else 40,
        epochs=12 if short else 450,
        steps_per_epoch=120 if short else 1000,
        callbacks=_no_callbacks if short else _callbacks,
        sizes=(96, 128) if short else (128, 176, 192, 224, 256, 320, 384),
        default_size=128 if short else 256,
        temperature=colorful.ANNEALING,
        size_multiple=colorful.INPUT_MULTIPLE,
    )


def _begin_with_vgg16(network: keras.Model, batch: Batch) -> None:
    lightness, _ = batch
    vgg16.load(network, lightness)


def _optimizer(steps: int) -> keras.optimizers.Optimizer:
    del steps
    return keras.optimizers.Adam(_RATE, beta_1=0.9, beta_2=0.99, weight_decay=1e-3)


def _short_optimizer(steps: int) -> keras.optimizers.Optimizer:
    schedule = optimizers.WarmupCosine(_SHORT_RATE, steps)
    return keras.optimizers.Adam(schedule, beta_1=0.9, beta_2=0.99, weight_decay=1e-3, global_clipnorm=1.0)


def _objective(photographs: Sequence[Photograph]) -> Objective:
    return objectives.Classification(bins.rebalancing(bins.prior(photographs)))


def _callbacks(history: History) -> list[keras.callbacks.Callback]:
    return [plateau.LowerRate(history, _RATE, factor=10**-0.5, patience=10)]


def _no_callbacks(history: History) -> list[keras.callbacks.Callback]:
    del history
    return []
