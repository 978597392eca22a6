"""TensorFlow's ``TensorProto`` to arrays and back, and the signature that a model answers to."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom_contract import tensors
from photochrom_contract.manifest import Manifest
from photochrom_contract.tensorflow_serving import tensor_pb2
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.protocols.planes import Inputs, check_count, check_rank, check_shape, planes_of

PREDICT_METHOD = "tensorflow/serving/predict"

_FLOAT, _UINT8 = tensor_pb2.DT_FLOAT, tensor_pb2.DT_UINT8


def read_inputs(inputs: Mapping[str, tensor_pb2.TensorProto], max_photographs: int) -> Inputs:
    """The planes and the temperature of a request.

    :raises InvalidFieldError: naming the tensor, if one is missing, superfluous or not what it should be.
    """
    check_count(len(inputs))
    names = set(inputs)
    if tensors.LIGHTNESS not in names:
        raise InvalidFieldError("inputs", f"lack {tensors.LIGHTNESS!r}; there is {_listed(names)}")
    superfluous = names - {tensors.LIGHTNESS, tensors.TEMPERATURE}
    if superfluous:
        raise InvalidFieldError("inputs", f"have {_listed(superfluous)}, which no model takes")
    sent = inputs[tensors.LIGHTNESS]
    shape = check_shape(_shape(tensors.LIGHTNESS, sent), max_photographs)
    planes = planes_of(_values(tensors.LIGHTNESS, sent, math.prod(shape)), shape)
    return Inputs(planes, _temperature(inputs) if tensors.TEMPERATURE in names else None)


def write(values: npt.NDArray[np.float32]) -> tensor_pb2.TensorProto:
    """A float32 array, little-endian, as ``tensor_content``."""
    return tensor_pb2.TensorProto(
        dtype=_FLOAT, tensor_shape=_shape_proto(*values.shape), tensor_content=values.tobytes()
    )


def signature(manifest: Manifest, has_temperature: bool) -> tensor_pb2.SignatureDef:
    """What a model version takes and gives; -1 for a side that can be one of several."""
    side = chroma_side = -1
    if len(manifest.sizes) == 1:
        side, chroma_side = manifest.default_size, manifest.default_size // manifest.chroma_stride
    inputs = {tensors.LIGHTNESS: _info(tensors.LIGHTNESS, -1, 1, side, side)}
    if has_temperature:
        inputs[tensors.TEMPERATURE] = _info(tensors.TEMPERATURE)
    outputs = {tensors.CHROMA: _info(tensors.CHROMA, -1, 2, chroma_side, chroma_side)}
    return tensor_pb2.SignatureDef(inputs=inputs, outputs=outputs, method_name=PREDICT_METHOD)


def _info(name: str, *shape: int) -> tensor_pb2.TensorInfo:
    return tensor_pb2.TensorInfo(name=name, dtype=_FLOAT, tensor_shape=_shape_proto(*shape))


def _shape_proto(*shape: int) -> tensor_pb2.TensorShapeProto:
    return tensor_pb2.TensorShapeProto(dim=[tensor_pb2.TensorShapeProto.Dim(size=size) for size in shape])


def _shape(name: str, tensor: tensor_pb2.TensorProto) -> tuple[int, ...]:
    if tensor.tensor_shape.unknown_rank:
        raise InvalidFieldError(name, "has no shape")
    check_rank(name, len(tensor.tensor_shape.dim))
    return tuple(dim.size for dim in tensor.tensor_shape.dim)


def _temperature(inputs: Mapping[str, tensor_pb2.TensorProto]) -> float:
    sent = inputs[tensors.TEMPERATURE]
    shape = _shape(tensors.TEMPERATURE, sent)
    if sent.dtype != _FLOAT or any(side != 1 for side in shape):
        raise InvalidFieldError(
            tensors.TEMPERATURE, f"is {_name(sent.dtype)} {list(shape)}, but must be one DT_FLOAT"
        )
    values = _values(tensors.TEMPERATURE, sent, 1)
    return float(values[0]) if len(values) else 0.0


def _values(name: str, tensor: tensor_pb2.TensorProto, count: int) -> npt.NDArray[Any]:
    """The elements in order: all ``count`` of ``tensor_content``, or those of the typed field.

    There may be fewer of the latter, as TensorFlow writes what repeats.
    """
    if tensor.dtype not in (_FLOAT, _UINT8):
        raise InvalidFieldError(name, f"is {_name(tensor.dtype)}, but must be DT_FLOAT or DT_UINT8")
    dtype: np.dtype[Any] = np.dtype("<f4") if tensor.dtype == _FLOAT else np.dtype(np.uint8)
    if tensor.tensor_content:
        if len(tensor.tensor_content) != count * dtype.itemsize:
            raise InvalidFieldError(
                name,
                f"has {len(tensor.tensor_content)} bytes of tensor_content, but shape "
                f"{list(_shape(name, tensor))} takes {count * dtype.itemsize}",
            )
        return np.frombuffer(tensor.tensor_content, dtype)
    values = _typed_values(name, tensor)
    if len(values) > count:
        raise InvalidFieldError(
            name, f"has {len(values)} values, but shape {list(_shape(name, tensor))} takes {count}"
        )
    return values


def _typed_values(name: str, tensor: tensor_pb2.TensorProto) -> npt.NDArray[Any]:
    if tensor.dtype == _FLOAT:
        return np.array(tensor.float_val, np.float32)
    values = np.array(tensor.int_val, np.int32)
    if len(values) and not 0 <= values.min() <= values.max() <= 255:
        raise InvalidFieldError(name, "has values that are no DT_UINT8, 0 to 255")
    return values.astype(np.uint8)


def _name(dtype: int) -> str:
    known = tensor_pb2.DataType.values()
    return tensor_pb2.DataType.Name(dtype) if dtype in known else f"data type {dtype}"


def _listed(names: set[str]) -> str:
    return ", ".join(map(repr, sorted(names))) or "none"
