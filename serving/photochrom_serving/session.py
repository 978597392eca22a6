"""One model version in ONNX Runtime: lightness planes in, chroma planes out, synchronously.

Only one thread may call :meth:`Session.run` at a time: the runner thread of its batcher.
"""

import dataclasses
import functools
import importlib.metadata
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom_contract import tensors
from photochrom_contract.manifest import Manifest
from photochrom_serving import cores, events
from photochrom_serving.errors import PredictionError, ProviderError, RepositoryError
from photochrom_serving.settings import Settings

Plane = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""A lightness plane ``(h, w)``: uint8, ``L* = value * 100 / 255``, or float32, L* itself."""

Chroma = npt.NDArray[np.float32]
"""Chroma planes ``(n, 2, h', w')`` or one ``(2, h', w')``: a* then b*, CIE units."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch."""

    answers: Sequence[Chroma | PredictionError]
    """Photograph by photograph: its chroma ``(2, h', w')``, or what is wrong with it."""
    bucket: int
    """How many photographs it ran as: the batch and its padding."""
    assembly_seconds: float
    compute_seconds: float


_PROVIDER_NAMES = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_ERROR_SEVERITY = 3  # ONNX Runtime's numbering: its own lines are not events


class Session:
    """A loaded graph whose tensors are the contract's, on the provider that was asked for."""

    def __init__(self, model: Path, manifest: Manifest, settings: Settings) -> None:
        """Load ``model``.

        :raises RepositoryError: naming the file, if it is no graph or not one of the contract.
        :raises ProviderError: if the provider cannot run it.
        """
        self.provider = _PROVIDER_NAMES[settings.providers]
        self._manifest = manifest
        self._max_batch_size = settings.max_batch_size
        self._session = _open(model, self.provider, settings)
        _check_tensor(model, self._session.get_inputs(), tensors.LIGHTNESS, channels=1)
        _check_tensor(model, self._session.get_outputs(), tensors.CHROMA, channels=2)
        self.has_temperature = _has_temperature(model, self._session)

    def run(self, planes: Sequence[Plane], temperature: float | None = None) -> Outcome:
        """Predict the chroma ``(2, h', w')`` of each of ``planes``, all ``(h, w)``, as one batch.

        :param temperature: of the annealed mean, for a model that has one; None for the model's own.
        :returns: in the place of an answer that is no color, an error: the others do not suffer from it.
        """
        start = time.monotonic()
        batch = self._assemble(planes)
        assembled = time.monotonic()
        chroma = self._predict(batch, temperature)
        computed = time.monotonic()
        where = f"{self._manifest.name}/{self._manifest.version}"
        refused = f"{where} answered this photograph with numbers that are not finite"
        answers: list[Chroma | PredictionError] = [
            plane if np.isfinite(plane).all() else PredictionError(refused) for plane in chroma[: len(planes)]
        ]
        return Outcome(answers, len(batch), assembled - start, computed - assembled)

    def warm_up(self) -> None:
        """Run every size at every bucket once, and check the shape of what comes back.

        :raises RepositoryError: if the graph cannot run a size that its manifest lists.
        """
        for size in self._manifest.sizes:
            for count in _buckets(self._max_batch_size):
                self._check_size(size, count)

    def check(self) -> None:
        """The least of a warm-up: the default size, once."""
        self._check_size(self._manifest.default_size, 1)

    def _check_size(self, size: int, count: int) -> None:
        where = f"{self._manifest.name} version {self._manifest.version} at size {size}"
        side = size // self._manifest.chroma_stride
        try:
            chroma = self._predict(self._assemble([np.full((size, size), 128, np.uint8)] * count))
        except Exception as error:  # ONNX Runtime's exceptions share no base
            raise RepositoryError(f"{where}: the graph does not run: {_first_line(error)}") from error
        if chroma.shape != (count, 2, side, side):
            raise RepositoryError(
                f"{where}: chroma is {chroma.shape}, not {(count, 2, side, side)} as the manifest says"
            )
        if not np.isfinite(chroma).all():
            raise RepositoryError(f"{where}: the graph answers numbers that are not finite")

    def _assemble(self, planes: Sequence[Plane]) -> Chroma:
        """The batch ``(n, 1, h, w)``, L* 0 to 100; on CUDA padded to a bucket."""
        count = len(planes)
        if self.provider == "CUDAExecutionProvider":
            # A first-seen shape costs a search for convolution algorithms: only warmed-up ones occur.
            count = self._bucket(count)
        batch = np.empty((count, 1, *planes[0].shape), np.float32)
        for row, plane in zip(batch, planes, strict=False):
            _write(plane, row[0])
        batch[len(planes) :] = batch[0]
        return batch

    def _predict(self, batch: Chroma, temperature: float | None = None) -> Chroma:
        feed: dict[str, object] = {tensors.LIGHTNESS: batch}
        if temperature is not None:
            feed[tensors.TEMPERATURE] = np.array(temperature, np.float32)
        chroma: Chroma = self._session.run([tensors.CHROMA], feed)[0]
        return chroma

    def _bucket(self, count: int) -> int:
        return next(bucket for bucket in _buckets(self._max_batch_size) if bucket >= count)


def _buckets(max_batch_size: int) -> Iterator[int]:
    """The batch sizes that occur: powers of two, and the largest."""
    size = 1
    while size < max_batch_size:
        yield size
        size *= 2
    yield max_batch_size


def _open(model: Path, provider: str, settings: Settings) -> Any:
    """An ONNX Runtime session on ``provider`` and on no other in its place."""
    onnxruntime = _import_onnxruntime()
    if provider == "CUDAExecutionProvider":
        if provider not in onnxruntime.get_available_providers():
            raise ProviderError(_cuda_advice("ONNX Runtime has no CUDAExecutionProvider here"))
        onnxruntime.preload_dlls()  # finds the CUDA libraries that pip installed
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERROR_SEVERITY
    options.intra_op_num_threads = settings.threads or cores.available()
    if provider == "CUDAExecutionProvider":
        options.intra_op_num_threads = 1  # the work is elsewhere
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # an idle server is idle
    try:
        session = onnxruntime.InferenceSession(
            model, options, providers=[(provider, _provider_options(provider, settings))]
        )
    except Exception as error:  # ONNX Runtime's exceptions share no base
        if provider == "CUDAExecutionProvider" and "CUDA" in str(error):
            raise ProviderError(_cuda_advice(_first_line(error))) from error
        raise RepositoryError(f"{model}: ONNX Runtime cannot load it: {_first_line(error)}") from error
    session.disable_fallback()
    if session.get_providers()[0] != provider:  # the wheel has it, the machine does not
        raise ProviderError(_cuda_advice("CUDAExecutionProvider could not start on this machine"))
    return session


@functools.cache
def _import_onnxruntime() -> Any:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read at import
    try:
        import onnxruntime
    except ImportError as error:
        raise ProviderError(
            "ONNX Runtime is not installed: pip install 'photochrom-serving[cpu]' "
            f"(or 'photochrom-serving[gpu]' for CUDA): {_first_line(error)}"
        ) from error
    if _both_installed():
        events.warning("onnxruntime_twice", advice=_TWICE)
    return onnxruntime


_TWICE = (
    "onnxruntime and onnxruntime-gpu are both installed, into the same folder, and overwrite each other: "
    "pip uninstall both, then install one extra of photochrom-serving"
)


def _both_installed() -> bool:
    try:
        return all(importlib.metadata.version(name) for name in ("onnxruntime", "onnxruntime-gpu"))
    except importlib.metadata.PackageNotFoundError:
        return False


def _cuda_advice(problem: str) -> str:
    advice = _TWICE if _both_installed() else "pip install 'photochrom-serving[gpu]'"
    return (
        f"{problem}: {advice}; it needs an NVIDIA GPU and its driver. Or run on the CPU with --providers cpu"
    )


def _provider_options(provider: str, settings: Settings) -> dict[str, str]:
    if provider != "CUDAExecutionProvider":
        return {}
    options = {
        "device_id": str(settings.cuda_device),
        # An exhaustive search costs over half a second for each shape; the default can be slow for good.
        "cudnn_conv_algo_search": "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",
    }
    if settings.cuda_memory_bytes:
        options["gpu_mem_limit"] = str(settings.cuda_memory_bytes)
    return options


def _write(plane: Plane, out: npt.NDArray[np.float32]) -> None:
    """A plane's L*, 0 to 100, into ``out`` ``(h, w)``."""
    if plane.dtype == np.uint8:
        np.multiply(plane, np.float32(100 / 255), out=out)
    else:
        out[...] = plane


def _check_tensor(model: Path, found: Sequence[Any], name: str, channels: int) -> None:
    """The graph has one such tensor, ``(batch, channels, height, width)`` float32, with a free batch axis."""
    if [tensor.name for tensor in found] != [name]:
        names = ", ".join(tensor.name for tensor in found)
        raise RepositoryError(f"{model}: the contract wants one tensor {name!r} here, the graph has {names}")
    (tensor,) = found
    fits = tensor.type == "tensor(float)" and len(tensor.shape) == 4
    if not fits or isinstance(tensor.shape[0], int) or tensor.shape[1] not in (channels, None):
        raise RepositoryError(
            f"{model}: {name} is {tensor.type} {tensor.shape}, "
            f"but the contract wants tensor(float) (batch, {channels}, height, width)"
        )


def _has_temperature(model: Path, session: Any) -> bool:
    """Whether the graph has the contract's optional input: a float32 scalar with a default."""
    optional = {tensor.name: tensor for tensor in session.get_overridable_initializers()}
    found = optional.get(tensors.TEMPERATURE)
    if found is None:
        return False
    if found.type != "tensor(float)" or found.shape:
        raise RepositoryError(
            f"{model}: {found.name} is {found.type} {found.shape}, but the contract wants a float32 scalar"
        )
    return True


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
