"""Which photographs a run left out, and why: ``skipped.json``."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from photochrom_training.checkpoints import replacing

_log = logging.getLogger(__name__)


class SkippedReport(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes what was skipped after each epoch, together with what an interrupted run wrote before."""

    def __init__(self, folder: Path, skipped: Callable[[], dict[str, str]]) -> None:
        """Prepare the report.

        :param skipped: tells the photographs skipped so far, by name, and why.
        """
        super().__init__()
        self._path, self._skipped = folder / "skipped.json", skipped
        self._written: dict[str, str] = {}
        if self._path.exists():
            self._written = json.loads(self._path.read_text("utf-8"))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write, if there is news."""
        del epoch, logs
        known = {**self._written, **self._skipped()}
        if known != self._written:
            with replacing(self._path) as path:
                path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", "utf-8")
            self._written = known

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Say how many."""
        del logs
        if self._written:
            _log.warning("%d photographs were skipped: see %s", len(self._written), self._path)
