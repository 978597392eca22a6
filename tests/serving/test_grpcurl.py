"""grpcurl, which knows nothing but what reflection tells it: every service of a server process, by hand."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from photochrom_serving import calls
from tests import model_factory
from tests.serving.conftest import lightness, serving

GRPCURL = shutil.which("grpcurl", path=str(Path(sys.executable).parent)) or shutil.which("grpcurl")
pytestmark = pytest.mark.skipif(GRPCURL is None, reason="grpcurl is not installed; make setup installs it")

PLANE = lightness(32)
TENSOR = base64.b64encode((PLANE * np.float32(100 / 255)).astype("<f4").tobytes()).decode()

COLORIZE = {"lightness": {"width": 32, "height": 32, "data": base64.b64encode(PLANE.tobytes()).decode()}}
PREDICT = {
    "model_spec": {"name": "photochrom"},
    "inputs": {
        "lightness": {
            "dtype": "DT_FLOAT",
            "tensor_shape": {"dim": [{"size": size} for size in (1, 1, 32, 32)]},
            "tensor_content": TENSOR,
        }
    },
}
INFER = {
    "model_name": "photochrom",
    "inputs": [{"name": "lightness", "datatype": "FP32", "shape": [1, 1, 32, 32]}],
    "raw_input_contents": [TENSOR],
}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    repository = tmp_path_factory.mktemp("models")
    model_factory.publish(repository)
    with serving(repository, "--no-warm-up") as server:
        yield server.target


def grpcurl(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert GRPCURL
    return subprocess.run([GRPCURL, "-plaintext", *arguments], capture_output=True, text=True, check=False)


def call(target: str, method: str, request: object) -> Any:
    """The answer of a method, as JSON."""
    done = grpcurl("-d", json.dumps(request), target, method)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def decoded(encoded: str, dtype: str) -> npt.NDArray[Any]:
    """A chroma plane ``(2, h', w')``."""
    return np.frombuffer(base64.b64decode(encoded), dtype).reshape(2, 16, 16)


def test_the_services_are_listed_and_each_is_described(target: str) -> None:
    listed = grpcurl(target, "list").stdout.split()
    assert listed == [
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
        "inference.GRPCInferenceService",
        "photochrom.v1.Colorizer",
        "tensorflow.serving.ModelService",
        "tensorflow.serving.PredictionService",
    ]
    packages = {service.rpartition(".")[0] for service in listed if not service.startswith("grpc.")}
    assert packages == set(calls.PROTOCOLS), "what is not there is neither logged nor counted"
    for service in listed:
        described = grpcurl(target, "describe", service)
        assert described.returncode == 0, described.stderr
        assert described.stdout.startswith(f"{service} is a service:")
        assert "  rpc " in described.stdout


@pytest.mark.parametrize(
    "service",
    [
        "",
        "inference.GRPCInferenceService",
        "photochrom.v1.Colorizer",
        "tensorflow.serving.ModelService",
        "tensorflow.serving.PredictionService",
    ],
)
def test_every_service_is_healthy(target: str, service: str) -> None:
    assert call(target, "grpc.health.v1.Health/Check", {"service": service}) == {"status": "SERVING"}


def test_each_protocol_answers_with_the_same_chroma_and_is_named_in_the_log(model_repository: Path) -> None:
    with serving(model_repository, "--no-warm-up") as server:
        colorized = call(server.target, "photochrom.v1.Colorizer/Colorize", COLORIZE)
        predicted = call(server.target, "tensorflow.serving.PredictionService/Predict", PREDICT)
        inferred = call(server.target, "inference.GRPCInferenceService/ModelInfer", INFER)
        server.process.terminate()
        assert server.end() == 0
    assert colorized["model"] == {"name": "photochrom", "version": "1"}
    assert predicted["model_spec"] == {
        "name": "photochrom",
        "version": "1",
        "signature_name": "serving_default",
    }
    assert (inferred["model_name"], inferred["model_version"]) == ("photochrom", "1")
    exact = decoded(predicted["outputs"]["chroma"]["tensor_content"], "<f4")
    np.testing.assert_allclose(exact, model_factory.expected_chroma(PLANE), atol=1e-4)
    np.testing.assert_array_equal(decoded(inferred["raw_output_contents"][0], "<f4"), exact)
    np.testing.assert_array_equal(decoded(colorized["chroma"]["data"], "<f2"), exact.astype("<f2"))
    told = [
        (line["protocol"], line["model"], line["photographs"], line["size"]) for line in server.of("call")
    ]
    assert told == [(protocol, "photochrom", 1, 32) for protocol in calls.PROTOCOLS.values()]


def test_a_models_status_is_told(target: str) -> None:
    answer = call(
        target, "tensorflow.serving.ModelService/GetModelStatus", {"model_spec": {"name": "photochrom"}}
    )
    assert answer == {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": {}}]}


def test_the_signature_can_be_read_through_reflection(target: str) -> None:
    answer = call(
        target,
        "tensorflow.serving.PredictionService/GetModelMetadata",
        {"model_spec": {"name": "photochrom"}, "metadata_field": ["signature_def"]},
    )
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert [signature[side].keys() for side in ("inputs", "outputs")] == [{"lightness"}, {"chroma"}]


def test_an_error_has_its_code_its_message_and_its_details(target: str) -> None:
    done = grpcurl("-d", '{"model": {"name": "sepia"}}', target, "photochrom.v1.Colorizer/Colorize")
    assert done.returncode != 0
    assert "Code: InvalidArgument" in done.stderr
    assert "lightness.width: is 0" in done.stderr
    assert "google.rpc.BadRequest" in done.stderr
