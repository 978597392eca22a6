"""A session: bound and reused memory, warmed shapes only, and answers that nobody overwrites."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from photochrom_contract import tensors
from photochrom_contract.manifest import MODEL_FILE, Manifest
from photochrom_serving.errors import PredictionError, ProviderError, SettingsError
from photochrom_serving.session import Session, Stage, opening, parity, providers
from photochrom_serving.session.cuda import PinnedStage, RecordedStage
from photochrom_serving.settings import Settings, parse
from tests import model_factory
from tests.serving.conftest import lightness


def opened(repository: Path, model: onnx.ModelProto | None = None, **settings: object) -> Session:
    folder = model_factory.publish(repository, model=model)
    return Session(folder / MODEL_FILE, Manifest.read(folder), Settings(**settings))  # type: ignore[arg-type]


def of_contract(nodes: list[onnx.NodeProto], constants: Sequence[onnx.TensorProto] = ()) -> onnx.ModelProto:
    inputs, outputs = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, axes)]
        for name, axes in ((tensors.LIGHTNESS, tensors.LIGHTNESS_AXES), (tensors.CHROMA, tensors.CHROMA_AXES))
    )
    graph = helper.make_graph(nodes, "small", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def test_a_stage_answers_every_batch_size_from_the_same_memory(tmp_path: Path) -> None:
    session = opened(tmp_path, batch_sizes="1,3,4")
    stage = session.stage(32)
    memory = stage.lightness.ctypes.data, stage.chroma.ctypes.data
    for count, bucket in ((1, 1), (2, 3), (3, 3), (4, 4), (1, 1)):
        planes = [lightness(32, seed=count + row) for row in range(count)]
        for row, plane in enumerate(planes):
            stage.write(row, plane)
        stage.run(bucket)
        for plane, answer in zip(planes, stage.read(count), strict=True):
            assert isinstance(answer, np.ndarray)
            np.testing.assert_allclose(answer, model_factory.expected_chroma(plane), atol=1e-4)
    assert (stage.lightness.ctypes.data, stage.chroma.ctypes.data) == memory


def test_an_answer_outlives_the_batch_after_it(tmp_path: Path) -> None:
    stage = opened(tmp_path).stage(32)
    first, second = lightness(32, 1), lightness(32, 2)
    stage.write(0, first)
    stage.run(1)
    (answer,) = stage.read(1)
    assert isinstance(answer, np.ndarray)
    stage.write(0, second)
    stage.run(1)
    np.testing.assert_allclose(answer, model_factory.expected_chroma(first), atol=1e-4)


def test_a_batch_beside_others_is_answered_as_one_alone(tmp_path: Path) -> None:
    stage = opened(tmp_path, threads=4, concurrent_batches=2).stage(32)
    plane = lightness(32)
    stage.write(0, plane)
    stage.warm_up(1)
    for alone in (True, False):
        stage.run(1, alone=alone)
        (answer,) = stage.read(1)
        assert isinstance(answer, np.ndarray)
        np.testing.assert_allclose(answer, model_factory.expected_chroma(plane), atol=1e-4)


def test_planes_of_bytes_and_of_numbers_and_those_moved_are_the_same(tmp_path: Path) -> None:
    stage = opened(tmp_path).stage(32)
    plane = lightness(32)
    stage.write(0, plane)
    stage.write(2, plane.astype(np.float32) * np.float32(100 / 255))
    stage.move(2, 1)
    stage.run(2)
    of_bytes, of_numbers = stage.read(2)
    assert isinstance(of_bytes, np.ndarray)
    np.testing.assert_array_equal(of_bytes, of_numbers)


def test_a_temperature_holds_for_its_batch_alone(tmp_path: Path) -> None:
    session = opened(tmp_path, model_factory.build_model(temperature=True))
    assert session.has_temperature
    stage = session.stage(32)
    plane = lightness(32)
    stage.write(0, plane)
    for temperature, factor in ((None, 1), (0.5, 0.5), (0.25, 0.25), (None, 1)):
        stage.run(1, temperature)
        (answer,) = stage.read(1)
        assert isinstance(answer, np.ndarray)
        np.testing.assert_allclose(answer, factor * model_factory.expected_chroma(plane), atol=1e-4)


def test_a_photograph_whose_answer_is_no_color_fails_alone(tmp_path: Path) -> None:
    nodes = [  # black has no reciprocal
        helper.make_node("Reciprocal", [tensors.LIGHTNESS], ["reciprocal"]),
        helper.make_node("Concat", ["reciprocal", "reciprocal"], [tensors.CHROMA], axis=1),
    ]
    file = model_factory.publish(tmp_path, model=of_contract(nodes)) / MODEL_FILE
    session = opening.open_file(file, Settings(), [(providers.CPU, {})])
    stage = Stage(session, "tiny/1", size=32, side=32, buckets=(4,))
    for row, value in enumerate((255, 0, 51)):
        stage.write(row, np.full((32, 32), value, np.uint8))
    stage.run(4)
    white, black, grey = stage.read(3)
    for answer, expected in ((white, 1 / 100), (grey, 1 / 20)):
        assert isinstance(answer, np.ndarray)
        np.testing.assert_allclose(answer, np.full((2, 32, 32), expected), rtol=1e-6)
    assert isinstance(black, PredictionError)
    assert str(black) == "tiny/1 answered this photograph with numbers that are not finite"


def test_a_graph_whose_answer_is_a_constant_writes_it_into_the_bound_memory(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Shape", [tensors.LIGHTNESS], ["count"], start=0, end=1),
        helper.make_node("Concat", ["count", "rest"], ["shape"], axis=0),
        helper.make_node("Expand", ["value", "shape"], [tensors.CHROMA]),
    ]
    constants = [
        numpy_helper.from_array(np.array([2, 16, 16], np.int64), "rest"),
        numpy_helper.from_array(np.full((1, 1, 1, 1), 20, np.float32), "value"),
    ]
    model = of_contract(nodes, constants)
    stage = opened(tmp_path, model).stage(32)
    stage.run(1)
    np.testing.assert_array_equal(stage.read(1)[0], np.full((2, 16, 16), 20))


@pytest.mark.parametrize("kind", [PinnedStage, functools.partial(RecordedStage, device=0, device_type="cpu")])
def test_the_gpus_stages_run_on_the_cpu_too_but_for_pins_and_recordings(
    tmp_path: Path, kind: Callable[..., Stage]
) -> None:
    folder = model_factory.publish(tmp_path, model=model_factory.build_model(temperature=True))
    session = opening.open_file(folder / MODEL_FILE, Settings(), [(providers.CPU, {})])
    stage = kind(session, "tiny/1", 32, 16, (1, 2))
    stage.warm_up(1)
    stage.warm_up(2)
    for seed, (bucket, temperature) in enumerate([(1, None), (2, 0.5), (2, None), (1, None)]):
        planes = [lightness(32, 10 * seed + row) for row in range(bucket)]
        for row, plane in enumerate(planes):
            stage.write(row, plane)
        stage.run(bucket, temperature)
        for plane, answer in zip(planes, stage.read(bucket), strict=True):
            assert isinstance(answer, np.ndarray)
            expected = (temperature or 1) * model_factory.expected_chroma(plane)
            np.testing.assert_allclose(answer, expected, atol=1e-4)


def test_parity_is_the_largest_difference_in_color(tmp_path: Path) -> None:
    files = []
    for version, factor in enumerate((1.0, 1.5), start=1):
        model = model_factory.build_model(temperature=True)
        initializer = next(i for i in model.graph.initializer if i.name == tensors.TEMPERATURE)
        initializer.CopyFrom(numpy_helper.from_array(np.array(factor, np.float32), tensors.TEMPERATURE))
        files.append(model_factory.publish(tmp_path, version=version, model=model) / MODEL_FILE)
    one, other = (opening.open_file(file, Settings(), [(providers.CPU, {})]) for file in files)
    assert parity.largest_difference(one, one, 32) == 0
    assert parity.largest_difference(other, one, 32) == pytest.approx(
        12.5, abs=1
    )  # half of a*, 25 at its ends


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_provider_that_is_not_there_is_named_and_nothing_runs_in_its_place(
    tmp_path: Path, provider: str
) -> None:
    with pytest.raises(ProviderError, match=f"has no {providers.NAMES[provider]} here.*--providers cpu"):
        opened(tmp_path, providers=provider)


def test_a_provider_that_does_not_start_says_why_and_nothing_runs_in_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = set(opening.import_onnxruntime().get_available_providers()) - {providers.CPU}
    if not others:
        pytest.skip("this ONNX Runtime has no provider but the CPU's")
    model = model_factory.publish(tmp_path) / MODEL_FILE
    with pytest.raises(ProviderError, match=r"must be either strings or \(string, dict\).*--providers cpu"):
        opening.open_file(model, Settings(providers="cuda"), [(others.pop(), 5)])  # type: ignore[list-item]
    assert not capsys.readouterr().out


def test_what_the_gpus_providers_are_told(tmp_path: Path) -> None:
    manifest = Manifest.read(model_factory.publish(tmp_path))
    settings = Settings(providers="tensorrt", cuda_device=1, cuda_memory_bytes=1 << 30)
    (first, tensorrt), (second, cuda) = providers.choose(settings, manifest, providers.Ways(True, False))
    assert (first, second) == (providers.TENSORRT, providers.CUDA)
    assert tensorrt["trt_profile_min_shapes"] == "lightness:1x1x32x32"
    assert tensorrt["trt_profile_max_shapes"] == "lightness:32x1x64x64"
    assert (tensorrt["trt_fp16_enable"], cuda["prefer_nhwc"], cuda["enable_cuda_graph"]) == ("1", "1", "0")
    assert (cuda["device_id"], cuda["gpu_mem_limit"]) == ("1", str(1 << 30))
    careful = dict(providers.choose(settings, manifest, dataclasses.replace(providers.Ways(False, True))))
    assert (careful[providers.CUDA]["use_tf32"], careful[providers.CUDA]["enable_cuda_graph"]) == ("0", "1")


def test_the_batch_sizes_are_powers_of_two_up_to_the_largest_or_those_given() -> None:
    assert Settings().buckets == (1, 2, 4, 8)
    assert Settings(providers="cuda").buckets == (1, 2, 4, 8, 16, 32)
    assert Settings(max_batch_size=6).buckets == (1, 2, 4, 6)
    assert parse(["--batch-sizes", "8,1,4"]).buckets == (1, 4, 8)
    for wrong in (["--batch-sizes", "0,2"], ["--batch-sizes", "1,"], ["--batch-sizes", "2000"]):
        with pytest.raises(SettingsError, match="--batch-sizes"):
            parse(wrong)
    with pytest.raises(SettingsError, match="give one of them"):
        parse(["--batch-sizes", "1,2", "--max-batch-size", "2"])
