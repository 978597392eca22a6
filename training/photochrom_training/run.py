"""One training run: photographs and a configuration in, a SavedModel out."""

import dataclasses
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import keras

from photochrom_contract.description import Description
from photochrom_training import photographs, saved_model
from photochrom_training.batches import Batches
from photochrom_training.checkpoints import Best, Progress, replacing
from photochrom_training.configuration import Configuration
from photochrom_training.history import History
from photochrom_training.objectives import ChromaAccuracy

_log = logging.getLogger(__name__)


def train(
    configuration: Configuration, places: Sequence[Path], output: Path, *, seed: int = 0, workers: int = 2
) -> Path:
    """Train, or go on training what a killed run left in ``output``; the SavedModel's path.

    ``output`` receives ``history.csv``, ``history.png``, ``checkpoints/`` and ``saved_model/``.

    :param places: folders, tar shards or single photographs.
    :raises PhotographsError: if there is nothing to learn from.
    :raises TrainingDivergedError: if the loss stops being a number; the last good checkpoint stays.
    """
    keras.utils.set_random_seed(seed)

    # Photographs
    found = photographs.index(places)
    training, validation = photographs.split(found, configuration.validation_share, seed)
    steps = configuration.steps_per_epoch or -(-len(training) // configuration.batch_size)
    view, batch_size = configuration.view, configuration.batch_size
    seen = Batches(training, view, batch_size, steps=steps, seed=seed, workers=workers)
    held_out = Batches(
        validation, dataclasses.replace(view, chroma_gain=1.0), batch_size, seed=seed, workers=workers
    )
    _log.info("%d photographs to learn from, %d held out", len(training), len(validation))

    # Network
    network = configuration.build()
    network.compile(
        optimizer=configuration.optimizer(configuration.epochs * steps),
        loss=configuration.loss,
        metrics=[ChromaAccuracy()],
    )

    # Where an earlier run stopped
    progress, best = Progress(output / "checkpoints"), Best(output / "checkpoints")
    network.optimizer.build(network.trainable_variables)
    seen.epoch = first_epoch = progress.resume(network)
    if first_epoch:
        _log.info("going on with epoch %d of %d", first_epoch + 1, configuration.epochs)

    # Training
    if first_epoch < configuration.epochs:
        averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if configuration.averaged else []
        network.fit(
            seen,
            validation_data=held_out,
            epochs=configuration.epochs,
            initial_epoch=first_epoch,
            callbacks=[
                progress,
                *averaging,
                best,
                *configuration.callbacks(),
                History(output, first_epoch),
                progress.seal(),
            ],
        )
        _report_skipped({**seen.skipped, **held_out.skipped}, output)

    # SavedModel
    network.load_weights(best.path)
    provenance = {
        "configuration": configuration.name,
        "keras": keras.version(),
        "photographs": len(found),
        "epochs": configuration.epochs,
        "batches": configuration.epochs * steps,
        "batch_size": batch_size,
        "seed": seed,
    }
    description = Description(
        configuration.name,
        configuration.description,
        configuration.sizes,
        configuration.default_size,
        provenance,
    )
    saved_model.write(network, description, output / "saved_model")
    return output / "saved_model"


def _report_skipped(skipped: dict[str, str], output: Path) -> None:
    if skipped:
        with replacing(output / "skipped.json") as path:
            path.write_text(json.dumps(skipped, indent=2, sort_keys=True) + "\n", "utf-8")
        _log.warning("%d photographs were skipped: see %s", len(skipped), output / "skipped.json")
