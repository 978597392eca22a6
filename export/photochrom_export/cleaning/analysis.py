"""The extents of a whole graph, from its inputs down."""

import onnx_ir as ir

from photochrom_export.cleaning import content_rules, shape_rules
from photochrom_export.cleaning.extents import Extents


def analyze(graph: ir.Graph) -> Extents:
    """Derive what is known of every tensor of ``graph``, whose nodes must be in topological order."""
    extents = Extents()
    for value in (*graph.inputs, *graph.initializers.values()):
        extents.learn(value)
    for node in graph:
        shape_of = shape_rules.RULES.get(node.op_type)
        content_of = content_rules.RULES.get(node.op_type)
        extents.learn(
            node.outputs[0],
            shape_of(extents, node) if shape_of else None,
            content_of(extents, node) if content_of else None,
        )
        for output in node.outputs[1:]:
            extents.learn(output)
    return extents
