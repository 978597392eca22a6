"""One training run: photographs and a configuration in, a SavedModel out."""

import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path

import keras

from photochrom_contract.description import Description
from photochrom_training import identity, photographs, provenance, saved_model
from photochrom_training.batches import Batches, keep_colored, open_colored
from photochrom_training.checkpoints import Best, Progress
from photochrom_training.configuration import Configuration
from photochrom_training.history import History
from photochrom_training.learner import Learner
from photochrom_training.machine import PRECISIONS, Machine
from photochrom_training.skipped import SkippedReport

_log = logging.getLogger(__name__)

_MACHINE = Machine()


def train(
    configuration: Configuration,
    places: Sequence[Path],
    output: Path,
    *,
    seed: int = 0,
    machine: Machine = _MACHINE,
    start_from: Path | None = None,
    labels: Sequence[str] = (),
    keep_last: bool = False,
) -> Path:
    """Train, or go on training what a killed run left in ``output``; the SavedModel's path.

    With another backend of Keras than TensorFlow there is no SavedModel yet: the path is the best weights'.
    ``output`` receives ``history.csv``, ``history.png``, ``checkpoints/``, ``saved_model/`` and, where
    TensorBoard is installed, ``logs/``.

    :param places: folders, tar shards or single photographs.
    :param start_from: the folder of another run of the same network, whose best weights are this one's first.
    :param labels: of the photographs to learn from; none for all.
    :param keep_last: make the model of the last epoch's weights, whatever the validation loss.
    :raises PhotographsError: if there is nothing to learn from.
    :raises RunMismatchError: if ``output`` holds a run with another configuration, seed or photographs.
    :raises TrainingDivergedError: if the loss stops being a number; the last good checkpoint stays.
    """
    keras.utils.set_random_seed(seed)
    devices = machine.prepare(configuration.batch_size)

    # Photographs
    found = photographs.index(places)
    if labels:
        found = photographs.with_labels(found, labels)
    identity.check(output, configuration, found, seed, keep_last=keep_last)
    training, held_out = photographs.split(found, configuration.validation_share)
    validation, skipped = keep_colored(held_out)
    if not validation or not any(open_colored(photograph)[0] for photograph in training):
        raise photographs.PhotographsError("no color to learn from: the photographs are grey, or unreadable")
    validation = validation[: len(validation) // devices * devices or None]
    view, batch_size = configuration.view, configuration.batch_size
    steps = configuration.steps_per_epoch or -(-len(training) // batch_size)
    stream = Batches(training, view, batch_size, steps=steps, seed=seed, workers=machine.workers)
    validation_pass = Batches(validation, view, batch_size, seed=seed, workers=machine.workers)
    _log.info("%d photographs to learn from, %d held out", len(training), len(validation))

    # Network
    network = configuration.build()
    learner = Learner(network, configuration.objective(training), configuration.temperature)
    progress, best = Progress(output / "checkpoints"), Best(output / "checkpoints", keep_last=keep_last)
    if start_from is not None:
        Best(start_from / "checkpoints").load(learner)
    elif configuration.prepare and not progress.epochs:
        configuration.prepare(network, stream[0])
    learner.compile(configuration.optimizer(configuration.epochs * steps))
    learner.optimizer.build(learner.trainable_variables)

    # Where an earlier command stopped
    progress.resume(learner)
    stream.epoch = done = progress.epochs
    if done:
        _log.info("going on after epoch %d of %d", done, configuration.epochs)

    # Training
    if done < configuration.epochs and not progress.is_finished:
        history = History(output, done)
        averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if configuration.averaged else []
        learner.fit(
            stream,
            validation_data=validation_pass,
            epochs=configuration.epochs,
            initial_epoch=done,
            callbacks=[
                progress,
                *averaging,
                best,
                history,
                *configuration.callbacks(history),
                *_tensorboard(output / "logs"),
                SkippedReport(output, lambda: {**skipped, **stream.skipped}),
                progress.seal(),
            ],
        )
        progress.finish()

    # SavedModel
    if keras.backend.backend() != "tensorflow":
        _log.info("trained; the same command with Keras's TensorFlow backend writes the SavedModel")
        return best.path
    if machine.precision != PRECISIONS[0]:
        keras.config.set_dtype_policy(PRECISIONS[0])
        network = configuration.build()
        learner = Learner(network, learner.objective, configuration.temperature)
    best.load(learner)
    said = {
        **provenance.of(configuration),
        "photographs": len(found),
        "from": [place.name for place in places],
        "epochs": progress.epochs,
        "batches": progress.epochs * steps,
        "batch_size": batch_size,
        "seed": seed,
        "weights": {"kept": "the last" if keep_last else "the best", **best.read()},
        "precision": machine.precision,
        **({"labels": list(labels)} if labels else {}),
        **({"start_from": start_from.name} if start_from else {}),
    }
    description = Description(
        configuration.name,
        configuration.description,
        configuration.sizes,
        configuration.default_size,
        said,
        configuration.temperature,
    )
    saved_model.write(network, description, output / "saved_model", configuration.vividness)
    return output / "saved_model"


def _tensorboard(folder: Path) -> list[keras.callbacks.Callback]:
    """Logs for TensorBoard, where it is installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return []
    return [keras.callbacks.TensorBoard(folder, write_graph=False)]
