"""The few moves that every pass makes on the graph."""

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import onnx_ir as ir

from photochrom_export.cleaning.extents import Extent


def replace(old: ir.Node, new: ir.Node) -> None:
    """Put ``new`` in ``old``'s place: the same output, under the same name."""
    before, after = old.outputs[0], insert(old, new)
    after.name, after.type, after.shape = before.name, before.type, before.shape
    before.replace_all_uses_with(after, replace_graph_outputs=True)
    _graph_of(old).remove(old, safe=True)


def insert(node: ir.Node, new: ir.Node) -> ir.Value:
    """Put ``new`` before ``node``; returns its output."""
    node.prepend(new)
    return new.outputs[0]


def bypass(node: ir.Node, source: ir.Value | None = None) -> bool:
    """Take a node that changes nothing out: who reads it reads ``source``, by default its input.

    :returns: False, with the node in its place, where it is all there is between two of the graph's ends.
    """
    source, output = source or node.inputs[0], node.outputs[0]
    if source is None:
        return False
    if output.is_graph_output():
        if source.producer() is None or source.is_graph_output():
            return False
        source.name, source.type, source.shape = output.name, output.type, output.shape
    output.replace_all_uses_with(source, replace_graph_outputs=True)
    _graph_of(node).remove(node, safe=True)
    return True


def append_constant(node: ir.Node, numbers: npt.NDArray[Any], role: str) -> ir.Value:
    """A new constant of ``node``'s graph, named after the node's output."""
    graph = _graph_of(node)
    name = base = f"{node.outputs[0].name}/{role}"
    count = 1
    while name in graph.initializers:
        count += 1
        name = f"{base}_{count}"
    tensor = ir.tensor(numbers, name=name)
    value = ir.Value(
        name=name, shape=ir.Shape(numbers.shape), type=ir.TensorType(tensor.dtype), const_value=tensor
    )
    graph.register_initializer(value)
    return value


def shape_slice(node: ir.Node, sizes: Sequence[Extent | None]) -> ir.Value | None:
    """One Shape node before ``node`` that gives ``sizes``, if they are neighboring axes of one tensor."""
    dimensions = [size.of if size is not None and size.factor == 1 else None for size in sizes]
    first = dimensions[0] if dimensions else None
    if first is None:
        return None
    for offset, dimension in enumerate(dimensions):
        if dimension is None or dimension.value is not first.value or dimension.axis != first.axis + offset:
            return None
    end = first.axis + len(dimensions)
    return insert(node, ir.node("Shape", [first.value], {"start": first.axis, "end": end}))


def _graph_of(node: ir.Node) -> ir.Graph:
    graph = node.graph
    assert isinstance(graph, ir.Graph)  # the passes walk the main graph's nodes
    return graph
