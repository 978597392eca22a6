"""The history of a run: a CSV with a row for each epoch, and a picture of it."""

import csv
import time
from pathlib import Path
from typing import Any

import keras

from photochrom_training.checkpoints import replacing

_COLUMNS = ("epoch", "loss", "val_loss", "accuracy", "val_accuracy", "seconds")
_PANELS = (
    ("loss", "loss"),
    ("accuracy", "share of pixels within 10 a*b* units"),
)


class History(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes ``history.csv`` and ``history.png`` after each epoch; goes on where a killed run stopped."""

    def __init__(self, folder: Path, first_epoch: int) -> None:
        super().__init__()
        self._folder = folder
        self._rows = [row for row in read(folder / "history.csv") if row["epoch"] <= first_epoch]
        self._started = 0.0

    @property
    def validation_losses(self) -> list[float]:
        """Of every epoch so far."""
        return [row["val_loss"] for row in self._rows]

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        del epoch, logs
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add a row and draw again."""
        seconds = time.monotonic() - self._started
        values = {**(logs or {}), "epoch": epoch + 1, "seconds": seconds}
        # As they are written: what is decided by them is the same after a kill
        self._rows.append({name: float(f"{values[name]:.6g}") for name in _COLUMNS})
        with replacing(self._folder / "history.csv") as path, path.open("w", newline="") as file:
            writer = csv.DictWriter(file, _COLUMNS)
            writer.writeheader()
            for row in self._rows:
                writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
        with replacing(self._folder / "history.png") as path:
            draw(self._rows, path)


def read(path: Path) -> list[dict[str, float]]:
    """Read a ``history.csv``; no rows if it is not there."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Draw loss and accuracy, training and validation, over the epochs, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    epochs = [row["epoch"] for row in rows]
    for axes, (name, label) in zip(figure.subplots(1, len(_PANELS)), _PANELS, strict=True):
        axes.plot(epochs, [row[name] for row in rows], label="training")
        axes.plot(epochs, [row[f"val_{name}"] for row in rows], label="validation")
        axes.set(xlabel="epoch", ylabel=label)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, format="png", dpi=120)
