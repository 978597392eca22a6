"""One call of each protocol, for the load generator: bytes made and the answer read each time."""

import grpc
import numpy as np
import numpy.typing as npt

from benchmarks.load import Call
from photochrom_contract import tensors
from photochrom_contract.open_inference import grpc_service_pb2 as inference
from photochrom_contract.open_inference.grpc_service_pb2_grpc import GRPCInferenceServiceStub
from photochrom_contract.v1 import colorizer_pb2 as messages
from photochrom_contract.v1.colorizer_pb2_grpc import ColorizerStub

OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.enable_retries", 0)]
"""Of the channel: a refusal is to be counted, not repeated."""


def colorize(
    channel: grpc.aio.Channel, plane: npt.NDArray[np.uint8], model: str = "", timeout: float = 30.0
) -> Call:
    """``photochrom.v1.Colorizer/Colorize`` of a plane ``(h, w)``."""
    stub = ColorizerStub(channel)  # type: ignore[no-untyped-call]  # generated
    height, width = plane.shape

    async def call() -> object:
        lightness = messages.LightnessPlane(
            width=width, height=height, data=tensors.lightness_to_bytes(plane)
        )
        request = messages.ColorizeRequest(model=messages.ModelSpec(name=model), lightness=lightness)
        chroma = (await stub.Colorize(request, timeout=timeout)).chroma
        return tensors.chroma_from_bytes(chroma.data, chroma.width, chroma.height)

    return call


def infer(channel: grpc.aio.Channel, plane: npt.NDArray[np.uint8], model: str, timeout: float = 30.0) -> Call:
    """``inference.GRPCInferenceService/ModelInfer`` of a plane ``(h, w)``, as float32 both ways."""
    stub = GRPCInferenceServiceStub(channel)  # type: ignore[no-untyped-call]  # generated
    lightness = tensors.lightness_to_tensor(plane[np.newaxis])

    async def call() -> object:
        request = inference.ModelInferRequest(model_name=model, raw_input_contents=[lightness.tobytes()])
        request.inputs.add(name=tensors.LIGHTNESS, datatype="FP32", shape=lightness.shape)
        request.outputs.add(name=tensors.CHROMA)
        answer = await stub.ModelInfer(request, timeout=timeout)
        return np.frombuffer(answer.raw_output_contents[0], np.float32).reshape(answer.outputs[0].shape)

    return call
