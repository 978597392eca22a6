"""Names that a reader of the graph can follow."""

import re
from itertools import count

import onnx_ir as ir

_CALLS = re.compile(r"^(?:ConstantFolding/|(?:Stateful)?PartitionedCall(?:_\d+)?/)+(?:functional(?:_\d+)*/)?")
_OUTPUT_INDEX = re.compile(r":0(?=$|[_/])")
_ANONYMOUS = re.compile(r"__\d+|^val_\d+|^Const(?:_\d+)?$")


def shorten(graph: ir.Graph) -> None:
    """Drop the call wrappers and counters that the conversion leaves in names.

    Layers keep their names; what has none is called after its operation.
    """
    bound = {*graph.inputs, *graph.outputs}
    taken = {value.name for value in bound}
    for index, node in enumerate(graph):
        node.name = f"{node.op_type}_{index}"
        for value in node.outputs:
            if value not in bound:
                value.name = _free(_layer(value.name) or node.name, taken)
    for value in list(graph.initializers.values()):
        reader, place = next((use.node, use.idx) for use in value.uses())
        value.name = _free(_layer(value.name) or f"{reader.name}/constant_{place}", taken)


def _layer(name: str | None) -> str | None:
    """A name without what the conversion added to it, or None if nothing else is left."""
    short = _OUTPUT_INDEX.sub("", _CALLS.sub("", name or ""))
    return None if not short or _ANONYMOUS.search(short) else short


def _free(name: str, taken: set[str | None]) -> str:
    free = next(candidate for n in count(1) if (candidate := name if n == 1 else f"{name}_{n}") not in taken)
    taken.add(free)
    return free
