"""What each operation does to the shapes of its inputs.

A rule returns None where it knows nothing better than what shape inference wrote down.
"""

from collections.abc import Callable, Sequence
from typing import Final

import onnx_ir as ir

from photochrom_export.cleaning.extents import Dimension, Extent, Extents, Shape, quotient
from photochrom_export.cleaning.reading import attribute, integers, named_axes, operand

_BINARY = ["Add", "Div", "Max", "Min", "Mul", "Pow", "Sub"]
_ACTIVATIONS = ["Clip", "Elu", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Relu", "Sigmoid", "Softplus"]
_UNARY = ["Abs", "Cast", "Erf", "Exp", "Identity", "Log", "Neg", "Sqrt", "Tanh"]

ELEMENTWISE: Final = frozenset([*_BINARY, *_ACTIVATIONS, *_UNARY])
"""Operations whose output has its inputs' dimensions, broadcast."""


def _of_first_input(extents: Extents, node: ir.Node) -> Shape | None:
    return extents.shape(node.inputs[0])


def _of_elementwise(extents: Extents, node: ir.Node) -> Shape | None:
    shapes = [extents.shape(value) for value in node.inputs if value is not None]
    if not shapes or any(shape is None for shape in shapes):
        return None
    known = [shape for shape in shapes if shape is not None]
    rank = max(map(len, known))
    padded = [(Extent(1),) * (rank - len(shape)) + shape for shape in known]
    merged = []
    for axis in zip(*padded, strict=True):
        sizes = {size for size in axis if size != Extent(1)}
        if len(sizes) > 1:  # equal at run time, or one of them 1: which, is not known
            return None
        merged.append(sizes.pop() if sizes else Extent(1))
    return tuple(merged)


def _of_transpose(extents: Extents, node: ir.Node) -> Shape | None:
    shape = extents.shape(node.inputs[0])
    if shape is None:
        return None
    order: Sequence[int] = attribute(node, "perm", range(len(shape))[::-1])
    return tuple(shape[axis] for axis in order)


def _of_unsqueeze(extents: Extents, node: ir.Node) -> Shape | None:
    shape, added = extents.shape(node.inputs[0]), integers(operand(node, 1))
    if shape is None or added is None:
        return None
    rank = len(shape) + len(added)
    rest = iter(shape)
    inserted = {axis % rank for axis in added}
    return tuple(Extent(1) if axis in inserted else next(rest) for axis in range(rank))


def _of_squeeze(extents: Extents, node: ir.Node) -> Shape | None:
    shape = extents.shape(node.inputs[0])
    dropped = named_axes(node, len(shape)) if shape is not None else None
    if shape is None or dropped is None:
        return None
    return tuple(size for axis, size in enumerate(shape) if axis not in dropped)


def _of_reshape(extents: Extents, node: ir.Node) -> Shape | None:
    """The sizes asked for: 0 is the input's own there, -1 what is left of its elements."""
    shape, asked = extents.shape(node.inputs[0]), extents.content(node.inputs[1])
    if shape is None or asked is None or None in asked or attribute(node, "allowzero", 0):
        return None
    if any(size == Extent(0) and axis >= len(shape) for axis, size in enumerate(asked)):
        return None
    sizes = [shape[axis] if size == Extent(0) else size for axis, size in enumerate(asked) if size]
    open_axes = [axis for axis, size in enumerate(sizes) if size == Extent(-1)]
    for axis in open_axes:
        rest = quotient(shape, [size for other, size in enumerate(sizes) if other != axis])
        if rest is None:
            return None
        sizes[axis] = rest
    return tuple(sizes)


def _of_reduction(extents: Extents, node: ir.Node) -> Shape | None:
    shape = extents.shape(node.inputs[0])
    axes = named_axes(node, len(shape)) if shape is not None else None
    if shape is None or axes is None:
        return None
    if attribute(node, "keepdims", 1):
        return tuple(Extent(1) if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def _of_matrix_product(extents: Extents, node: ir.Node) -> Shape | None:
    left, right = extents.shape(node.inputs[0]), extents.shape(node.inputs[1])
    if left is None or right is None or len(left) != 2 or len(right) != 2:
        return None
    if attribute(node, "transA", 0):
        return None
    return left[0], right[0 if attribute(node, "transB", 0) else 1]


def _of_convolution(extents: Extents, node: ir.Node) -> Shape | None:
    """Batch and channels always; height and width where a stride of 1 keeps them."""
    shape = extents.shape(node.inputs[0])
    if shape is None or node.outputs[0].shape is None:
        return None
    kernel = attribute(node, "kernel_shape")
    strides = attribute(node, "strides", [1] * (len(shape) - 2))
    keeps = str(attribute(node, "auto_pad", "NOTSET")).startswith("SAME")
    if kernel is not None and not keeps:
        dilations = attribute(node, "dilations", [1] * len(kernel))
        pads = attribute(node, "pads", [0] * 2 * len(kernel))
        around = [
            before + after for before, after in zip(pads[: len(kernel)], pads[len(kernel) :], strict=True)
        ]
        keeps = around == [d * (k - 1) for d, k in zip(dilations, kernel, strict=True)]
    sizes = list(node.outputs[0].shape)
    return tuple(
        shape[axis]
        if axis == 0 or (axis > 1 and keeps and strides[axis - 2] == 1)
        else Extent(size)
        if isinstance(size, int)
        else Extent(1, Dimension(node.outputs[0], axis))
        for axis, size in enumerate(sizes)
    )


def _of_concatenation(extents: Extents, node: ir.Node) -> Shape | None:
    shapes = [extents.shape(value) for value in node.inputs]
    if shapes[0] is None:
        return None
    joined = attribute(node, "axis") % len(shapes[0])
    sizes = [
        shape[joined] if shape is not None else Extent(0, Dimension(node.outputs[0], 0)) for shape in shapes
    ]
    if any(size.of for size in sizes):
        return None
    total = Extent(sum(size.factor for size in sizes))
    return (*shapes[0][:joined], total, *shapes[0][joined + 1 :])


def _of_resize(extents: Extents, node: ir.Node) -> Shape | None:
    shape, scales = extents.shape(node.inputs[0]), integers(operand(node, 2))
    sizes = extents.content(operand(node, 3))
    if shape is None:
        return None
    axes = [axis % len(shape) for axis in attribute(node, "axes", range(len(shape)))]
    sides = list(shape)
    for place, axis in enumerate(axes):
        if scales and len(scales) == len(axes):
            sides[axis] = Extent(shape[axis].factor * scales[place], shape[axis].of)
        else:
            size = sizes[place] if sizes is not None and len(sizes) == len(axes) else None
            sides[axis] = size or Extent(1, Dimension(node.outputs[0], axis))
    return tuple(sides)


def _of_slice(extents: Extents, node: ir.Node) -> Shape | None:
    shape = extents.shape(node.inputs[0])
    starts, ends = integers(node.inputs[1]), integers(node.inputs[2])
    if shape is None or starts is None or ends is None:
        return None
    axes = integers(operand(node, 3)) or list(range(len(starts)))
    steps = integers(operand(node, 4)) or [1] * len(starts)
    sides = list(shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        side = shape[axis]
        taken = Extent(len(range(*slice(start, end, step).indices(side.factor))))
        sides[axis] = Extent(1, Dimension(node.outputs[0], axis % len(shape))) if side.of else taken
    return tuple(sides)


RULES: Final[dict[str, Callable[[Extents, ir.Node], Shape | None]]] = {
    **dict.fromkeys(["BatchNormalization", "Softmax"], _of_first_input),
    **dict.fromkeys(ELEMENTWISE, _of_elementwise),
    **dict.fromkeys(["Conv", "MaxPool", "AveragePool"], _of_convolution),
    **dict.fromkeys(["MatMul", "Gemm"], _of_matrix_product),
    **dict.fromkeys(["ReduceMean", "ReduceSum", "ReduceMax"], _of_reduction),
    "Concat": _of_concatenation,
    "Reshape": _of_reshape,
    "Resize": _of_resize,
    "Slice": _of_slice,
    "Squeeze": _of_squeeze,
    "Transpose": _of_transpose,
    "Unsqueeze": _of_unsqueeze,
}
