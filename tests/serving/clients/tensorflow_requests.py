"""Requests in the official TensorFlow Serving stubs, and the servers that answer them."""

import os
from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import model_pb2, predict_pb2

SAMPLES = np.load(os.environ["SAMPLES"])
LIGHTNESS, CHROMA = SAMPLES["lightness"], SAMPLES["chroma"]  # (n, 1, h, w) and (n, 2, h / 2, w / 2)


def spec(name: str = "photochrom", *, version: int | None = None, **fields: Any) -> Any:
    """A ModelSpec."""
    made = model_pb2.ModelSpec(name=name, **fields)
    if version is not None:
        made.version.value = version
    return made


def predict(inputs: Any, model: Any = None, **fields: Any) -> Any:
    """A Predict request; what is no TensorProto yet becomes one."""
    request = predict_pb2.PredictRequest(model_spec=model or spec(), **fields)
    for name, tensor in inputs.items():
        is_proto = hasattr(tensor, "tensor_shape")
        request.inputs[name].CopyFrom(tensor if is_proto else tf.make_tensor_proto(tensor))
    return request


def refusal(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    """The code and the message with which a call fails."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), str(caught.value.details())
