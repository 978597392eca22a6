"""Triton's own client: inference. Runs in the client's environment, not in the project's."""

import os
import queue
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc as triton

from tests.serving.clients.triton_requests import CHROMA, LIGHTNESS, SAMPLES, refusal, tensor
from tests.serving.clients.wire import disagreements


@pytest.fixture
def client() -> Iterator[Any]:
    with triton.InferenceServerClient(os.environ["TARGET"]) as client:
        yield client


def test_the_wire_types_are_those_of_the_client() -> None:
    with open(os.environ["DESCRIPTION"], "rb") as file:  # noqa: PTH123
        problems, known = disagreements(file.read(), "inference")
    assert not problems
    assert known > 100


def test_the_server_and_its_models_are_ready(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("photochrom")
    assert client.is_model_ready("photochrom", "2")
    assert client.is_model_ready("photochrom", "stable")
    assert not client.is_model_ready("photochrom", "3")  # damaged


def test_many_photographs_in_one_request_are_many_chroma_planes(client: Any) -> None:
    result = client.infer("photochrom", [tensor(LIGHTNESS)], request_id="a7")
    np.testing.assert_array_equal(result.as_numpy("chroma"), CHROMA)
    response = result.get_response()
    assert (response.model_name, response.model_version, response.id) == ("photochrom", "2", "a7")


def test_a_version_is_a_number_or_a_label(client: Any) -> None:
    for version, answered in (("1", "1"), ("2", "2"), ("stable", "1"), ("", "2")):
        response = client.infer("photochrom", [tensor(LIGHTNESS)], version).get_response()
        assert response.model_version == answered


def test_bytes_are_lightness_in_255_steps(client: Any) -> None:
    result = client.infer("photochrom", [tensor(SAMPLES["steps"], datatype="UINT8")])
    np.testing.assert_array_equal(result.as_numpy("chroma"), CHROMA)


def test_a_temperature_goes_to_the_model_that_has_one(client: Any) -> None:
    half = tensor(np.array([0.5], np.float32), "temperature")
    result = client.infer("annealed", [tensor(LIGHTNESS), half])
    np.testing.assert_allclose(result.as_numpy("chroma"), CHROMA / 2, rtol=1e-6)
    code, message = refusal(lambda: client.infer("photochrom", [tensor(LIGHTNESS), half]))
    assert code == "INVALID_ARGUMENT"
    assert message == "temperature: is 0.5, but photochrom version 2 has none to set"


def test_the_one_output_can_be_asked_for_and_no_other(client: Any) -> None:
    chroma, lightness = (triton.InferRequestedOutput(name) for name in ("chroma", "lightness"))
    result = client.infer("photochrom", [tensor(LIGHTNESS)], outputs=[chroma])
    np.testing.assert_array_equal(result.as_numpy("chroma"), CHROMA)
    code, message = refusal(lambda: client.infer("photochrom", [tensor(LIGHTNESS)], outputs=[lightness]))
    assert code == "INVALID_ARGUMENT"
    assert "unexpected inference output 'lightness' for model 'photochrom'; there is chroma" in message
    _, message = refusal(lambda: client.infer("photochrom", [tensor(LIGHTNESS)], outputs=[chroma, chroma]))
    assert message == "outputs: have 'chroma' twice"


@pytest.mark.parametrize(
    ("name", "version", "says"),
    [
        (
            "sepia",
            "",
            "Request for unknown model: 'sepia' is not found; there is no model 'sepia'; there is annealed, ",
        ),
        ("photochrom", "7", "Request for unknown model: 'photochrom' version 7 is not found; "),
        ("photochrom", "9" * 5000, "Request for unknown model: 'photochrom' version 99999"),
        ("photochrom", "0", "Request for unknown model: 'photochrom' version 0 is not found; "),
        ("photochrom", "best", "Request for unknown model: 'photochrom' version best is not found; "),
    ],
)
def test_what_is_unknown_is_not_found(client: Any, name: str, version: str, says: str) -> None:
    for call in (
        lambda: client.infer(name, [tensor(LIGHTNESS)], version),
        lambda: client.is_model_ready(name, version),
        lambda: client.get_model_metadata(name, version),
        lambda: client.get_model_config(name, version),
        lambda: client.get_inference_statistics(name, version or "1"),
    ):
        code, message = refusal(call)
        assert code == "NOT_FOUND"
        assert message.startswith("Request for unknown model: ")
    code, message = refusal(lambda: client.infer(name, [tensor(LIGHTNESS)], version))
    assert message.startswith(says)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([], "inputs: lack 'lightness'"),
        ([tensor(LIGHTNESS, "grey")], "inputs: unexpected inference input 'grey' for model 'photochrom'"),
        ([tensor(LIGHTNESS), tensor(LIGHTNESS)], "inputs: have 'lightness' twice"),
        ([tensor(LIGHTNESS[:1])] * 3, "inputs: are 3, but a model takes lightness and perhaps temperature"),
        ([tensor(LIGHTNESS.astype("f8"), datatype="FP64")], "is 'FP64', model expects 'FP32' or 'UINT8'"),
        ([tensor(LIGHTNESS[0])], "lightness: has shape [1, 64, 64], but must have [n, 1, height, width]"),
        ([tensor(LIGHTNESS[:0])], "lightness: has 0 photographs, but one request takes 1 to 32"),
        ([tensor(np.tile(LIGHTNESS, (11, 1, 1, 1)))], "has 33 photographs, but one request takes 1 to 32"),
        ([tensor(LIGHTNESS[:, :, :40, :40])], "is 40 x 40, but photochrom version 2 takes squares of 32, 64"),
        ([tensor(LIGHTNESS[:, :, :32])], "is 64 x 32, but photochrom version 2 takes squares of 32, 64"),
        ([tensor(LIGHTNESS * 2.55)], "but float32 is L* itself, 0 (black) to 100 (white)"),
        ([tensor(LIGHTNESS * np.float32("nan"))], "lightness: goes from nan to nan, "),
    ],
)
def test_an_input_that_does_not_do_is_an_invalid_argument(client: Any, inputs: list[Any], says: str) -> None:
    code, message = refusal(lambda: client.infer("photochrom", inputs))
    assert code == "INVALID_ARGUMENT"
    assert says in message


def test_shared_memory_is_said_to_be_unsupported(client: Any) -> None:
    sent = triton.InferInput("lightness", list(LIGHTNESS.shape), "FP32")
    sent.set_shared_memory("region", LIGHTNESS.nbytes)
    code, message = refusal(lambda: client.infer("photochrom", [sent]))
    assert code == "UNIMPLEMENTED"
    assert message == "lightness: the server does not support shared_memory_region"


def test_a_full_queue_is_unavailable_with_the_time_to_come_back(client: Any) -> None:
    errors: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with triton.InferenceServerClient(os.environ["SLOW_TARGET"]) as slow:
        for _ in range(16):
            slow.async_infer("photochrom", [tensor(LIGHTNESS[:1])], lambda result, error: errors.put(error))
        refused = [error for error in (errors.get(timeout=60) for _ in range(16)) if error]
    assert 0 < len(refused) < 16
    for error in refused:
        assert error.status() == "StatusCode.UNAVAILABLE"
        assert "photographs are in the server already" in error.message()


def test_a_deadline_that_passes_is_exceeded() -> None:
    with triton.InferenceServerClient(os.environ["SLOW_TARGET"]) as slow:
        code, _ = refusal(lambda: slow.infer("photochrom", [tensor(LIGHTNESS[:1])], client_timeout=0.001))
        assert code == "DEADLINE_EXCEEDED"
        code, message = refusal(lambda: slow.infer("photochrom", [tensor(LIGHTNESS[:1])], timeout=1))
    assert (code, message) == ("DEADLINE_EXCEEDED", "the deadline passed before the call was admitted")


def test_a_stream_answers_in_order_and_goes_on_after_a_request_that_fails(client: Any) -> None:
    answers: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for number in range(40):  # more than the window
        model = "sepia" if number % 5 == 3 else "photochrom"
        client.async_stream_infer(model, [tensor(LIGHTNESS[number % 3 :])], request_id=str(number))
    for number in range(40):
        result, error = answers.get(timeout=60)
        if number % 5 == 3:
            assert error.message().startswith("Request for unknown model: 'sepia' is not found; ")
        else:
            assert error is None
            np.testing.assert_array_equal(result.as_numpy("chroma"), CHROMA[number % 3 :])
            assert result.get_response().id == str(number)
    client.stop_stream()


def test_a_sequence_would_need_a_memory(client: Any) -> None:
    code, message = refusal(lambda: client.infer("photochrom", [tensor(LIGHTNESS)], sequence_id=7))
    assert code == "UNIMPLEMENTED"
    assert message == "parameters: the models keep no state, so there is no sequence_id"
