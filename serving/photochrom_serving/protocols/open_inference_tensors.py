"""The Open Inference Protocol's tensors to arrays and back, and what a model version takes and gives."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom_contract import tensors
from photochrom_contract.manifest import MODEL_FILE, Manifest
from photochrom_contract.open_inference import grpc_service_pb2, model_config_pb2
from photochrom_serving.errors import InvalidFieldError, UnsupportedError
from photochrom_serving.protocols.planes import Inputs, check_count, check_rank, check_shape, planes_of

PLATFORM, BACKEND = "onnxruntime_onnx", "onnxruntime"

_DTYPES: dict[str, np.dtype[Any]] = {"FP32": np.dtype("<f4"), "UINT8": np.dtype(np.uint8)}
_Tensor = grpc_service_pb2.ModelInferRequest.InferInputTensor


def read_inputs(request: grpc_service_pb2.ModelInferRequest, max_photographs: int) -> Inputs:
    """The planes and the temperature of a request.

    :raises InvalidFieldError: naming the tensor, if one is missing, superfluous or not what it should be.
    :raises UnsupportedError: if one is in shared memory.
    """
    check_count(len(request.inputs))
    _check_raw(request)
    raw = request.raw_input_contents or [None] * len(request.inputs)
    lightness, temperature = None, None
    seen = set()
    for tensor, content in zip(request.inputs, raw, strict=True):
        _check_parameters(tensor)
        if tensor.name in seen:
            raise InvalidFieldError("inputs", f"have {tensor.name!r} twice")
        seen.add(tensor.name)
        check_rank(tensor.name, len(tensor.shape))
        shape = tuple(tensor.shape)
        if tensor.name == tensors.LIGHTNESS:
            checked = check_shape(shape, max_photographs)
            lightness = planes_of(_values(tensor, content, math.prod(checked)), checked)
        elif tensor.name == tensors.TEMPERATURE:
            if any(side != 1 for side in shape) or tensor.datatype != "FP32":
                raise InvalidFieldError(
                    tensors.TEMPERATURE, f"is {tensor.datatype} {list(shape)}, but must be one FP32 number"
                )
            temperature = float(_values(tensor, content, 1)[0])
        else:
            raise InvalidFieldError(
                "inputs",
                f"unexpected inference input {tensor.name!r} for model {request.model_name!r}; "
                f"there is {tensors.LIGHTNESS}",
            )
    if lightness is None:
        raise InvalidFieldError("inputs", f"lack {tensors.LIGHTNESS!r}")
    return Inputs(lightness, temperature)


def check_outputs(request: grpc_service_pb2.ModelInferRequest) -> None:
    """Check the outputs that are asked for: none, which means all, or the one there is.

    :raises InvalidFieldError: for any other.
    :raises UnsupportedError: for shared memory and for classification.
    """
    for position, output in enumerate(request.outputs):
        if output.name != tensors.CHROMA:
            raise InvalidFieldError(
                "outputs",
                f"unexpected inference output {output.name!r} for model {request.model_name!r}; "
                f"there is {tensors.CHROMA}",
            )
        if position:
            raise InvalidFieldError("outputs", f"have {tensors.CHROMA!r} twice")
        _check_parameters(output)


def metadata(
    manifest: Manifest, versions: Iterable[int], has_temperature: bool
) -> grpc_service_pb2.ModelMetadataResponse:
    """A model version's tensors, with their batch axis; -1 for a side that can be one of several."""
    tensor = grpc_service_pb2.ModelMetadataResponse.TensorMetadata
    side, chroma_side = _sides(manifest)
    inputs = [tensor(name=tensors.LIGHTNESS, datatype="FP32", shape=[-1, 1, side, side])]
    if has_temperature:
        inputs.append(tensor(name=tensors.TEMPERATURE, datatype="FP32", shape=[1]))
    return grpc_service_pb2.ModelMetadataResponse(
        name=manifest.name,
        versions=map(str, versions),
        platform=PLATFORM,
        inputs=inputs,
        outputs=[tensor(name=tensors.CHROMA, datatype="FP32", shape=[-1, 2, chroma_side, chroma_side])],
    )


def config(manifest: Manifest, buckets: Sequence[int], has_temperature: bool) -> model_config_pb2.ModelConfig:
    """A model version as Triton's configuration describes one: its tensors without their batch axis.

    :param buckets: the batch sizes that occur, ascending.
    """
    side, chroma_side = _sides(manifest)
    inputs = [
        model_config_pb2.ModelInput(
            name=tensors.LIGHTNESS, data_type=model_config_pb2.TYPE_FP32, dims=[1, side, side]
        )
    ]
    if has_temperature:
        inputs.append(
            model_config_pb2.ModelInput(
                name=tensors.TEMPERATURE, data_type=model_config_pb2.TYPE_FP32, dims=[1], optional=True
            )
        )
    return model_config_pb2.ModelConfig(
        name=manifest.name,
        platform=PLATFORM,
        backend=BACKEND,
        version_policy=model_config_pb2.ModelVersionPolicy(all=model_config_pb2.ModelVersionPolicy.All()),
        max_batch_size=buckets[-1],
        input=inputs,
        output=[
            model_config_pb2.ModelOutput(
                name=tensors.CHROMA, data_type=model_config_pb2.TYPE_FP32, dims=[2, chroma_side, chroma_side]
            )
        ],
        default_model_filename=MODEL_FILE,
        dynamic_batching=model_config_pb2.ModelDynamicBatching(preferred_batch_size=buckets),
    )


def _sides(manifest: Manifest) -> tuple[int, int]:
    if len(manifest.sizes) > 1:
        return -1, -1
    return manifest.default_size, manifest.default_size // manifest.chroma_stride


def _check_raw(request: grpc_service_pb2.ModelInferRequest) -> None:
    if not request.raw_input_contents:
        return
    if len(request.raw_input_contents) != len(request.inputs):
        raise InvalidFieldError(
            "raw_input_contents",
            f"has {len(request.raw_input_contents)} buffers for {len(request.inputs)} inputs",
        )
    for tensor in request.inputs:
        if tensor.HasField("contents"):
            raise InvalidFieldError(
                tensor.name,
                "contents field must not be specified when using raw_input_contents "
                f"for {tensor.name!r} for model {request.model_name!r}",
            )


def _check_parameters(
    tensor: _Tensor | grpc_service_pb2.ModelInferRequest.InferRequestedOutputTensor,
) -> None:
    for parameter in ("shared_memory_region", "classification"):
        if parameter in tensor.parameters:
            raise UnsupportedError(f"{tensor.name}: the server does not support {parameter}")


def _values(tensor: _Tensor, raw: bytes | None, count: int) -> npt.NDArray[Any]:
    """The elements in order, all ``count`` of them; of raw ones, a view."""
    dtype = _DTYPES.get(tensor.datatype)
    if dtype is None:
        raise InvalidFieldError(
            tensor.name, f"inference input data-type is {tensor.datatype!r}, model expects 'FP32' or 'UINT8'"
        )
    takes = f"but {tensor.datatype} {list(tensor.shape)} takes"
    if raw is not None:
        if len(raw) != count * dtype.itemsize:
            raise InvalidFieldError(tensor.name, f"has {len(raw)} bytes, {takes} {count * dtype.itemsize}")
        return np.frombuffer(raw, dtype)
    contents = tensor.contents
    sent = contents.fp32_contents if tensor.datatype == "FP32" else contents.uint_contents
    if len(sent) != count:
        raise InvalidFieldError(tensor.name, f"has {len(sent)} values, {takes} {count}")
    values = np.array(sent, np.float32 if tensor.datatype == "FP32" else np.uint32)
    if tensor.datatype == "UINT8" and values.max() > 255:
        raise InvalidFieldError(tensor.name, "has values that are no UINT8, 0 to 255")
    return values.astype(dtype, copy=False)
