"""A node's attributes and constant inputs, as Python has them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

Numbers = npt.NDArray[Any]


def attribute(node: ir.Node, name: str, default: Any = None) -> Any:
    """A node's attribute, or ``default`` if it has none of that name."""
    return node.attributes[name].value if name in node.attributes else default


def operand(node: ir.Node, index: int) -> ir.Value | None:
    """A node's input, or None if it has none there."""
    return node.inputs[index] if index < len(node.inputs) else None


def producer(value: ir.Value | None, operation: str) -> ir.Node | None:
    """The node that makes ``value``, if it is such an operation."""
    node = value.producer() if value is not None else None
    return node if node is not None and node.op_type == operation else None


def constant(value: ir.Value | None) -> Numbers | None:
    """A tensor's numbers, if the graph holds them."""
    tensor = ir.convenience.get_const_tensor(value) if value is not None else None
    return None if tensor is None else tensor.numpy()


def integers(value: ir.Value | None) -> list[int] | None:
    """A constant vector's or scalar's numbers, if they are whole."""
    numbers = constant(value)
    if numbers is None or numbers.dtype.kind not in "iuf":
        return None
    whole = np.all(np.isfinite(numbers)) and np.all(numbers == np.rint(numbers))
    return [int(number) for number in numbers.flat] if whole else None


def named_axes(node: ir.Node, rank: int) -> list[int] | None:
    """The axes that a reduction or an Unsqueeze names, counted from the front of ``rank``."""
    axes = integers(operand(node, 1))
    return None if axes is None else sorted(axis % rank for axis in axes)
