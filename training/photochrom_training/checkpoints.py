"""Checkpoints of a run: one to go on from, one of the best weights; each is whole or not there."""

import contextlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras


class TrainingDivergedError(RuntimeError):
    """The loss is not a number any more; the message says where the last good checkpoint lies."""


class Progress(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights and the optimizer's state after each epoch, to go on from.

    Put it before any callback that exchanges the weights, such as ``SwapEMAWeights``, and its
    :meth:`seal` last: an epoch counts as done when everything that belongs to it is on disk.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def resume(self, model: keras.Model) -> int:
        """Load the last state into a compiled model, if there is one; the epoch to go on with."""
        state = self._folder / "progress.json"
        if not state.exists():
            return 0
        fields = json.loads(state.read_text("utf-8"))
        model.load_weights(self._folder / fields["weights"])
        return int(fields["epoch"])

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save the weights under a new name; they count once the epoch is sealed."""
        if not math.isfinite((logs or {}).get("loss", math.nan)):
            raise TrainingDivergedError(
                f"the loss of epoch {epoch + 1} is not a number; the last good checkpoint, of epoch {epoch}, "
                f"is in {self._folder}: lower the learning rate and run the same command again"
            )
        with replacing(self._folder / _weights_name(epoch)) as path:
            self.model.save_weights(path)

    def seal(self) -> keras.callbacks.Callback:
        """The callback that declares an epoch done."""
        return keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: self._seal(epoch))

    def _seal(self, epoch: int) -> None:
        name = _weights_name(epoch)
        with replacing(self._folder / "progress.json") as path:
            path.write_text(json.dumps({"epoch": epoch + 1, "weights": name}) + "\n", "utf-8")
        for old in self._folder.glob("progress-*.weights.h5"):
            if old.name != name:
                old.unlink()


def _weights_name(epoch: int) -> str:
    return f"progress-{epoch + 1}.weights.h5"


class Best(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the weights of the epoch with the least validation loss in ``best.weights.h5``."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._record = folder / "best.json"

    @property
    def path(self) -> Path:
        """Where the best weights lie."""
        return self._folder / "best.weights.h5"

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save, if this epoch is the best so far, in this run or before it was interrupted."""
        loss = (logs or {})["val_loss"]
        if self._record.exists() and json.loads(self._record.read_text("utf-8"))["val_loss"] <= loss:
            return
        with replacing(self.path) as path:
            self.model.save_weights(path)
        with replacing(self._record) as path:
            path.write_text(json.dumps({"epoch": epoch + 1, "val_loss": float(loss)}) + "\n", "utf-8")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file beside ``path``, then put it in its place at one stroke, even if power fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".unfinished-{path.name}")
    yield unfinished
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
