"""What each operation does to the sizes that TensorFlow computes with.

A rule returns None where the output holds no sizes, or none that can be told.
"""

from collections.abc import Callable
from typing import Final

import onnx_ir as ir

from photochrom_export.cleaning.extents import Content, Extents
from photochrom_export.cleaning.reading import attribute, integers, operand


def _of_shape(extents: Extents, node: ir.Node) -> Content | None:
    shape = extents.shape(node.inputs[0])
    return None if shape is None else shape[attribute(node, "start", 0) : attribute(node, "end", None)]


def _unchanged(extents: Extents, node: ir.Node) -> Content | None:
    rank = node.outputs[0].shape.rank() if node.outputs[0].shape is not None else 1
    return extents.content(node.inputs[0]) if rank <= 1 else None


def _of_gather(extents: Extents, node: ir.Node) -> Content | None:
    content, indices = extents.content(node.inputs[0]), integers(node.inputs[1])
    if content is None or indices is None or attribute(node, "axis", 0) != 0:
        return None
    return tuple(content[index] for index in indices)


def _of_slice(extents: Extents, node: ir.Node) -> Content | None:
    content = extents.content(node.inputs[0])
    starts, ends = integers(node.inputs[1]), integers(node.inputs[2])
    steps = integers(operand(node, 4)) or [1]
    if content is None or starts is None or ends is None or len(starts) != 1:
        return None
    return content[slice(starts[0], ends[0], steps[0])]


def _of_concatenation(extents: Extents, node: ir.Node) -> Content | None:
    contents = [extents.content(value) for value in node.inputs]
    if any(content is None for content in contents):
        return None
    return tuple(size for content in contents if content is not None for size in content)


def _of_product(extents: Extents, node: ir.Node) -> Content | None:
    left, right = extents.content(node.inputs[0]), extents.content(node.inputs[1])
    if left is None or right is None:
        return None
    length = max(len(left), len(right))
    if min(len(left), len(right)) not in (1, length):
        return None
    left, right = (side * length if len(side) == 1 else side for side in (left, right))
    return tuple(a * b if a and b else None for a, b in zip(left, right, strict=True))


RULES: Final[dict[str, Callable[[Extents, ir.Node], Content | None]]] = {
    **dict.fromkeys(["Cast", "Identity", "Squeeze", "Unsqueeze", "Reshape"], _unchanged),
    "Concat": _of_concatenation,
    "Gather": _of_gather,
    "Mul": _of_product,
    "Shape": _of_shape,
    "Slice": _of_slice,
}
