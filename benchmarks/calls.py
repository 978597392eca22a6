"""One call of each protocol, for the load generator."""

import grpc
import numpy as np
import numpy.typing as npt

from benchmarks.load import Call
from photochrom_contract import tensors
from photochrom_contract.open_inference import grpc_service_pb2 as inference
from photochrom_contract.v1 import colorizer_pb2 as messages

OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.enable_retries", 0)]
"""Of the channel: a refusal is to be counted, not repeated."""


def colorize(
    channel: grpc.aio.Channel, plane: npt.NDArray[np.uint8], model: str = "", timeout: float = 30.0
) -> Call:
    """``photochrom.v1.Colorizer/Colorize`` of a plane ``(h, w)``."""
    height, width = plane.shape
    lightness = messages.LightnessPlane(width=width, height=height, data=tensors.lightness_to_bytes(plane))
    request = messages.ColorizeRequest(model=messages.ModelSpec(name=model), lightness=lightness)
    return _sent_as_bytes(channel, "photochrom.v1.Colorizer/Colorize", request.SerializeToString(), timeout)


def infer(channel: grpc.aio.Channel, plane: npt.NDArray[np.uint8], model: str, timeout: float = 30.0) -> Call:
    """``inference.GRPCInferenceService/ModelInfer`` of a plane ``(h, w)``, as float32 both ways."""
    lightness = tensors.lightness_to_tensor(plane[np.newaxis])
    request = inference.ModelInferRequest(model_name=model, raw_input_contents=[lightness.tobytes()])
    request.inputs.add(name=tensors.LIGHTNESS, datatype="FP32", shape=lightness.shape)
    request.outputs.add(name=tensors.CHROMA)
    method = "inference.GRPCInferenceService/ModelInfer"
    return _sent_as_bytes(channel, method, request.SerializeToString(), timeout)


def _sent_as_bytes(channel: grpc.aio.Channel, method: str, request: bytes, timeout: float) -> Call:
    """A call whose message is made once and whose answer is not read: the cores are the server's."""
    send = channel.unary_unary(f"/{method}", request_serializer=None, response_deserializer=None)

    async def call() -> object:
        return await send(request, timeout=timeout)

    return call
