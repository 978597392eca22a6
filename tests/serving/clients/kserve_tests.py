"""KServe's own client against a Photochrom server. Runs in the client's environment, not in the project's."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import numpy as np
import pytest
from kserve import InferenceGRPCClient, InferInput, InferRequest, InferResponse
from kserve.protocol.grpc import grpc_predict_v2_pb2, grpc_predict_v2_pb2_grpc

from tests.serving.clients.wire import disagreements

SAMPLES = np.load(os.environ["SAMPLES"])
LIGHTNESS, CHROMA = SAMPLES["lightness"], SAMPLES["chroma"]  # (n, 1, h, w) and (n, 2, h / 2, w / 2)

Use = Callable[[Any], Awaitable[Any]]


def with_client(use: Use, target: str = "TARGET", **options: Any) -> Any:
    """What becomes of using a client."""

    async def run() -> Any:
        async with InferenceGRPCClient(os.environ[target], **options) as client:
            return await use(client)

    return asyncio.run(run())


def request(values: Any = LIGHTNESS, model: str = "photochrom", *, binary: bool = True) -> InferRequest:
    datatype = {np.dtype(np.float32): "FP32", np.dtype(np.uint8): "UINT8"}[values.dtype]
    tensor = InferInput("lightness", list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return InferRequest(model_name=model, infer_inputs=[tensor], request_id="a7")


def chroma_of(response: InferResponse) -> Any:
    (output,) = response.outputs
    assert output.name == "chroma"
    return output.as_numpy()


def refusal(use: Use) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        with_client(use)
    return caught.value.code(), str(caught.value.details())


def test_the_wire_types_are_those_of_the_client_where_it_does_not_contradict_tritons() -> None:
    with open(os.environ["DESCRIPTION"], "rb") as file:  # noqa: PTH123
        problems, known = disagreements(file.read(), "inference")
    contradicted = {problem.partition(".")[2].partition(".")[0] for problem in problems}
    assert contradicted == {"RepositoryModelLoadRequest", "RepositoryModelUnloadRequest"}
    assert known > 50


def test_a_model_is_unloaded_and_loaded_by_the_numbers_of_kserve() -> None:
    with grpc.insecure_channel(os.environ["TARGET"]) as channel:
        stub = grpc_predict_v2_pb2_grpc.GRPCInferenceServiceStub(channel)
        unload = grpc_predict_v2_pb2.RepositoryModelUnloadRequest(model_name="annealed")
        unloaded = stub.RepositoryModelUnload(unload)
        assert (unloaded.model_name, unloaded.isUnloaded) == ("annealed", True)
        assert refusal(lambda client: client.is_model_ready("annealed"))[0] == grpc.StatusCode.NOT_FOUND
        loaded = stub.RepositoryModelLoad(
            grpc_predict_v2_pb2.RepositoryModelLoadRequest(model_name="annealed")
        )
        assert (loaded.model_name, loaded.isLoaded) == ("annealed", True)
    assert with_client(lambda client: client.is_model_ready("annealed"))


def test_the_server_and_its_model_are_ready() -> None:
    assert with_client(lambda client: client.is_server_live())
    assert with_client(lambda client: client.is_server_ready())
    assert with_client(lambda client: client.is_model_ready("photochrom"))


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("values", [LIGHTNESS, SAMPLES["steps"]], ids=["FP32", "UINT8"])
def test_photographs_are_colored_whether_sent_raw_or_as_typed_contents(values: Any, *, binary: bool) -> None:
    response = with_client(lambda client: client.infer(request(values, binary=binary)))
    np.testing.assert_array_equal(chroma_of(response), CHROMA)
    assert (response.model_name, response.model_version, response.id) == ("photochrom", "2", "a7")


def test_an_unknown_model_is_an_error_and_not_one_that_is_not_ready() -> None:
    says = "Request for unknown model: 'sepia' is not found; there is no model 'sepia'; there is "
    for use in (
        lambda client: client.is_model_ready("sepia"),
        lambda client: client.infer(request(model="sepia")),
    ):
        code, message = refusal(use)
        assert code == grpc.StatusCode.NOT_FOUND
        assert message.startswith(says)


def test_an_input_that_does_not_do_is_an_invalid_argument() -> None:
    code, message = refusal(lambda client: client.infer(request(LIGHTNESS[:, :, :40, :40])))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert message.startswith("lightness: is 40 x 40, but photochrom version 2 takes squares of 32, 64")


def test_typed_contents_of_another_length_than_the_shape_are_refused() -> None:
    short = request(LIGHTNESS[:1], binary=False)
    short.inputs[0].shape = [2, 1, 64, 64]
    code, message = refusal(lambda client: client.infer(short))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert message == "lightness: has 4096 values, but FP32 [2, 1, 64, 64] takes 8192"


def test_a_full_queue_is_what_the_client_retries() -> None:
    one = request(LIGHTNESS[:1])

    def together(count: int) -> Use:
        async def infer(client: Any) -> list[Any]:
            calls = (client.infer(one) for _ in range(count))
            return await asyncio.gather(*calls, return_exceptions=True)

        return infer

    for response in with_client(together(2), "SLOW_TARGET", retries=5):
        np.testing.assert_array_equal(chroma_of(response), CHROMA[:1])
    answers = with_client(together(16), "SLOW_TARGET", retries=0)
    refused = [answer for answer in answers if isinstance(answer, grpc.RpcError)]
    assert 0 < len(refused) < 16
    assert {error.code() for error in refused} == {grpc.StatusCode.UNAVAILABLE}
