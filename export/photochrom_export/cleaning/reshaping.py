"""Reshapes that come back to where they began.

tf2onnx writes a Transpose of a plane with one channel as a Reshape. It does not treat one network the same
way each time: now and then (1 conversion of 30) a chain of Unsqueeze, Reshape and Squeeze stays
that ends in the shape that it began with.
"""

import onnx_ir as ir

from photochrom_export.cleaning.extents import Extents
from photochrom_export.cleaning.rewriting import bypass

_RESHAPES = frozenset(["Reshape", "Squeeze", "Unsqueeze"])
"""Operations that keep all elements in their order."""


def return_to_the_start(graph: ir.Graph, extents: Extents) -> int:
    """What reads the end of a chain of reshapes reads its beginning, where both have the same shape."""
    changes = 0
    for node in [node for node in graph if node.op_type in _RESHAPES]:
        source = _same_above(node, extents)
        changes += source is not None and bypass(node, source)
    return changes


def _same_above(node: ir.Node, extents: Extents) -> ir.Value | None:
    """The first tensor of the chain that ends in ``node`` that has the shape of ``node``'s output."""
    shape, same = extents.shape(node.outputs[0]), None
    above: ir.Node | None = node
    while shape is not None and above is not None and above.op_type in _RESHAPES:
        value = above.inputs[0]
        if extents.shape(value) == shape:
            same = value
        above = value.producer() if value is not None else None
    return same
