"""A configuration small enough to train in a test; a program of its own, so that it can be killed."""

import argparse
import logging
import sys
from pathlib import Path

import keras

from photochrom_contract.tensors import CHROMA, LIGHTNESS
from photochrom_training import objectives, optimizers, run
from photochrom_training.batches import View
from photochrom_training.configuration import Configuration
from photochrom_training.machine import Machine
from photochrom_training.networks.layers import ChannelsFirst, ChannelsLast

EPOCHS = 4


def command(photographs: Path, output: Path) -> list[str]:
    return [sys.executable, __file__, str(photographs), str(output), str(EPOCHS)]


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
        vividness=2.0,
        objective=lambda _: objectives.Regression(objectives.huber(10.0)),
        view=View(side=32, chroma_stride=4, smallest_crop=0.6, ageing=0.3),
        batch_size=4,
        epochs=epochs,
        steps_per_epoch=3,
        validation_share=0.15,  # by their names four of the tests' photographs: they can be shared out
        sizes=(32, 64),
        default_size=32,
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser()
    parser.add_argument("places", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("epochs", type=int)
    parser.add_argument("--start-from", type=Path)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--distribute", action="store_true")
    options = parser.parse_args()
    run.train(
        configuration(options.epochs),
        [options.places],
        options.output,
        start_from=options.start_from,
        machine=Machine(precision=options.precision, distribute=options.distribute),
    )
