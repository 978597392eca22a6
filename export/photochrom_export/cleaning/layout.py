"""Transposes that cancel, once the nodes between them are told the other layout.

TensorFlow computes in NHWC, ONNX in NCHW. tf2onnx moves most of its Transposes together until they vanish;
what it cannot move stays around reductions, resizes and broadcasts. The passes here move those.
"""

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from photochrom_export.cleaning.extents import Extents
from photochrom_export.cleaning.reading import attribute, constant, named_axes, operand, producer
from photochrom_export.cleaning.rewriting import append_constant, bypass, insert, replace
from photochrom_export.cleaning.shape_rules import ELEMENTWISE

_REDUCTIONS = frozenset(["ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"])


def cancel(graph: ir.Graph, _extents: Extents) -> int:
    """Two Transposes in a row become one, and one that moves nothing goes."""
    changes = 0
    for node in [node for node in graph if node.op_type == "Transpose"]:
        order, source = _order(node), producer(node.inputs[0], "Transpose")
        if source is not None:
            composed = [_order(source)[axis] for axis in order]
            replace(node, ir.node("Transpose", [source.inputs[0]], {"perm": composed}))
            changes += 1
        elif order == sorted(order):
            changes += bypass(node)
    return changes


def reduce_in_place(graph: ir.Graph, _extents: Extents) -> int:
    """A reduction of a Transpose reduces the other axes of the Transpose's input."""
    changes = 0
    for node in [node for node in graph if node.op_type in _REDUCTIONS]:
        source = producer(node.inputs[0], "Transpose")
        if source is None:
            continue
        order = _order(source)
        axes = named_axes(node, len(order))
        if axes is None:
            continue
        moved = sorted(order[axis] for axis in axes)
        rest = [axis for axis in order if axis not in moved]
        keeps = attribute(node, "keepdims", 1)
        if not keeps and rest != sorted(rest):
            continue
        named = append_constant(node, _vector(moved), "axes")
        reduction = ir.node(node.op_type, [source.inputs[0], named], {"keepdims": keeps})
        if keeps:
            reduction = ir.node("Transpose", [insert(node, reduction)], {"perm": order})
        replace(node, reduction)
        changes += 1
    return changes


def unsqueeze_in_place(graph: ir.Graph, _extents: Extents) -> int:
    """A Transpose that only carries new axes elsewhere becomes an Unsqueeze of other axes."""
    changes = 0
    for node in [node for node in graph if node.op_type == "Transpose"]:
        order, unsqueeze = _order(node), producer(node.inputs[0], "Unsqueeze")
        added = named_axes(unsqueeze, len(order)) if unsqueeze is not None else None
        if unsqueeze is None or added is None:
            continue
        rest = [axis for axis in order if axis not in added]
        if rest == sorted(rest):
            places = [place for place, axis in enumerate(order) if axis in added]
            named = append_constant(node, _vector(places), "axes")
            replace(node, ir.node("Unsqueeze", [unsqueeze.inputs[0], named]))
            changes += 1
    return changes


def sink(graph: ir.Graph, _extents: Extents) -> int:
    """Move Transposes below the nodes that do not care, towards the one that undoes them.

    Only where every Transpose above has no other reader: their number never grows.
    """
    return sum(_sink_below(node) for node in list(graph) if node.op_type != "Transpose")


def _sink_below(node: ir.Node) -> bool:
    tensors = [
        value
        for value in node.inputs
        if value is not None and constant(value) is None and not _is_scalar(value)
    ]
    sources = [source for value in tensors if (source := producer(value, "Transpose")) is not None]
    if not sources or len(sources) != len(tensors):
        return False
    order = _order(sources[0])
    if any(_order(source) != order or _has_other_readers(source, node) for source in sources):
        return False
    moved = _in_layout(node, order)
    if moved is None:
        return False
    replace(node, ir.node("Transpose", [insert(node, moved)], {"perm": order}))
    return True


def _has_other_readers(source: ir.Node, reader: ir.Node) -> bool:
    output = source.outputs[0]
    return output.is_graph_output() or any(use.node is not reader for use in output.uses())


def _in_layout(node: ir.Node, order: list[int]) -> ir.Node | None:
    """``node`` on the inputs of the Transposes above it, or None if it minds the layout."""
    inputs: list[ir.Value | None] = []
    for value in node.inputs:
        source = producer(value, "Transpose")
        inputs.append(source.inputs[0] if source is not None else value)
    attributes = dict(node.attributes)
    if node.op_type == "Softmax":
        return ir.node("Softmax", inputs, {"axis": order[attribute(node, "axis", -1) % len(order)]})
    if node.op_type == "Concat":
        return ir.node("Concat", inputs, {"axis": order[attribute(node, "axis") % len(order)]})
    if node.op_type == "Resize":
        scales = constant(operand(node, 2))
        if scales is None or scales.size != len(order) or "axes" in attributes:
            return None
        inputs[2] = append_constant(node, scales[np.argsort(order)], "scales")
        return ir.node("Resize", inputs, attributes)
    scalars = all(numbers.size == 1 for value in node.inputs if (numbers := constant(value)) is not None)
    return ir.node(node.op_type, inputs, attributes) if node.op_type in ELEMENTWISE and scalars else None


def _is_scalar(value: ir.Value) -> bool:
    return value.shape is not None and value.shape.rank() == 0


def _order(node: ir.Node) -> list[int]:
    return list(node.attributes["perm"].as_ints())


def _vector(axes: list[int]) -> npt.NDArray[np.int64]:
    return np.array(axes, np.int64)
