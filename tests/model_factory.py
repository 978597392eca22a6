"""Tiny real models that obey the contract, published into a model repository.

Their chroma is arithmetic on the lightness, so a test can say what must come back::

    a* = (L* - 50) / 2      b* = (50 - L*) / 4      after 2 x 2 average pooling

One with a temperature answers that times the temperature, whose default is 1.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from photochrom_contract import manifest, tensors

CHROMA_STRIDE = 2
SIZES = (32, 64)
DEFAULT_SIZE = 64

_A_OF_L = (1 / 2, -25.0)  # factor and offset
_B_OF_L = (-1 / 4, 12.5)
_WORK_SIDE = 512


def expected_chroma(plane: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What the tiny model answers to a lightness plane ``(h, w)``: ``(2, h / 2, w / 2)``, CIE units.

    :param plane: uint8, the wire's steps, or float32, L* itself.
    """
    height, width = plane.shape
    scale = 100 / 255 if plane.dtype == np.uint8 else 1
    lightness = plane.astype(np.float32) * np.float32(scale)
    pooled = lightness.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return np.stack([factor * pooled + offset for factor, offset in (_A_OF_L, _B_OF_L)])


def build_model(
    work: int = 0, input_name: str = tensors.LIGHTNESS, *, temperature: bool = False
) -> onnx.ModelProto:
    """Build the tiny model.

    :param work: how many 512 x 512 matrix products (about a millisecond each) every *batch* costs on
        top, whatever its size; they do not change the answer.
    :param input_name: another name than the contract's makes a model that a server must refuse.
    :param temperature: with the contract's optional input.
    """
    answer = "at_temperature_1" if temperature else tensors.CHROMA
    nodes = [
        helper.make_node("AveragePool", [input_name], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Mul", ["pooled", "factors"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offsets"], ["shifted" if work else answer]),
    ]
    factors, offsets = zip(_A_OF_L, _B_OF_L, strict=True)
    constants = [
        numpy_helper.from_array(np.array(factors, np.float32).reshape(1, 2, 1, 1), "factors"),
        numpy_helper.from_array(np.array(offsets, np.float32).reshape(1, 2, 1, 1), "offsets"),
    ]
    if work:
        # A matrix of equal numbers times a matrix of 1/n keeps its value: finite, and never folded away.
        nodes += [
            helper.make_node("ReduceMean", [input_name], ["mean"], keepdims=0),
            helper.make_node("Expand", ["mean", "square"], ["work_0"]),
            *(helper.make_node("MatMul", [f"work_{n}", "blur"], [f"work_{n + 1}"]) for n in range(work)),
            helper.make_node("ReduceMean", [f"work_{work}"], ["worked"], keepdims=0),
            helper.make_node("Mul", ["worked", "zero"], ["nothing"]),
            helper.make_node("Add", ["shifted", "nothing"], [answer]),
        ]
        blur = np.full((_WORK_SIDE, _WORK_SIDE), 1 / _WORK_SIDE, np.float32)
        constants += [
            numpy_helper.from_array(np.array([_WORK_SIDE, _WORK_SIDE], np.int64), "square"),
            numpy_helper.from_array(blur, "blur"),
            numpy_helper.from_array(np.zeros((), np.float32), "zero"),
        ]
    inputs = [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, tensors.LIGHTNESS_AXES)]
    if temperature:
        nodes.append(helper.make_node("Mul", [answer, tensors.TEMPERATURE], [tensors.CHROMA]))
        inputs.append(helper.make_tensor_value_info(tensors.TEMPERATURE, TensorProto.FLOAT, ()))
        constants.append(numpy_helper.from_array(np.ones((), np.float32), tensors.TEMPERATURE))
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs,
        [helper.make_tensor_value_info(tensors.CHROMA, TensorProto.FLOAT, tensors.CHROMA_AXES)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def publish(
    repository: Path,
    *,
    name: str = "photochrom",
    version: int = 1,
    sizes: tuple[int, ...] = SIZES,
    default_size: int = DEFAULT_SIZE,
    model: onnx.ModelProto | None = None,
) -> Path:
    """Publish a model version (the tiny one if none is given); its folder in the repository."""
    folder = repository / name / str(version)
    folder.mkdir(parents=True)
    onnx.save(model or build_model(), folder / manifest.MODEL_FILE)
    manifest.Manifest(
        name=name,
        version=version,
        description="A tiny model for tests",
        sha256=manifest.digest(folder / manifest.MODEL_FILE),
        sizes=sizes,
        default_size=default_size,
        chroma_stride=CHROMA_STRIDE,
        provenance={"data": "none"},
    ).write(folder)
    (folder / manifest.CARD_FILE).write_text(f"# {name}\n\nFor tests.\n", "utf-8")
    return folder
