"""Colorful Image Colorization (arXiv 1603.08511) as its authors trained it.

    photochrom-train colorful --photographs DATA/train-*.tar --output runs/colorful

The full network, from random weights; cross-entropy over 313 bins, rebalanced by the smoothed prior of
the photographs learned from; Adam at 3e-5, lowered by half a decade where validation stops gaining;
batches of 40 crops of 176 px. The authors took 1.3 million photographs and 450,000 batches, and Zhang et
al. report AuC 89.5 and rebalanced 67.3 on ImageNet. Not trained here yet: it is a GPU's work.
"""

from collections.abc import Sequence

import keras

from photochrom_training import bins, objectives, plateau
from photochrom_training.batches import View
from photochrom_training.configuration import Configuration
from photochrom_training.history import History
from photochrom_training.learner import Objective
from photochrom_training.networks import colorful
from photochrom_training.photographs import Photograph

_RATE = 3e-5


def configuration() -> Configuration:
    """State the case."""
    return Configuration(
        name="colorful",
        description="Colorful Image Colorization, classification over 313 colors, rebalanced.",
        build=colorful.build,
        optimizer=lambda _: keras.optimizers.Adam(_RATE, beta_1=0.9, beta_2=0.99, weight_decay=1e-3),
        objective=_objective,
        view=View(side=176, chroma_stride=colorful.CHROMA_STRIDE, smallest_crop=0.9),
        batch_size=40,
        epochs=450,
        steps_per_epoch=1000,
        callbacks=_callbacks,
        sizes=(128, 176, 192, 224, 256, 320, 384),
        default_size=256,
        temperature=colorful.ANNEALING,
        size_multiple=colorful.INPUT_MULTIPLE,
    )


def _objective(photographs: Sequence[Photograph]) -> Objective:
    return objectives.Classification(bins.rebalancing(bins.prior(photographs)))


def _callbacks(history: History) -> list[keras.callbacks.Callback]:
    return [plateau.LowerRate(history, _RATE, factor=10**-0.5, patience=10)]
