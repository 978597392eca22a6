"""Opening a model file in ONNX Runtime, on the provider that was asked for and on no other in its place."""

import functools
import importlib.metadata
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photochrom_serving import cores, events
from photochrom_serving.errors import ProviderError, RepositoryError
from photochrom_serving.session import providers
from photochrom_serving.settings import Settings

_ERROR_SEVERITY = 3  # ONNX Runtime's numbering: its own lines are not events


class UnrecordableError(RepositoryError):
    """Not every node of the graph runs on the GPU, so no CUDA graph can be recorded of it."""


_SIDE_BY_SIDE = 2


def side_by_side(settings: Settings) -> int:
    """How many batches run at a time."""
    if settings.providers != "cpu":
        return 1
    return settings.concurrent_batches or min(_SIDE_BY_SIDE, cores.available())


def threads(settings: Settings) -> int:
    """The threads that a batch runs on while it is alone."""
    if settings.providers != "cpu":
        return 1  # the work is elsewhere
    return settings.threads or cores.available()


def open_file(
    model: Path, settings: Settings, chosen: Sequence[tuple[str, providers.Options]], share: int = 1
) -> Any:
    """An ``onnxruntime.InferenceSession``.

    :param chosen: providers and their options; the first one has to run the model.
    :param share: with how many batches, itself included, a batch shares the threads.
    :raises RepositoryError: naming the file, if it is no graph.
    :raises UnrecordableError: if it was to be recorded as CUDA graphs and does not allow that.
    :raises ProviderError: if the provider cannot run here; it says what to do.
    """
    onnxruntime = import_onnxruntime()
    name, _ = chosen[0]
    if name != providers.CPU:
        if name not in onnxruntime.get_available_providers():
            raise ProviderError(_advice(name, f"ONNX Runtime has no {name} here"))
        onnxruntime.preload_dlls()  # finds the CUDA libraries that pip installed
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERROR_SEVERITY
    options.intra_op_num_threads = max(1, threads(settings) // share)
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # an idle server is idle
    try:
        # It would open the model on the CPU instead, and say why on standard output alone.
        session = onnxruntime.InferenceSession(model, options, providers=list(chosen), enable_fallback=0)
    except Exception as error:  # ONNX Runtime's exceptions share no base
        if "graph capture" in str(error):
            raise UnrecordableError(f"{model}: {first_line(error)}") from error
        of_provider = isinstance(error, RuntimeError | ValueError)  # not ONNX Runtime's own
        words = ("CUDA", "TensorRT", "Tensorrt")
        if name != providers.CPU and (of_provider or any(word in str(error) for word in words)):
            raise ProviderError(_advice(name, first_line(error))) from error
        raise RepositoryError(f"{model}: ONNX Runtime cannot load it: {first_line(error)}") from error
    if session.get_providers()[0] != name:  # the wheel has it, the machine does not
        raise ProviderError(_advice(name, f"{name} could not start on this machine"))
    return session


@functools.cache
def import_onnxruntime() -> Any:
    """The module ``onnxruntime``, its telemetry off.

    :raises ProviderError: if it is not installed; it says how to.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read at import
    try:
        import onnxruntime
    except ImportError as error:
        raise ProviderError(
            "ONNX Runtime is not installed: pip install 'photochrom-serving[cpu]' "
            f"(or 'photochrom-serving[gpu]' for CUDA): {first_line(error)}"
        ) from error
    if _both_installed():
        events.warning("onnxruntime_twice", advice=_TWICE)
    return onnxruntime


def first_line(error: Exception) -> str:
    """What ONNX Runtime says, without its stack."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


_TWICE = (
    "onnxruntime and onnxruntime-gpu are both installed, into the same folder, and overwrite each other: "
    "pip uninstall both, then install one extra of photochrom-serving"
)


def _both_installed() -> bool:
    try:
        return all(importlib.metadata.version(name) for name in ("onnxruntime", "onnxruntime-gpu"))
    except importlib.metadata.PackageNotFoundError:
        return False


def _advice(provider: str, problem: str) -> str:
    advice = _TWICE if _both_installed() else "pip install 'photochrom-serving[gpu]'"
    libraries = " and TensorRT's libraries" if provider == providers.TENSORRT else ""
    return (
        f"{problem}: {advice}; it needs an NVIDIA GPU and its driver{libraries}. "
        "Or run on the CPU with --providers cpu"
    )
