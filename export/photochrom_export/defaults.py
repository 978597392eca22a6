"""Inputs that need not be fed: an ONNX initializer of an input's name is its default (IR version 4 on)."""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import numpy_helper

from photochrom_export.errors import ConversionError


def give(model: onnx.ModelProto, defaults: Mapping[str, float]) -> onnx.ModelProto:
    """The same network with a default for each of these scalar inputs; the given model is left as it is.

    :raises ConversionError: for an input that the graph does not have: nothing depends on it.
    """
    given = onnx.ModelProto()
    given.CopyFrom(model)
    for name, value in defaults.items():
        if name not in {tensor.name for tensor in given.graph.input}:
            raise ConversionError(f"the graph has no input {name!r} to give a default")
        given.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    onnx.checker.check_model(given)
    return given
