"""Dilated convolutions, as TensorFlow writes them where sizes are unknown, told as such.

TensorFlow cuts the plane into interleaved ones (SpaceToBatchND), convolves those without dilation, and
interleaves the results (BatchToSpaceND), with paddings that depend on the size. tf2onnx's form of that
fails at some sizes; a Conv2D with dilations is what was meant, and what ONNX has.
"""

from typing import Any

import numpy as np


def restore(graph: Any) -> None:
    """Put dilations into the convolutions of a frozen ``GraphDef``, in place.

    The padding is taken to be "same", as Keras's layers have it in every network here; of another one
    the parity proof would say that the answers' shapes differ.
    """
    nodes = {node.name: node for node in graph.node}
    for gather in graph.node:
        if gather.op != "BatchToSpaceND":
            continue
        convolution = nodes.get(gather.input[0])
        cut = nodes.get(convolution.input[0]) if convolution is not None else None
        if convolution is None or cut is None or (convolution.op, cut.op) != ("Conv2D", "SpaceToBatchND"):
            continue
        rates = _numbers(nodes[cut.input[1]])
        kernel = [dimension.size for dimension in _tensor(nodes[convolution.input[1]]).tensor_shape.dim[:2]]
        spans = [rate * (side - 1) for rate, side in zip(rates, kernel, strict=True)]
        # Spelled out: ONNX Runtime computes "same" for itself only without dilation.
        pads = [pad for span in spans for pad in (span // 2, span - span // 2)]
        convolution.input[0] = cut.input[0]
        convolution.attr["padding"].s = b"EXPLICIT"
        convolution.attr["explicit_paddings"].list.i[:] = [0, 0, *pads, 0, 0]
        convolution.attr["dilations"].list.i[:] = [1, *rates, 1]
        del gather.input[1:]
        gather.op = "Identity"
        for other in [key for key in gather.attr if key != "T"]:
            del gather.attr[other]


def _numbers(node: Any) -> list[int]:
    import tensorflow as tf

    return [int(number) for number in np.ravel(tf.make_ndarray(_tensor(node)))]


def _tensor(node: Any) -> Any:
    return node.attr["value"].tensor
