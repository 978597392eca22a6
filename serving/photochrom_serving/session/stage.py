"""A stage: memory for batches of one size, bound to a graph once and used again and again.

Nothing is allocated for a batch, and the graph only ever sees the shapes of the buckets.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom_contract import tensors
from photochrom_serving.errors import PredictionError
from photochrom_serving.session.opening import import_onnxruntime
from photochrom_serving.session.planes import Chroma, Plane, write_lightness


class Stage:
    """Input and output of one batch at a time: write, run, read.

    The buffers are in the host's memory. On CUDA they are pinned, and ONNX Runtime copies them.
    """

    has_own_warmth = False
    """Whether warming up another one of its size does not warm this one up."""
    runs_until_warm = 2
    """The first one allocates."""

    def __init__(
        self, session: Any, label: str, size: int, side: int, buckets: Sequence[int], *, narrow: Any = None
    ) -> None:
        """Allocate it.

        :param session: the ``onnxruntime.InferenceSession``.
        :param label: the model version, such as ``photochrom/1``, for messages.
        :param size: of the lightness planes.
        :param side: of the chroma planes.
        :param buckets: the batch sizes that will be run, ascending.
        :param narrow: the same graph on fewer threads, for batches beside others: these fill the cores,
            and each has less to wait for.
        """
        self._session = session
        self._narrow = narrow or session
        self._label = label
        self._buckets = buckets
        self.lightness: npt.NDArray[np.float32] = np.zeros((buckets[-1], 1, size, size), np.float32)
        self.chroma: npt.NDArray[np.float32] = np.zeros((buckets[-1], 2, side, side), np.float32)
        self._temperature = np.ones((), np.float32)
        self._bindings: dict[tuple[int, bool, bool], Any] = {}

    def write(self, row: int, plane: Plane) -> None:
        """Put a plane ``(size, size)`` into a row of the batch."""
        write_lightness(plane, self.lightness[row, 0])

    def move(self, source: int, target: int) -> None:
        """Put what is in one row into another."""
        self.lightness[target] = self.lightness[source]

    def run(self, bucket: int, temperature: float | None = None, *, alone: bool = True) -> None:
        """Run the first ``bucket`` rows as one batch; those nobody wrote are padding.

        :param temperature: of the annealed mean, for a model that has one; None for the model's own.
        :param alone: whether no other batch runs just now.
        """
        if temperature is not None:
            self._temperature[...] = temperature
        session = self._session if alone else self._narrow
        key = (bucket, temperature is not None, session is self._session)
        if key not in self._bindings:
            self._bindings[key] = self._bind(session, bucket, with_temperature=temperature is not None)
        session.run_with_iobinding(self._bindings[key])

    def warm_up(self, bucket: int) -> float:
        """Run a bucket until it is as fast as it will be; the seconds that it takes then."""
        seconds = []
        for _ in range(self.runs_until_warm):
            start = time.monotonic()
            self.run(bucket)
            seconds.append(time.monotonic() - start)
        if bucket == self._buckets[0]:
            self._release_memory()
            if self._narrow is not self._session:
                self.run(bucket, alone=False)
            self.run(bucket)
        return min(seconds)

    def _release_memory(self) -> None:
        """Give back what larger batches took for their intermediate results: on the CPU they are rare."""
        options = import_onnxruntime().RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._session.run_with_iobinding(self._bindings[self._buckets[0], False, True], options)

    def read(self, count: int) -> list[Chroma | PredictionError]:
        """A copy of the first ``count`` rows' chroma ``(2, side, side)``: the next batch overwrites it.

        :returns: in the place of an answer that is no color, an error: the others do not suffer from it.
        """
        answers = self.chroma[:count].copy()
        if np.isfinite(answers).all():
            return list(answers)
        refused = f"{self._label} answered this photograph with numbers that are not finite"
        return [answer if np.isfinite(answer).all() else PredictionError(refused) for answer in answers]

    def _bind(self, session: Any, bucket: int, *, with_temperature: bool) -> Any:
        from_numpy = import_onnxruntime().OrtValue.ortvalue_from_numpy  # the array's own memory, no copy
        binding = session.io_binding()
        binding.bind_ortvalue_input(tensors.LIGHTNESS, from_numpy(self.lightness[:bucket]))
        binding.bind_ortvalue_output(tensors.CHROMA, from_numpy(self.chroma[:bucket]))
        if with_temperature:
            binding.bind_ortvalue_input(tensors.TEMPERATURE, from_numpy(self._temperature))
        return binding
