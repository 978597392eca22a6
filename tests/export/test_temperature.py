"""A network of colors' scores is published with a temperature that need not be given."""

import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from photochrom_contract.description import Description
from photochrom_contract.manifest import Manifest
from photochrom_export import defaults
from photochrom_export.errors import ConversionError
from photochrom_export.parity import onnx_predictor
from photochrom_export.saved_model import SavedModel, describe
from tests.export.conftest import Run

PLANES = np.random.default_rng(0).uniform(0, 100, (2, 1, 32, 32)).astype(np.float32)


@pytest.fixture(scope="module")
def published(run_export: Run, saved_models: Path, photographs: Path, tmp_path_factory: Any) -> Path:
    repository = tmp_path_factory.mktemp("models")
    done: CompletedProcess[str] = run_export(
        saved_models / "colorful", repository, "--photographs", photographs
    )
    assert done.returncode == 0, done.stderr
    return Path(repository) / "colorful" / "1"


def load(published: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns that what can be fed cannot be folded
    return onnxruntime.InferenceSession(published / "model.onnx", options, providers=["CPUExecutionProvider"])


def test_the_temperature_is_an_input_with_the_description_s_default(published: Path) -> None:
    session = load(published)

    (temperature,) = session.get_overridable_initializers()

    assert [tensor.name for tensor in session.get_inputs()] == ["lightness"]
    assert (temperature.name, temperature.type, temperature.shape) == ("temperature", "tensor(float)", [])
    default = session.run(["chroma"], {"lightness": PLANES})[0]
    fed = session.run(["chroma"], {"lightness": PLANES, "temperature": np.array(0.38, np.float32)})[0]
    np.testing.assert_allclose(fed, default, atol=1e-4)


def test_a_low_temperature_takes_the_likeliest_color_and_a_high_one_the_mean(published: Path) -> None:
    session = load(published)

    def at(temperature: float) -> Any:
        return session.run(
            ["chroma"], {"lightness": PLANES, "temperature": np.array(temperature, np.float32)}
        )[0]

    colors = np.random.default_rng(1).uniform(-80, 80, (7, 2)).astype(np.float32)  # as in networks.py
    pixels = at(1e-5).transpose(0, 2, 3, 1).reshape(-1, 1, 2)
    assert np.abs(pixels - colors).sum(-1).min(1) == pytest.approx(0, abs=0.1)
    np.testing.assert_allclose(at(1e6).transpose(0, 2, 3, 1).reshape(-1, 2) - colors.mean(0), 0, atol=1e-2)


def test_at_other_temperatures_it_answers_as_the_network_does_too(
    published: Path, saved_models: Path
) -> None:
    folder = saved_models / "colorful"
    network, graph = SavedModel(folder, describe(folder)), (published / "model.onnx").read_bytes()
    for temperature in (0.19, 0.69):
        answer = network.predict(PLANES, temperature)
        np.testing.assert_allclose(onnx_predictor(graph, temperature)(PLANES), answer, atol=1e-2)
        assert np.abs(onnx_predictor(graph)(PLANES) - answer).max() > 1


def test_the_graph_is_as_clean_as_without(published: Path) -> None:
    nodes = onnx.load(published / "model.onnx").graph.node

    operations = [node.op_type for node in nodes]
    assert operations == ["Mul", "Sub", "Conv", "LeakyRelu", "Conv", "Relu", "Conv", "Div", "Softmax", "Conv"]
    assert Manifest.read(published).chroma_stride == 4


def test_a_dilated_convolution_is_one_convolution(published: Path) -> None:
    # TensorFlow cuts the plane into interleaved ones where its size is unknown.
    nodes = onnx.load(published / "model.onnx").graph.node
    dilations = [
        list(attribute.ints)
        for node in nodes
        for attribute in node.attribute
        if attribute.name == "dilations" and max(attribute.ints) > 1
    ]
    assert dilations == [[2, 2]]


def test_a_signature_without_the_temperature_that_is_described_is_refused(
    run_export: Run, saved_models: Path, tmp_path: Path
) -> None:
    shutil.copytree(saved_models / "unet", tmp_path / "unet")
    Description("unet", "Says more than it has.", (32,), 32, {}, 0.5).write(tmp_path / "unet")

    refused = run_export(tmp_path / "unet", tmp_path / "models")

    assert refused.returncode == 2
    assert "the signature must have lightness and temperature here" in refused.stderr


def test_a_default_needs_its_input() -> None:
    with pytest.raises(ConversionError, match="no input 'temperature'"):
        defaults.give(onnx.ModelProto(), {"temperature": 0.38})
