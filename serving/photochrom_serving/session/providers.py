"""What ONNX Runtime's execution providers are told."""

import dataclasses

from photochrom_contract.manifest import Manifest
from photochrom_contract.tensors import LIGHTNESS
from photochrom_serving.settings import Settings

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"

NAMES = {"cpu": CPU, "cuda": CUDA, "tensorrt": TENSORRT}
"""By the setting ``providers``."""

Options = dict[str, str]


@dataclasses.dataclass(frozen=True)
class Ways:
    """Ways of computing that not every model allows."""

    fast: bool
    """CUDA: channels last and TF32. TensorRT: binary16. Taken back if they change the colors."""
    graphs: bool
    """CUDA: a batch is one recorded launch instead of one for each node of the graph."""


def choose(settings: Settings, manifest: Manifest, ways: Ways) -> list[tuple[str, Options]]:
    """The GPU's providers for a session with their options, the one asked for first."""
    cuda = (CUDA, _cuda(settings, ways))
    if settings.providers == "tensorrt":  # what it cannot run, CUDA does
        return [(TENSORRT, _tensorrt(settings, manifest, ways)), cuda]
    return [cuda]


def _cuda(settings: Settings, ways: Ways) -> Options:
    options = {
        "device_id": str(settings.cuda_device),
        # An exhaustive search costs over half a second for each shape; the default can be slow for good.
        "cudnn_conv_algo_search": "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",  # it never shrinks: let it not double either
        "prefer_nhwc": _flag(ways.fast),
        "use_tf32": _flag(ways.fast),
        "enable_cuda_graph": _flag(ways.graphs),
    }
    if settings.cuda_memory_bytes:
        options["gpu_mem_limit"] = str(settings.cuda_memory_bytes)
    return options


def _tensorrt(settings: Settings, manifest: Manifest, ways: Ways) -> Options:
    largest = settings.buckets[-1]
    options = {
        "device_id": str(settings.cuda_device),
        "trt_fp16_enable": _flag(ways.fast),
        # One engine for every shape that occurs, instead of one built in the middle of a request.
        "trt_profile_min_shapes": _shape(1, min(manifest.sizes)),
        "trt_profile_opt_shapes": _shape(largest, manifest.default_size),
        "trt_profile_max_shapes": _shape(largest, max(manifest.sizes)),
    }
    if settings.cuda_memory_bytes:
        options["trt_max_workspace_size"] = str(settings.cuda_memory_bytes)
    return options


def _shape(count: int, size: int) -> str:
    return f"{LIGHTNESS}:{count}x1x{size}x{size}"


def _flag(on: bool) -> str:
    return "1" if on else "0"
