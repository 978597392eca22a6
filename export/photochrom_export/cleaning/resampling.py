"""Resize by constant factors, in place of sizes that the graph computes as it runs.

TensorFlow's resizing takes the wanted size, so "twice as large" arrives as a chain of Shape, Slice,
Mul and Concat nodes in front of each Resize; and Keras's nearest-neighbor ``UpSampling2D`` arrives, axis by
axis, as Unsqueeze, Tile and Reshape. Where :class:`~.extents.Extents` proves what the chain computes, one
node says it.
"""

from typing import Any

import numpy as np
import onnx_ir as ir

from photochrom_export.cleaning.extents import Content, Extent, Extents, Shape
from photochrom_export.cleaning.reading import Numbers, attribute, constant, integers, operand, producer
from photochrom_export.cleaning.rewriting import append_constant, insert, replace, shape_slice

_SCALES, _SIZES = 2, 3
_NEAREST: dict[str, Any] = {
    "mode": "nearest",
    "coordinate_transformation_mode": "asymmetric",
    "nearest_mode": "floor",
}


def state_factors(graph: ir.Graph, extents: Extents) -> int:
    """Resize to computed sizes becomes Resize by factors, or to sizes of the last axes alone."""
    changes = 0
    for node in [node for node in graph if node.op_type == "Resize" and operand(node, _SIZES) is not None]:
        shape, sizes = extents.shape(node.inputs[0]), extents.content(node.inputs[_SIZES])
        if shape is None or sizes is None or "axes" in node.attributes or len(shape) != len(sizes):
            continue
        changes += _by_factors(node, shape, sizes) or _by_sizes_of_axes(node, shape, sizes)
    return changes


def recognize_repeats(graph: ir.Graph, extents: Extents) -> int:
    """Reshape(Transpose?(Tile(Unsqueeze(x)))) that repeats each element becomes a nearest Resize."""
    return sum(_repeat_to_resize(node, extents) for node in list(graph) if node.op_type == "Reshape")


def join_nearest(graph: ir.Graph, _extents: Extents) -> int:
    """Two nearest Resizes by whole factors in a row become one."""
    changes = 0
    for node in [node for node in graph if _is_nearest(node)]:
        first = producer(node.inputs[0], "Resize")
        if first is None or not _is_nearest(first) or len(first.outputs[0].uses()) > 1:
            continue
        factors = _factors(first) * _factors(node)
        replace(node, _resize(node, first.inputs[0], factors, _NEAREST))
        changes += 1
    return changes


def _by_factors(node: ir.Node, shape: Shape, sizes: Content) -> bool:
    if any(size is None or size.of != side.of for side, size in zip(shape, sizes, strict=True)):
        return False
    pairs = [(side.factor, size.factor) for side, size in zip(shape, sizes, strict=True) if size is not None]
    if any(size % side for side, size in pairs):
        return False
    factors = np.array([size // side for side, size in pairs], np.float32)
    replace(node, _resize(node, node.inputs[0], factors, _attributes(node)))
    return True


def _by_sizes_of_axes(node: ir.Node, shape: Shape, sizes: Content) -> bool:
    """Leave the batch and the channels out of the sizes; they are not resized."""
    axes = [axis for axis, (side, size) in enumerate(zip(shape, sizes, strict=True)) if side != size]
    wanted = [sizes[axis] for axis in axes]
    if all(size is not None and size.of is None for size in wanted):
        numbers = np.array([size.factor for size in wanted if size is not None], np.int64)
        value: ir.Value | None = append_constant(node, numbers, "sizes")
    else:
        value = shape_slice(node, wanted)
    if value is None:
        return False
    inputs = [node.inputs[0], None, None, value]
    replace(node, ir.node("Resize", inputs, {**_attributes(node), "axes": axes}))
    return True


def _repeat_to_resize(node: ir.Node, extents: Extents) -> bool:
    transpose = producer(node.inputs[0], "Transpose")
    tile = producer(transpose.inputs[0] if transpose is not None else node.inputs[0], "Tile")
    unsqueeze = producer(tile.inputs[0], "Unsqueeze") if tile is not None else None
    if tile is None or unsqueeze is None:
        return False
    shape, target = extents.shape(unsqueeze.inputs[0]), extents.content(node.inputs[1])
    added, repeats = integers(operand(unsqueeze, 1)), integers(operand(tile, 1))
    if shape is None or added is None or len(added) != 1 or repeats is None:
        return False
    rank = len(shape) + 1
    new = added[0] % rank
    order = list(attribute(transpose, "perm")) if transpose is not None else list(range(rank))
    place = order.index(new)
    if place == 0 or any(count != 1 for axis, count in enumerate(repeats) if axis != new):
        return False
    # The new axis is merged with the one before it: that axis's elements repeat, each in place.
    axes = [axis - (axis > new) for axis in order if axis != new]
    repeated = axes[place - 1]
    sides = [
        Extent(side.factor * (repeats[new] if axis == repeated else 1), side.of)
        for axis, side in enumerate(shape)
    ]
    if target != tuple(sides[axis] for axis in axes):
        return False
    factors = np.ones(len(shape), np.float32)
    factors[repeated] = repeats[new]
    resize = _resize(node, unsqueeze.inputs[0], factors, _NEAREST)
    replace(node, ir.node("Transpose", [insert(node, resize)], {"perm": axes}))
    return True


def _resize(node: ir.Node, value: ir.Value | None, factors: Numbers, attributes: dict[str, Any]) -> ir.Node:
    scales = append_constant(node, factors.astype(np.float32), "scales")
    return ir.node("Resize", [value, None, scales], attributes)


def _attributes(node: ir.Node) -> dict[str, Any]:
    """What matters to the node's mode; tf2onnx writes the others too."""
    mode = attribute(node, "mode", "nearest")
    kept = {"linear": [], "nearest": ["nearest_mode"], "cubic": ["cubic_coeff_a", "exclude_outside"]}[mode]
    names = ["mode", "coordinate_transformation_mode", "antialias", *kept]
    return {name: node.attributes[name] for name in names if name in node.attributes}


def _is_nearest(node: ir.Node) -> bool:
    return (
        node.op_type == "Resize"
        and all(attribute(node, name) == value for name, value in _NEAREST.items())
        and "axes" not in node.attributes
        and integers(operand(node, _SCALES)) not in (None, [])
    )


def _factors(node: ir.Node) -> Numbers:
    factors = constant(operand(node, _SCALES))
    assert factors is not None
    return factors
