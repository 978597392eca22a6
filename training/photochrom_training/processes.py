"""The processes that learn together, on one machine or on several, by Keras's distribution API.

Each is told who they are as Keras has it: ``KERAS_DISTRIBUTION_JOB_ADDRESSES`` (the first one's host and
port), ``KERAS_DISTRIBUTION_NUM_PROCESSES`` and ``KERAS_DISTRIBUTION_PROCESS_ID``.
"""

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import keras

_ADDRESSES = "KERAS_DISTRIBUTION_JOB_ADDRESSES"
_TO_GO_ON_FROM = ("run.json", "history.csv", "checkpoints")


class ProcessesError(ValueError):
    """The processes cannot learn together; the message says why, and what to do."""


@dataclasses.dataclass(frozen=True)
class Processes:
    """How many there are, and which this one is."""

    count: int = 1
    number: int = 0
    """Of this one, from 0: the first, which alone writes into the run's folder."""
    devices: int = 1
    """Of all processes together."""

    @contextlib.contextmanager
    def folder(self, output: Path) -> Iterator[Path]:
        """Where this process works: the first in ``output``, another in a copy that goes when it is done.

        Another waits here until the first has called :meth:`begin`. All of them read photographs, each its
        own: what another one skipped is left in ``output`` as ``skipped-NUMBER.json``.
        """
        if self.number == 0:
            yield output
            return
        self._meet()
        own, skipped = output / f".process-{self.number}", output / f"skipped-{self.number}.json"
        shutil.rmtree(own, ignore_errors=True)  # of one that was killed
        own.mkdir(parents=True)
        for name in _TO_GO_ON_FROM:
            if (output / name).is_dir():
                shutil.copytree(output / name, own / name)
            elif (output / name).exists():
                shutil.copy(output / name, own)
        if skipped.exists():
            shutil.copy(skipped, own / "skipped.json")
        try:
            yield own
        finally:
            if (own / "skipped.json").exists():
                shutil.copy(own / "skipped.json", skipped)
            shutil.rmtree(own)

    def begin(self) -> None:
        """Say, as the first, that the run's folder is claimed."""
        if self.number == 0 and self.count > 1:
            self._meet()

    def agree(self, epochs: int) -> None:
        """See that all go on after the same epoch.

        :raises ProcessesError: in each of them, if one has another.
        """
        if self.count == 1:
            return
        import numpy as np
        from jax.experimental import multihost_utils

        done = np.ravel(multihost_utils.process_allgather(np.array([epochs]))).tolist()
        if len(set(done)) > 1:
            raise ProcessesError(
                f"the processes have done {', '.join(map(str, done))} epochs: "
                "give them an --output that all of them see"
            )

    def _meet(self) -> None:
        from jax.experimental import multihost_utils

        multihost_utils.sync_global_devices("the run's folder is claimed")


def joined() -> Processes:
    """Join the others, if the environment names them; wait until all are there.

    :raises ProcessesError: if they do not come together.
    """
    if _ADDRESSES in os.environ:
        try:
            keras.distribution.initialize()
        except (KeyError, RuntimeError, ValueError) as error:
            raise ProcessesError(f"{_ADDRESSES}={os.environ[_ADDRESSES]}: {error}") from error
    devices = len(keras.distribution.list_devices())
    if _ADDRESSES not in os.environ:
        return Processes(devices=devices)
    import jax

    return Processes(jax.process_count(), jax.process_index(), devices)
