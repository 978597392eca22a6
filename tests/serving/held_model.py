"""A model for tests of batching: it notes what it runs, and waits with it until it is let go."""

import threading
import time

import numpy as np
import numpy.typing as npt

from photochrom_serving.errors import PredictionError
from photochrom_serving.session import Chroma, Plane
from tests import model_factory

POISON = 255
"""The value of a plane that fails its batch."""


class HeldModel:
    """Its planes have one value, by which :attr:`batches` lists them, row by row, padding included."""

    label = "tiny/1"

    def __init__(self, *buckets: int, seconds: float = 0.0) -> None:
        """:param seconds: that every batch takes after it was let go."""
        self.buckets = buckets
        self.seconds = seconds
        self.batches: list[list[int]] = []
        self.written: list[int] = []
        self.go = threading.Event()
        self.started = threading.Semaphore(0)

    def stage(self, size: int) -> "HeldStage":
        return HeldStage(self, size)


class HeldStage:
    has_own_warmth = False

    def __init__(self, model: HeldModel, size: int) -> None:
        self._model = model
        self._planes: npt.NDArray[np.uint8] = np.zeros((model.buckets[-1], size, size), np.uint8)

    def warm_up(self, bucket: int) -> float:
        self.run(bucket, None, alone=True)
        return self._model.seconds

    def write(self, row: int, plane: Plane) -> None:
        self._planes[row] = plane
        self._model.written.append(int(plane[0, 0]))

    def move(self, source: int, target: int) -> None:
        self._planes[target] = self._planes[source]

    def run(self, bucket: int, temperature: float | None, *, alone: bool) -> None:
        values = [int(plane[0, 0]) for plane in self._planes[:bucket]]
        self._model.batches.append(values)
        self._model.started.release()
        assert self._model.go.wait(30)
        time.sleep(self._model.seconds)
        if POISON in values:
            raise FloatingPointError("white")

    def read(self, count: int) -> list[Chroma | PredictionError]:
        return [model_factory.expected_chroma(plane) for plane in self._planes[:count]]


def plane_of(value: int, size: int = 2) -> npt.NDArray[np.uint8]:
    return np.full((size, size), value, np.uint8)
