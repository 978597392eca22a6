"""Triton's own client: models and the server. Runs in the client's environment, not in the project's."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import tritonclient.grpc as triton

from tests.serving.clients.triton_requests import LIGHTNESS, refusal, tensor


@pytest.fixture
def client() -> Iterator[Any]:
    with triton.InferenceServerClient(os.environ["TARGET"]) as client:
        yield client


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
    assert config.dynamic_batching.preferred_batch_size == [1, 2, 4]
    assert config.WhichOneof("scheduling_choice") == "dynamic_batching"
    assert [(entry.name, list(entry.dims), entry.optional) for entry in config.input] == [
        ("lightness", [1, 64, 64], False),
        ("temperature", [1], True),
    ]
    assert [(entry.name, list(entry.dims)) for entry in config.output] == [("chroma", [2, 32, 32])]


def test_a_model_has_a_batch_axis_whatever_the_settings_leave_open() -> None:
    with triton.InferenceServerClient(os.environ["SLOW_TARGET"]) as slow:
        assert slow.get_model_config("photochrom").config.max_batch_size == 8


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
