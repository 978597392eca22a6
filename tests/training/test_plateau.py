"""The rate falls and the run ends by the history alone."""

import math
from pathlib import Path

import keras
import pytest

from photochrom_training.checkpoints import Best, Progress, TrainingDivergedError
from photochrom_training.plateau import epochs_without_gain, plateaus


@pytest.mark.parametrize(
    ("losses", "epochs"), [([], 0), ([3.0], 0), ([3.0, 2.0], 0), ([2.0, 3.0, 2.5], 2), ([2.0, 2.0], 1)]
)
def test_epochs_without_gain(losses: list[float], epochs: int) -> None:
    assert epochs_without_gain(losses) == epochs


@pytest.mark.parametrize(
    ("losses", "count"),
    [
        ([], 0),
        ([5, 4, 3, 2], 0),
        ([5, 6, 6], 1),
        ([5, 6, 6, 6, 6], 2),
        ([5, 6, 4, 6], 0),
        ([5, 6, 6, 4, 6, 6], 2),
    ],
)
def test_each_run_of_two_epochs_without_gain_is_a_plateau(losses: list[float], count: int) -> None:
    assert plateaus(losses, patience=2) == count


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras, on TensorFlow
def test_a_loss_that_is_no_number_is_never_the_best(tmp_path: Path) -> None:
    best = Best(tmp_path)
    best.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))

    for epoch, loss in enumerate([2.0, math.nan, 3.0, 1.0, math.nan]):
        best.on_epoch_end(epoch, {"val_loss": loss})

    assert best.read() == {"epoch": 4, "val_loss": 1.0}


def test_a_diverged_run_says_what_is_kept(tmp_path: Path) -> None:
    with pytest.raises(TrainingDivergedError, match="loss of epoch 1 is not a number; nothing is kept"):
        Progress(tmp_path).on_epoch_end(0, {"loss": math.nan})
    with pytest.raises(TrainingDivergedError, match="epoch 2's checkpoint is kept"):
        Progress(tmp_path).on_epoch_end(2, {"loss": math.inf})
