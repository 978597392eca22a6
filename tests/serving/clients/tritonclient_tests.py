"""Triton's own client against a Photochrom server. Runs in the client's environment, not in the project's."""

import os
import queue
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from tests.serving.clients.wire import disagreements

SAMPLES = np.load(os.environ["SAMPLES"])
LIGHTNESS, CHROMA = SAMPLES["lightness"], SAMPLES["chroma"]  # (n, 1, h, w) and (n, 2, h / 2, w / 2)


@pytest.fixture
def client() -> Iterator[Any]:
    with triton.InferenceServerClient(os.environ["TARGET"]) as client:
        yield client


def tensor(values: Any, name: str = "lightness", datatype: str = "FP32") -> Any:
    sent = triton.InferInput(name, list(values.shape), datatype)
    sent.set_data_from_numpy(values)
    return sent


def refusal(call: Any) -> tuple[str, str]:
    with pytest.raises(InferenceServerException) as caught:
        call()
    return caught.value.status().removeprefix("StatusCode."), caught.value.message()


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


@pytest.mark.parametrize(
    ("name", "version", "says"),
    [
        (
            "sepia",
            "",
            "Request for unknown model: 'sepia' is not found; there is no model 'sepia'; there is annealed, ",
        ),
        ("photochrom", "7", "Request for unknown model: 'photochrom' version 7 is not found; "),
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


def test_the_metadata_describes_the_tensors(client: Any) -> None:
    assert client.get_server_metadata(as_json=True) == {
        "name": "photochrom",
        "version": os.environ["VERSION"],
        "extensions": ["model_configuration", "model_repository", "statistics"],
    }
    metadata = client.get_model_metadata("annealed", as_json=True)
    assert metadata == {
        "name": "annealed",
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [
            {"name": "lightness", "datatype": "FP32", "shape": ["-1", "1", "64", "64"]},
            {"name": "temperature", "datatype": "FP32", "shape": ["1"]},
        ],
        "outputs": [{"name": "chroma", "datatype": "FP32", "shape": ["-1", "2", "32", "32"]}],
    }
    assert client.get_model_metadata("photochrom").versions == ["1", "2"]
    assert client.get_model_metadata("photochrom").inputs[0].shape == [-1, 1, -1, -1]


def test_the_configuration_is_what_the_load_generator_reads(client: Any) -> None:
    config = client.get_model_config("annealed").config
    assert (config.name, config.platform, config.backend) == ("annealed", "onnxruntime_onnx", "onnxruntime")
    assert config.max_batch_size == 4
    assert config.WhichOneof("scheduling_choice") == "dynamic_batching"
    assert [(entry.name, list(entry.dims), entry.optional) for entry in config.input] == [
        ("lightness", [1, 64, 64], False),
        ("temperature", [1], True),
    ]
    assert [(entry.name, list(entry.dims)) for entry in config.output] == [("chroma", [2, 32, 32])]


def test_the_statistics_count_what_was_done(client: Any) -> None:
    def statistics() -> Any:
        (found,) = client.get_inference_statistics("photochrom", "2").model_stats
        return found

    before = statistics()
    client.infer("photochrom", [tensor(LIGHTNESS)])
    after = statistics()
    assert after.inference_count == before.inference_count + 3
    assert after.execution_count > before.execution_count
    assert after.last_inference >= before.last_inference
    for stage in ("success", "queue", "compute_input", "compute_infer"):
        earlier, later = (getattr(found.inference_stats, stage) for found in (before, after))
        assert later.count == earlier.count + 3
        assert later.ns > earlier.ns
    assert {batch.batch_size for batch in after.batch_stats} <= {1, 2, 3, 4}
    every = {(found.name, found.version) for found in client.get_inference_statistics().model_stats}
    assert every == {("annealed", "1"), ("photochrom", "1"), ("photochrom", "2")}


def test_the_repository_lists_loads_and_unloads(client: Any) -> None:
    def states(model: str) -> dict[str, str]:
        index = client.get_model_repository_index().models
        return {entry.version: entry.state for entry in index if entry.name == model}

    assert states("photochrom") == {"1": "READY", "2": "READY", "3": "UNAVAILABLE"}
    (broken,) = [entry for entry in client.get_model_repository_index().models if entry.version == "3"]
    assert "SHA-256" in broken.reason
    client.unload_model("annealed")
    assert states("annealed") == {"1": "UNAVAILABLE"}
    code, message = refusal(lambda: client.infer("annealed", [tensor(LIGHTNESS)]))
    assert (code, message[:49]) == ("NOT_FOUND", "Request for unknown model: 'annealed' is not foun")
    client.load_model("annealed")
    assert states("annealed") == {"1": "READY"}
    client.infer("annealed", [tensor(LIGHTNESS)])


def test_what_the_repository_cannot_do_it_says(client: Any) -> None:
    code, message = refusal(lambda: client.load_model("sepia"))
    assert (code, message.partition(";")[0]) == (
        "NOT_FOUND",
        "Request for unknown model: 'sepia' is not found",
    )
    code, message = refusal(lambda: client.load_model("annealed", config="{}"))
    assert (code, message) == ("UNIMPLEMENTED", "parameters: the server does not support 'config' of a load")
    with triton.InferenceServerClient(os.environ["SLOW_TARGET"]) as polled:
        code, message = refusal(lambda: polled.unload_model("photochrom"))
    assert code == "FAILED_PRECONDITION"
    assert "start it with --model-control explicit" in message
