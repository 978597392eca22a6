"""The rate falls and the run ends by the history alone."""

import math
from pathlib import Path

import keras
import numpy as np
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


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_last_is_kept_if_asked_for_and_a_number(tmp_path: Path) -> None:
    best = Best(tmp_path, keep_last=True)
    best.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))

    for epoch, loss in enumerate([2.0, 1.0, 3.0, math.nan]):
        best.on_epoch_end(epoch, {"val_loss": loss})

    assert best.read() == {"epoch": 3, "val_loss": 3.0}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("first_bad", "says"),
    [(2, "loss of epoch 1 is not a number; nothing is kept"), (13, "epoch 2's checkpoint is kept")],
)
def test_a_diverged_run_ends_at_that_batch_and_says_what_is_kept(
    first_bad: int, says: str, tmp_path: Path
) -> None:
    seen: list[int] = []

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 5

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            return np.ones((2, 1)), np.ones((2, 1))

    class Spoil(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
            del batch, logs
            seen.append(len(seen))
            if len(seen) == first_bad:
                self.model.set_weights([weight * np.nan for weight in self.model.get_weights()])

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    progress = Progress(tmp_path)
    with pytest.raises(TrainingDivergedError, match=says):
        model.fit(Batches(), epochs=4, callbacks=[Spoil(), progress, progress.seal()], verbose=0)
    assert len(seen) == first_bad
    assert progress.epochs == (first_bad - 1) // 5
