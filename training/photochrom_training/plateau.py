"""What to do when validation stops gaining: lower the learning rate, or stop.

Keras has callbacks for both, but they count in memory and forget when a run is killed. These read
what they need from the history, so a resumed run decides as an uninterrupted one.
"""

from collections.abc import Sequence
from typing import Any

import keras

from photochrom_training.history import History


def epochs_without_gain(losses: Sequence[float]) -> int:
    """Epochs since the least of ``losses``; 0 if the last is the least, or there is none."""
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def plateaus(losses: Sequence[float], patience: int) -> int:
    """How many times ``losses`` went ``patience`` epochs without a new least; each starts a new count."""
    found, waited, least = 0, 0, float("inf")
    for loss in losses:
        waited = 0 if loss < least else waited + 1
        least = min(least, loss)
        if waited == patience:
            found, waited = found + 1, 0
    return found


class Stop(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends the run after ``patience`` epochs without gain. Put it after the history."""

    def __init__(self, history: History, patience: int) -> None:
        super().__init__()
        self._history, self._patience = history, patience

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop, if it is time."""
        del epoch, logs
        self.model.stop_training = epochs_without_gain(self._history.validation_losses) >= self._patience


class LowerRate(keras.callbacks.Callback):  # type: ignore[misc]
    """Multiplies the learning rate ``peak`` by ``factor`` for each plateau of ``patience`` epochs."""

    def __init__(self, history: History, peak: float, factor: float, patience: int) -> None:
        super().__init__()
        self._history, self._peak, self._factor, self._patience = history, peak, factor, patience

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the rate for the epoch."""
        del epoch, logs
        count = plateaus(self._history.validation_losses, self._patience)
        self.model.optimizer.learning_rate = self._peak * self._factor**count
