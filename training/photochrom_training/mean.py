"""The mean of the weights of several runs, which is a better model than each: no training at all.

Runs of one network that began with the same weights end on one slope of the loss, and the mean of their
weights lies lower on it (Wortsman et al., *Model soups*, arXiv 2203.05482).
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from photochrom_contract.description import Description
from photochrom_training import identity, saved_model
from photochrom_training.checkpoints import Best, replacing
from photochrom_training.configuration import Configuration
from photochrom_training.learner import Learner


def mean(
    configuration: Configuration, runs: Sequence[Path], output: Path, vividness: float | None = None
) -> Path:
    """Write the mean of the weights that these runs kept to ``output``; the SavedModel's path.

    ``output`` receives ``checkpoints/``, for other runs to start from, and ``saved_model/``. With another
    backend of Keras than TensorFlow there is no SavedModel: the path is the weights'.

    :param configuration: the runs' own: its network, sizes and vividness.
    :param runs: folders of runs; one named twice counts twice.
    :param vividness: in place of the configuration's: what suits each run need not suit the mean.
    :raises DescriptionError: if one of them has a SavedModel whose description cannot be read.
    :raises FileNotFoundError: if one of them has kept no weights.
    :raises RunMismatchError: if one of them has another configuration, or ``output`` holds a run or another
        mean.
    :raises WeightsMismatchError: if the weights are another network's.
    """
    alike = identity.of_model(configuration)
    if vividness is not None:
        del alike["vividness"]
        configuration = dataclasses.replace(configuration, vividness=vividness)
    for run in runs:
        identity.compare(run, alike)
    network = configuration.build()
    learner = Learner(network, objective=lambda *_: 0.0)
    total: list[Any] = []
    for run in runs:
        Best(run / "checkpoints").load(learner)
        weights = [np.asarray(each, np.float64) for each in network.get_weights()]
        total = [a + b for a, b in zip(total, weights, strict=True)] if total else weights
    network.set_weights([each / len(runs) for each in total])

    wanted = {**identity.of_model(configuration), identity.MEAN_OF: [run.name for run in runs]}
    with identity.claimed(output, configuration, wanted) as made_by:
        kept = Best(output / "checkpoints").path
        with replacing(kept) as path:
            learner.save_weights(path)
        if keras.backend.backend() != "tensorflow":
            return kept
        description = configuration.described({**made_by, identity.MEAN_OF: _told_apart(runs)})
        saved_model.write(network, description, output / "saved_model", configuration.vividness)
        return output / "saved_model"


def _told_apart(runs: Sequence[Path]) -> dict[str, Any]:
    """What the runs' SavedModels say of them: what all say alike, then run by run."""
    told = [{"run": run.name, "times": times, **_provenance(run)} for run, times in Counter(runs).items()]
    alike = {name: said for name, said in told[0].items() if all(each.get(name) == said for each in told)}
    apart = [{name: said for name, said in each.items() if name not in alike} for each in told]
    return alike | {str(number): each for number, each in enumerate(apart, 1)}


def _provenance(run: Path) -> dict[str, Any]:
    """What a run's SavedModel says of it, if there is one."""
    path = run / "saved_model"
    return dict(Description.read(path).provenance) if path.exists() else {}
