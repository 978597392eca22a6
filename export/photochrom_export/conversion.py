"""TensorFlow's graph to ONNX, through tf2onnx.

tf2onnx's ``from_keras`` does not know Keras 3, and its SavedModel road goes through TensorFlow 1's
sessions. So the signature's concrete function is frozen (its variables become constants, Grappler
folds them) and the frozen graph is converted; that road takes any SavedModel.
"""

from typing import Final

import onnx

from photochrom_contract import tensors
from photochrom_export import dilation
from photochrom_export.errors import ConversionError
from photochrom_export.saved_model import SavedModel
from photochrom_export.silence import silenced

OPSET: Final = 18
"""The first opset whose Resize takes ``axes``, and the last that tf2onnx 1.17 writes."""


def convert(model: SavedModel) -> onnx.ModelProto:
    """The ONNX form of a SavedModel's signature, as tf2onnx leaves it.

    Inputs and output carry the contract's names and axes.

    :raises ConversionError: if an operation of the graph has no ONNX form.
    """
    names = sorted(model.signature.structured_input_signature[1])
    sources = [tensor.name for tensor in model.signature.inputs[: len(names)]]  # variables follow
    target = model.signature.outputs[0].name
    with silenced():
        from tf2onnx import convert as tf2onnx
        from tf2onnx import tf_loader

        try:
            graph = tf_loader.from_function(model.signature, sources, [target])
            dilation.restore(graph)
            converted, _ = tf2onnx.from_graph_def(
                graph,
                name=model.description.name,
                input_names=sources,
                output_names=[target],
                opset=OPSET,
                tensors_to_rename={**dict(zip(sources, names, strict=True)), target: tensors.CHROMA},
            )
        except Exception as error:  # tf2onnx raises whatever its handlers raise
            raise ConversionError(f"{model.folder}: tf2onnx cannot convert it: {error}") from error
    operations = {(node.op_type, node.domain) for node in converted.graph.node}
    foreign = sorted(name for name, domain in operations if not onnx.defs.has(name, domain=domain))
    if foreign:
        raise ConversionError(f"{model.folder}: ONNX has no form of these operations: {', '.join(foreign)}")
    _name_axes(converted.graph.input[0], tensors.LIGHTNESS_AXES)
    _name_axes(converted.graph.output[0], tensors.CHROMA_AXES)
    assert isinstance(converted, onnx.ModelProto)
    return converted


def _name_axes(value: onnx.ValueInfoProto, axes: tuple[str | int, ...]) -> None:
    shape = value.type.tensor_type.shape
    del shape.dim[:]
    for axis in axes:
        dimension = shape.dim.add()
        if isinstance(axis, int):
            dimension.dim_value = axis
        else:
            dimension.dim_param = axis
