"""Checkpoints of a run: one to go on from, one of the best weights; each is whole or not there."""

import contextlib
import json
import math
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras

_PROGRESS = "progress.json"


class TrainingDivergedError(RuntimeError):
    """The loss is not a number any more; the message says where the last good checkpoint lies."""


class WeightsMismatchError(ValueError):
    """Weights that do not fit the network, or are damaged; the message names the file."""


class Progress(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights and the optimizer's state after each epoch, to go on from.

    Put it before any callback that exchanges the weights, such as ``SwapEMAWeights``, and its
    :meth:`seal` last: an epoch counts as done when everything that belongs to it is on disk.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._epoch = 0

    @property
    def epochs(self) -> int:
        """How many epochs are done."""
        return int(self._read().get("epoch", 0))

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end."""
        return bool(self._read().get("finished", False))

    def resume(self, model: keras.Model) -> None:
        """Load the last state into a compiled model whose optimizer is built, if there is one."""
        if self.epochs:
            model.load_weights(self._folder / self._read()["weights"])

    def finish(self) -> None:
        """Note that the run came to its end, after however many epochs."""
        self._write({**self._read(), "finished": True})

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Know which one it is."""
        del logs
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """See at once that the run diverges: the rest of the epoch would be in vain."""
        del batch
        self._check(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save the weights under a new name; they count once the epoch is sealed."""
        self._check(logs)
        with replacing(self._folder / _weights_name(epoch)) as path:
            self.model.save_weights(path)

    def seal(self) -> keras.callbacks.Callback:
        """The callback that declares an epoch done."""
        return keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: self._seal(epoch))

    def _check(self, logs: dict[str, Any] | None) -> None:
        # After the last batch's update only the validation shows whether the weights are numbers
        losses = [value for name, value in (logs or {}).items() if name in ("loss", "val_loss")]
        if losses and all(map(math.isfinite, losses)):
            return
        epoch = self._epoch
        kept = f"epoch {epoch}'s checkpoint is kept in {self._folder}" if epoch else "nothing is kept"
        raise TrainingDivergedError(
            f"the loss of epoch {epoch + 1} is not a number; {kept}. The same command would diverge "
            "again: lower the configuration's learning rate, or try another --seed and --output"
        )

    def _seal(self, epoch: int) -> None:
        name = _weights_name(epoch)
        self._write({"epoch": epoch + 1, "weights": name, "finished": bool(self.model.stop_training)})
        for old in self._folder.glob("progress-*.weights.h5"):
            if old.name != name:
                old.unlink()

    def _read(self) -> dict[str, Any]:
        path = self._folder / _PROGRESS
        state: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return state

    def _write(self, state: dict[str, Any]) -> None:
        with replacing(self._folder / _PROGRESS) as path:
            path.write_text(json.dumps(state) + "\n", "utf-8")


def _weights_name(epoch: int) -> str:
    return f"progress-{epoch + 1}.weights.h5"


class Best(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights of the epoch with the least validation loss in ``best.weights.h5``.

    :param keep_last: keep the last epoch's, whatever their loss, if it is a number: for a run begun with
        weights that had learned from what it holds out, whose loss is least before it learns anything.
    """

    def __init__(self, folder: Path, *, keep_last: bool = False) -> None:
        super().__init__()
        self._keep_last = keep_last
        self._folder = folder
        self._record = folder / "best.json"

    def read(self) -> dict[str, float]:
        """The epoch of the weights that are kept, from 1, and its validation loss."""
        if not self._record.exists():
            return {"epoch": 0, "val_loss": math.inf}
        record: dict[str, float] = json.loads(self._record.read_text("utf-8"))
        return record

    @property
    def path(self) -> Path:
        """Where the best weights lie."""
        return self._folder / "best.weights.h5"

    def load(self, model: keras.Model) -> None:
        """Give the best weights to a model of the same network.

        :raises FileNotFoundError: if there are none.
        :raises WeightsMismatchError: if they are another network's, or the file is damaged.
        """
        if not self.path.exists():
            raise FileNotFoundError(f"{self.path}: no such file; a run has one after its first epoch")
        try:
            with warnings.catch_warnings():
                # Keras leaves parts without weights as they are, and warns
                warnings.filterwarnings("error", "Skipping nested container", UserWarning)
                model.load_weights(self.path)
        except OSError as error:
            raise WeightsMismatchError(
                f"{self.path}: no file of weights, or not all of it: {error}"
            ) from error
        except (ValueError, UserWarning) as error:
            raise WeightsMismatchError(f"{self.path}: the weights of another network: {error}") from error

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save, if this epoch is the best so far, before an interruption too, or if the last is kept."""
        loss = float((logs or {})["val_loss"])
        least = math.inf if self._keep_last else self.read()["val_loss"]
        if not loss < least:  # nor if it is not a number
            return
        with replacing(self.path) as path:
            self.model.save_weights(path)
        with replacing(self._record) as path:
            path.write_text(json.dumps({"epoch": epoch + 1, "val_loss": loss}) + "\n", "utf-8")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file beside ``path``, then put it in its place at one stroke, even if power fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".unfinished-{path.name}")
    yield unfinished
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)  # the new name has to last as well
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
