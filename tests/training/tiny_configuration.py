"""A configuration small enough to train in a test; a program of its own, so that it can be killed."""

import logging
import sys
from pathlib import Path

import keras

from photochrom_contract.tensors import CHROMA, LIGHTNESS
from photochrom_training import objectives, optimizers, run
from photochrom_training.batches import View
from photochrom_training.configuration import Configuration
from photochrom_training.networks.layers import ChannelsFirst, ChannelsLast


def build() -> keras.Model:
    lightness = keras.Input((1, None, None), name=LIGHTNESS)
    x = ChannelsLast()(lightness)
    x = keras.layers.Rescaling(1 / 50, -1)(x)
    x = keras.layers.Conv2D(4, 3, 4, padding="same", activation="relu", name="encoder_conv")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Conv2D(2, 1, name="ab")(x)
    return keras.Model(lightness, ChannelsFirst(name=CHROMA)(x))


def configuration(epochs: int) -> Configuration:
    return Configuration(
        name="tiny",
        description="A test's model.",
        build=build,
        optimizer=lambda steps: optimizers.FineTuningAdamW(
            optimizers.WarmupCosine(1e-2, steps), encoder_rate=0.1, use_ema=True, ema_momentum=0.9
        ),
        averaged=True,
        objective=lambda _: objectives.Regression(objectives.huber(10.0)),
        view=View(side=32, chroma_stride=4, smallest_crop=0.6, ageing=0.3),
        batch_size=4,
        epochs=epochs,
        steps_per_epoch=3,
        validation_share=0.2,
        sizes=(32, 64),
        default_size=32,
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    places, output, epochs, *start_from = sys.argv[1:]
    run.train(
        configuration(int(epochs)),
        [Path(places)],
        Path(output),
        start_from=Path(start_from[0]) if start_from else None,
    )
