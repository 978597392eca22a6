"""What the conversion left in the graph and the runtime need not run, taken out.

onnxslim folds constants, merges padding and batch normalization into the convolutions and shares what is
computed twice. The passes of this package do what it does not: they prove what TensorFlow's shape
arithmetic computes and write it down, and move the last Transposes together. They repeat until none finds
anything more. None may change an answer; :mod:`photochrom_export.parity` checks the result afterwards.
"""

import dataclasses
from collections.abc import Callable
from typing import Final

import onnx
import onnx_ir as ir
import onnxslim
from onnx_ir.passes import common

from photochrom_export.cleaning import broadcasting, layout, naming, resampling, reshaping
from photochrom_export.cleaning.analysis import analyze
from photochrom_export.cleaning.extents import Extents

Pass = Callable[[ir.Graph, Extents], int]
"""Rewrites the graph in place; returns how many changes it made."""

PASSES: Final[tuple[Pass, ...]] = (
    broadcasting.drop_idle_slices,
    resampling.state_factors,
    resampling.recognize_repeats,
    resampling.join_nearest,
    broadcasting.expand_without_adding,
    broadcasting.expand_trailing_axes,
    reshaping.return_to_the_start,
    layout.reduce_in_place,
    layout.unsqueeze_in_place,
    layout.cancel,
    layout.sink,
)

_PRODUCER = "photochrom-export"


@dataclasses.dataclass(frozen=True)
class NodeCounts:
    """How many nodes a graph has: all, and those that only move numbers about."""

    total: int
    transpose: int
    reshape: int

    @classmethod
    def of(cls, model: onnx.ModelProto) -> "NodeCounts":
        """Count the nodes of a model's graph."""
        operations = [node.op_type for node in model.graph.node]
        return cls(len(operations), operations.count("Transpose"), operations.count("Reshape"))


def clean(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network in fewer nodes; the given model is left as it is."""
    slim = onnxslim.slim(_copy(model))
    cleaned = ir.from_proto(slim)
    graph = cleaned.graph
    common.LiftConstantsToInitializersPass(size_limit=0)(cleaned)
    while _sweep(cleaned):
        pass
    common.DeduplicateInitializersPass()(cleaned)
    common.RemoveUnusedOpsetsPass()(cleaned)
    naming.shorten(graph)
    cleaned.producer_name, cleaned.producer_version = _PRODUCER, None
    cleaned.doc_string = graph.doc_string = None
    proto: onnx.ModelProto = ir.to_proto(cleaned)
    # A runtime infers the inner shapes; half of their dimensions are called unk__123 here.
    del proto.graph.value_info[:]
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _sweep(model: ir.Model) -> int:
    changes = 0
    for rewrite in PASSES:
        found = rewrite(model.graph, analyze(model.graph))
        if found:
            common.RemoveUnusedNodesPass()(model)
            model.graph.sort()
        changes += found
    return changes


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy
