"""One training run: photographs and a configuration in, a SavedModel out."""

import functools
import importlib.util
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from photochrom_training import identity, photographs, saved_model
from photochrom_training.batches import Batches, keep_colored, open_colored
from photochrom_training.checkpoints import Best, Progress
from photochrom_training.configuration import Configuration
from photochrom_training.history import History
from photochrom_training.learner import Learner
from photochrom_training.machine import PRECISIONS, Machine, MachineError
from photochrom_training.processes import Processes
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
    :raises FileNotFoundError: if ``start_from`` has kept no weights.
    :raises MachineError: if the machine, or Keras's backend, cannot do what was asked.
    :raises PhotographsError: if there is nothing to learn from, or nothing any more, or if ``output`` lies
        among the photographs.
    :raises PretrainedWeightsError: if the configuration's own first weights cannot be had.
    :raises ProcessesError: if the processes of a distributed run do not come together.
    :raises RunMismatchError: if ``output`` holds a run with another configuration, seed or photographs, or
        another process is at work in it.
    :raises TrainingDivergedError: if the loss stops being a number; the last good checkpoint stays.
    :raises WeightsMismatchError: if the weights to start from are another network's.
    """
    keras.utils.set_random_seed(seed)
    processes = machine.prepare(configuration.batch_size)
    for place in places:
        if output.resolve().is_relative_to(place.resolve()):
            raise photographs.PhotographsError(
                f"{output} lies in {place}, and its history.png would be taken for a photograph: "
                "choose another --output"
            )
    found = photographs.index(places)
    if labels:
        found = photographs.with_labels(found, labels)
    wanted = identity.of_run(
        configuration, found, seed, precision=machine.precision, start_from=start_from, keep_last=keep_last
    )
    with processes.folder(output) as folder, identity.claimed(folder, configuration, wanted) as made_by:
        processes.begin()
        told = {
            **made_by,
            "photographs": len(found),
            "from": [place.name for place in places],
            "seed": seed,
            "precision": machine.precision,
            **({"labels": list(labels)} if labels else {}),
            **({"start_from": start_from.name} if start_from else {}),
        }
        path = _train(
            configuration,
            found,
            folder,
            seed=seed,
            machine=machine,
            processes=processes,
            start_from=start_from,
            keep_last=keep_last,
            told=told,
        )
        return output / path.relative_to(folder)


def _train(
    configuration: Configuration,
    found: Sequence[photographs.Photograph],
    output: Path,
    *,
    seed: int,
    machine: Machine,
    processes: Processes,
    start_from: Path | None,
    keep_last: bool,
    told: dict[str, Any],
) -> Path:
    """Train in a folder that is this run's own."""
    # Photographs
    training, held_out = photographs.split(found, configuration.validation_share)
    if not any(open_colored(photograph)[0] for photograph in training):
        raise photographs.PhotographsError("no color to learn from: the photographs are grey, or unreadable")
    validation, skipped = _to_validate(held_out, processes.devices)
    view, batch_size = configuration.view, configuration.batch_size
    steps = configuration.steps_per_epoch or -(-len(training) // batch_size)
    make = functools.partial(Batches, view=view, batch_size=batch_size, seed=seed, workers=machine.workers)
    own = functools.partial(make, part=processes.number, parts=processes.count)
    stream, validation_pass = own(training, steps=steps), own(validation)
    _log.info("%d photographs to learn from, %d held out", len(training), len(validation))

    # Network, new or where an earlier command stopped
    network = configuration.build()
    learner = Learner(network, configuration.objective(training), configuration.temperature)
    progress, best = Progress(output / "checkpoints"), Best(output / "checkpoints", keep_last=keep_last)
    stream.epoch = done = progress.epochs
    processes.agree(done)
    if not done and start_from is not None:
        Best(start_from / "checkpoints").load(learner)
    elif not done and configuration.prepare:
        whole = make(training, steps=steps)  # of which all processes see all, for they begin alike
        configuration.prepare(network, whole[0])
    learner.compile(configuration.optimizer(configuration.epochs * steps))
    learner.optimizer.build(learner.trainable_variables)
    if done:
        progress.resume(learner)
        _log.info("going on after epoch %d of %d", done, configuration.epochs)

    # Training
    if done < configuration.epochs and not progress.is_finished:
        history = History(output, done)
        averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if configuration.averaged else []
        try:
            learner.fit(
                stream,
                shuffle=False,  # Keras would draw an epoch's order, and draw another one after a kill
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
        except Exception as error:
            # What was raised in a worker comes as the backend's own error
            if failure := stream.failure or validation_pass.failure:
                raise photographs.PhotographsError(failure) from error
            raise
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
    told = {
        **told,
        "epochs": progress.epochs,
        "batches": progress.epochs * steps,
        "batch_size": batch_size,
        "weights": {"kept": "the last" if keep_last else "the best", **best.read()},
    }
    saved_model.write(network, configuration.described(told), output / "saved_model", configuration.vividness)
    return output / "saved_model"


def _to_validate(
    held_out: Sequence[photographs.Photograph], devices: int
) -> tuple[list[photographs.Photograph], dict[str, str]]:
    """Of the photographs held out those that have color, as many as can be shared out; and why not others."""
    validation, skipped = keep_colored(held_out)
    if not validation:
        name, problem = next(iter(skipped.items()))
        raise photographs.PhotographsError(
            f"of {len(held_out)} photographs held out none will do, as {name}: {problem}; train on more"
        )
    shared = len(validation) // devices * devices
    if not shared:
        raise MachineError(
            f"{len(validation)} photographs held out cannot be shared out over {devices} devices: "
            "train on more photographs, or without --distribute"
        )
    return validation[:shared], skipped


def _tensorboard(folder: Path) -> list[keras.callbacks.Callback]:
    """Logs for TensorBoard, where it is installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return []
    return [keras.callbacks.TensorBoard(folder, write_graph=False)]
