"""float16 halves the file and leaves the computation alone."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from photochrom_export.precision import Precision, store_weights

RANDOM = np.random.default_rng(0)


def convolution(weights: npt.NDArray[np.float32]) -> onnx.ModelProto:
    bias = RANDOM.normal(size=len(weights)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w", "b"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, weights.shape[1], None, None])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, len(weights), None, None])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def test_the_file_halves_and_answers_stay_near() -> None:
    model = convolution(RANDOM.normal(size=(64, 32, 3, 3)).astype(np.float32))
    stored = store_weights(model, Precision.FLOAT16)
    onnx.checker.check_model(stored, full_check=True)
    assert stored.ByteSize() < 0.55 * model.ByteSize()
    x = RANDOM.normal(size=(1, 32, 8, 8)).astype(np.float32)
    exact, near = (
        onnxruntime.InferenceSession(m.SerializeToString(), providers=["CPUExecutionProvider"]).run(
            None, {"x": x}
        )[0]
        for m in (model, stored)
    )
    assert near.dtype == np.float32
    assert 0 < np.abs(near - exact).max() < 2e-3 * np.abs(exact).max()


def test_the_runtime_folds_the_casts_when_it_loads(tmp_path: Path) -> None:
    stored = store_weights(
        convolution(RANDOM.normal(size=(64, 32, 3, 3)).astype(np.float32)), Precision.FLOAT16
    )
    assert [node.op_type for node in stored.graph.node] == ["Cast", "Conv"]
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    onnxruntime.InferenceSession(stored.SerializeToString(), options, providers=["CPUExecutionProvider"])
    loaded = onnx.load(tmp_path / "loaded.onnx").graph
    assert [node.op_type for node in loaded.node] == ["Conv"]
    assert {tensor.data_type for tensor in loaded.initializer} == {TensorProto.FLOAT}


def test_weights_beyond_float16_stay_float32() -> None:
    model = convolution(np.full((64, 32, 3, 3), 7e4, np.float32))
    assert store_weights(model, Precision.FLOAT16) == model
