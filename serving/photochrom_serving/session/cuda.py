"""Stages on a GPU: pinned memory, and batches that are one recorded launch."""

import ctypes
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom_contract import tensors
from photochrom_serving import events
from photochrom_serving.session.opening import import_onnxruntime
from photochrom_serving.session.stage import Stage

_RUNTIMES = ("libcudart.so.13", "libcudart.so.12")
_SUCCESS = 0


class PinnedStage(Stage):
    """A stage whose memory the GPU reads and writes itself: ONNX Runtime copies from and to it."""

    def __init__(self, session: Any, label: str, size: int, side: int, buckets: Sequence[int]) -> None:
        super().__init__(session, label, size, side, buckets)
        self._pins = [_Pin(self.lightness), _Pin(self.chroma)]

    def _release_memory(self) -> None:
        """Keep it: on a GPU large batches are what the load is run in."""


class RecordedStage(PinnedStage):
    """One whose every bucket is recorded as a CUDA graph on its first runs, and replayed from then on.

    A graph reads and writes the addresses it was recorded with, so this stage has memory on the GPU
    too. All recording and replaying of a session has to happen in one thread.
    """

    has_own_warmth = True
    runs_until_warm = 3
    """The first one allocates, the second one is recorded."""

    _ids = itertools.count(1)

    def __init__(self, *of_stage: Any, device: int, device_type: str = "cuda") -> None:
        """Allocate it on a device: the GPU of an index, or what else ONNX Runtime calls a device."""
        super().__init__(*of_stage)
        self._device = (device_type, device)
        self._on_device: dict[int, tuple[Any, Any, Any, Any]] = {}

    def run(self, bucket: int, temperature: float | None = None, *, alone: bool = True) -> None:  # noqa: ARG002
        if temperature is not None:  # rare: not worth a recording of its own
            self._run_unrecorded(bucket, temperature)
            return
        if bucket not in self._on_device:
            self._on_device[bucket] = self._record(bucket)
        binding, lightness, chroma, options = self._on_device[bucket]
        lightness.update_inplace(self.lightness[:bucket])
        self._session.run_with_iobinding(binding, options)
        self.chroma[:bucket] = chroma.numpy()

    def _run_unrecorded(self, bucket: int, temperature: float) -> None:
        feed = {
            tensors.LIGHTNESS: self.lightness[:bucket],
            tensors.TEMPERATURE: np.array(temperature, np.float32),
        }
        self.chroma[:bucket] = self._session.run([tensors.CHROMA], feed, unrecorded())[0]

    def _record(self, bucket: int) -> tuple[Any, Any, Any, Any]:
        onnxruntime = import_onnxruntime()
        lightness, chroma = (
            onnxruntime.OrtValue.ortvalue_from_shape_and_type(
                memory[:bucket].shape, np.float32, *self._device
            )
            for memory in (self.lightness, self.chroma)
        )
        binding = self._session.io_binding()
        binding.bind_ortvalue_input(tensors.LIGHTNESS, lightness)
        binding.bind_ortvalue_output(tensors.CHROMA, chroma)
        return binding, lightness, chroma, _run_options(next(self._ids))


def unrecorded() -> Any:
    """Options for a run that no CUDA graph is recorded of."""
    return _run_options(-1)


def _run_options(graph: int) -> Any:
    options = import_onnxruntime().RunOptions()
    options.add_run_config_entry("gpu_graph_id", str(graph))
    return options


class _Pin:
    """Keeps an array's pages where they are, so that copies to and from the GPU need no detour."""

    def __init__(self, array: npt.NDArray[np.float32]) -> None:
        self._runtime = _load_runtime()
        self._address = ctypes.c_void_p(array.ctypes.data)
        self._array = array  # outlives the pin
        if self._runtime is None:
            return
        status = self._runtime.cudaHostRegister(self._address, ctypes.c_size_t(array.nbytes), 0)
        if status != _SUCCESS:  # slower, and right all the same
            events.warning("not_pinned", bytes=array.nbytes, cuda_status=status)
            self._runtime = None

    def __del__(self) -> None:
        if self._runtime is not None:
            self._runtime.cudaHostUnregister(self._address)


def _load_runtime() -> Any:
    """The CUDA runtime that ONNX Runtime has loaded."""
    for name in _RUNTIMES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    events.warning("not_pinned", reason=f"none of {', '.join(_RUNTIMES)} is loaded")
    return None
