"""An embedding spread over a feature map: one Expand, to the map's height and width alone.

TensorFlow spells out the whole shape, batch and channels included, and spreads in NHWC; the feature map
lies in NCHW by then. ONNX's Expand broadcasts from the right, so the trailing sizes are enough.
"""

import numpy as np
import onnx_ir as ir

from photochrom_export.cleaning.extents import Content, Extent, Extents, Shape
from photochrom_export.cleaning.reading import attribute, integers, operand, producer
from photochrom_export.cleaning.rewriting import append_constant, bypass, insert, replace, shape_slice

_LEFT_OPEN = 1_000_000_000  # what tf2onnx writes for an end that is left open


def drop_idle_slices(graph: ir.Graph, _extents: Extents) -> int:
    """A Slice of everything (``x[:, None, None, :]`` leaves one) goes."""
    changes = 0
    for node in [node for node in graph if node.op_type == "Slice"]:
        starts, ends = integers(node.inputs[1]), integers(node.inputs[2])
        steps = integers(operand(node, 4)) or [1]
        if starts is None or ends is None:
            continue
        if set(starts) == {0} and set(steps) == {1} and min(ends) >= _LEFT_OPEN:
            changes += bypass(node)
    return changes


def expand_without_adding(graph: ir.Graph, _extents: Extents) -> int:
    """Zeros of a shape plus a tensor (``zeros_like(features) + embedding``): Expand of the tensor."""
    changes = 0
    for node in [node for node in graph if node.op_type == "Add"]:
        for zeros, tensor in (node.inputs, tuple(reversed(node.inputs))):
            source = producer(zeros, "ConstantOfShape")
            fill = attribute(source, "value") if source is not None else None
            if source is not None and (fill is None or not fill.numpy().any()):
                replace(node, ir.node("Expand", [tensor, source.inputs[0]]))
                changes += 1
                break
    return changes


def expand_trailing_axes(graph: ir.Graph, extents: Extents) -> int:
    """Expand, or Tile of axes of length 1, becomes Expand by the axes that grow, after any Transpose."""
    changes = 0
    for node in [node for node in graph if node.op_type in ("Expand", "Tile")]:
        shape, sizes = extents.shape(node.inputs[0]), extents.content(node.inputs[1])
        if shape is None or sizes is None or len(shape) != len(sizes):
            continue
        transpose = _only_transpose_after(node)
        order = list(attribute(transpose, "perm")) if transpose else list(range(len(shape)))
        last = transpose or node
        target = _trailing_sizes(last, order, _growing_axes(node, shape, sizes), sizes)
        if target is None:
            continue
        data = node.inputs[0]
        if transpose:
            data = insert(last, ir.node("Transpose", [data], {"perm": order}))
        replace(last, ir.node("Expand", [data, target]))
        changes += 1
    return changes


def _growing_axes(node: ir.Node, shape: Shape, sizes: Content) -> list[int]:
    """The axes that grow, all from length 1; none if that is not proven of every axis."""
    axes = []
    for axis, (side, size) in enumerate(zip(shape, sizes, strict=True)):
        if size == Extent(1) or (node.op_type == "Expand" and size == side):
            continue
        if side != Extent(1):
            return []
        axes.append(axis)
    return axes


def _trailing_sizes(node: ir.Node, order: list[int], axes: list[int], sizes: Content) -> ir.Value | None:
    """A tensor of the sizes of ``axes`` and of ones for what follows them, in the transposed order."""
    places = sorted(order.index(axis) for axis in axes)
    if not places or places[0] == 0 or places != list(range(places[0], places[-1] + 1)):
        return None
    target = shape_slice(node, [sizes[order[place]] for place in places])
    behind = len(order) - 1 - places[-1]
    if target is None or behind == 0:
        return target
    ones = append_constant(node, np.ones(behind, np.int64), "ones")
    return insert(node, ir.node("Concat", [target, ones], {"axis": 0}))


def _only_transpose_after(node: ir.Node) -> ir.Node | None:
    consumers = [use.node for use in node.outputs[0].uses()]
    return consumers[0] if len(consumers) == 1 and consumers[0].op_type == "Transpose" else None
