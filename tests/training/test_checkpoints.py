"""Checkpoints hold numbers, of the epoch that was asked for."""

import math
from pathlib import Path

import keras
import numpy as np
import pytest

from photochrom_training.checkpoints import Best, Progress, TrainingDivergedError, WeightsMismatchError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras


def test_a_loss_that_is_no_number_is_never_the_best(tmp_path: Path) -> None:
    best = Best(tmp_path)
    best.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))

    for epoch, loss in enumerate([2.0, math.nan, 3.0, 1.0, math.nan]):
        best.on_epoch_end(epoch, {"val_loss": loss})

    assert best.read() == {"epoch": 4, "val_loss": 1.0}


def test_the_last_is_kept_if_asked_for_and_a_number(tmp_path: Path) -> None:
    best = Best(tmp_path, keep_last=True)
    best.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))

    for epoch, loss in enumerate([2.0, 1.0, 3.0, math.nan]):
        best.on_epoch_end(epoch, {"val_loss": loss})

    assert best.read() == {"epoch": 3, "val_loss": 3.0}


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


def test_weights_that_the_last_batch_of_an_epoch_ruined_are_not_kept(tmp_path: Path) -> None:
    class Spoil(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            del logs
            if batch == 2 and progress.epochs == 1:
                self.model.set_weights([weight * np.nan for weight in self.model.get_weights()])

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    ones = np.ones((6, 1))
    progress = Progress(tmp_path)
    with pytest.raises(TrainingDivergedError, match="loss of epoch 2 is not a number; epoch 1's checkpoint"):
        model.fit(
            ones,
            ones,
            batch_size=2,
            validation_data=(ones, ones),
            epochs=3,
            callbacks=[progress, Spoil(), progress.seal()],
            verbose=0,
        )

    progress.resume(model)
    assert np.isfinite(model.get_weights()[0]).all()


def test_a_run_that_stopped_early_has_finished_the_moment_its_last_epoch_is_sealed(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, _: setattr(model, "stop_training", epoch == 1)
    )
    finished: list[bool] = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: finished.append(progress.is_finished))

    model.fit(
        np.ones((2, 1)),
        np.ones((2, 1)),
        epochs=4,
        callbacks=[progress, stop, progress.seal(), note],
        verbose=0,
    )

    assert finished == [False, True]


@pytest.mark.parametrize("part", [0, 0.5, 0.99], ids=str)
def test_a_damaged_file_of_weights_is_named(part: float, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    best = Best(tmp_path)
    model.save_weights(best.path)
    whole = best.path.read_bytes()
    best.path.write_bytes(whole[: int(part * len(whole))])

    with pytest.raises(
        WeightsMismatchError, match=r"best\.weights\.h5: no file of weights, or not all of it"
    ):
        best.load(model)
