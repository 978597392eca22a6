"""Narrowing: the directions that a convolution does not use are left out, and the answer stays."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from photochrom_contract import photograph
from photochrom_export.errors import ConversionError
from photochrom_export.narrowing import Narrowing, narrow
from photochrom_export.narrowing.factors import Factors

SIZE = 32
USED = 5
"""How many directions of its many channels each wide tensor of :func:`network` has."""


@pytest.fixture(scope="module")
def photographs() -> list[photograph.Lightness]:
    """Smooth pictures, as photographs are."""
    random = np.random.default_rng(0)
    return [random.uniform(0, 100, (4, 5)).astype(np.float32).repeat(16, 0).repeat(16, 1) for _ in range(8)]


def network() -> onnx.ModelProto:
    """A small decoder: 48 channels of 5 directions are enlarged, joined with a skip, and convolved."""
    random = np.random.default_rng(1)

    def weights(name: str, *shape: int, rank: int | None = None) -> onnx.TensorProto:
        values = random.normal(0, 1 / np.prod(shape[1:]) ** 0.5, shape)
        if rank:
            mixing = random.normal(0, rank**-0.5, (shape[0], rank))
            values = np.tensordot(mixing, values[:rank], 1)
        return numpy_helper.from_array(values.astype(np.float32), name)

    def convolve(x: str, name: str, **more: Any) -> onnx.NodeProto:
        return helper.make_node("Conv", [x, f"{name}/w"], [name], auto_pad="SAME_UPPER", **more)

    nodes = [
        convolve("lightness", "skip", strides=[2, 2]),
        helper.make_node("Tanh", ["skip"], ["skip/tanh"]),
        convolve("skip/tanh", "wide", strides=[2, 2]),
        helper.make_node("Resize", ["wide", "", "scales"], ["large"], mode="linear"),
        helper.make_node("Concat", ["large", "skip/tanh"], ["joined"], axis=1),
        convolve("joined", "decoded"),
        helper.make_node("Tanh", ["decoded"], ["decoded/tanh"]),
        convolve("decoded/tanh", "chroma"),
    ]
    graph = helper.make_graph(
        nodes,
        "decoder",
        [helper.make_tensor_value_info("lightness", 1, ["batch", 1, "height", "width"])],
        [helper.make_tensor_value_info("chroma", 1, ["batch", 2, "ch", "cw"])],
        [
            weights("skip/w", 6, 1, 3, 3),
            weights("wide/w", 48, 6, 3, 3, rank=USED),
            numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales"),
            weights("decoded/w", 16, 54, 3, 3),
            weights("chroma/w", 2, 16, 3, 3),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def answer(model: onnx.ModelProto, lightness: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["chroma"], {"lightness": lightness})[0])


@pytest.fixture(scope="module")
def narrowed(photographs: list[photograph.Lightness]) -> tuple[onnx.ModelProto, Narrowing]:
    return narrow(network(), photographs, SIZE, 1e-3)


def test_channels_that_carry_nothing_go(narrowed: tuple[onnx.ModelProto, Narrowing]) -> None:
    # Five directions are needed, and channels come in eights; the skip's six and the last 16 stay.
    assert narrowed[1].channels == [(48, 8)]


def test_the_projection_goes_before_the_resize(narrowed: tuple[onnx.ModelProto, Narrowing]) -> None:
    nodes = {output: node for node in narrowed[0].graph.node for output in node.output}
    shapes = {tensor.name: tuple(tensor.dims) for tensor in narrowed[0].graph.initializer}
    (resize,) = (node for node in nodes.values() if node.op_type == "Resize")
    projection = nodes[resize.input[0]]
    assert (projection.op_type, projection.input[0]) == ("Conv", "wide")
    assert shapes[projection.input[1]] == (8, 48, 1, 1)
    assert shapes[nodes["decoded"].input[1]] == (16, 14, 3, 3)
    assert "decoded/w" not in shapes


def test_the_answer_stays_within_the_budget_on_any_size_and_batch(
    narrowed: tuple[onnx.ModelProto, Narrowing],
) -> None:
    lightness = np.random.default_rng(2).uniform(0, 100, (2, 1, 40, 48)).astype(np.float32)
    expected, found = answer(network(), lightness), answer(narrowed[0], lightness)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-2 * expected.std()
    assert narrowed[1].change <= 1e-3


def test_a_larger_budget_spares_more(photographs: list[photograph.Lightness]) -> None:
    model, narrowing = narrow(network(), photographs, SIZE, 1.0)
    (pair,) = [pair for pair in narrowing.channels if pair[0] == 48]
    assert pair[1] <= 8
    assert narrowing.change <= 1.0
    assert model.ByteSize() < network().ByteSize()


def test_a_part_of_the_network_is_left_out(photographs: list[photograph.Lightness]) -> None:
    assert narrow(network(), photographs, SIZE, 1e-3, leave="chroma")[1].channels == [(48, 8)]
    with pytest.raises(ConversionError, match="no part of the network is named 'decode9'"):
        narrow(network(), photographs, SIZE, 1e-3, leave="decode9")
    with pytest.raises(ConversionError, match="no channels can be spared"):
        narrow(network(), photographs, SIZE, 1e-3, leave="decoded")


def test_the_given_network_is_left_as_it_is(photographs: list[photograph.Lightness]) -> None:
    model = network()
    narrow(model, photographs, SIZE, 1e-3)
    assert model == network()


def test_a_budget_of_nothing_is_refused(photographs: list[photograph.Lightness]) -> None:
    with pytest.raises(ConversionError, match="no channels can be spared for a change of the chroma by 0 a"):
        narrow(network(), photographs, SIZE, 0.0)


def test_one_photograph_is_too_few(photographs: list[photograph.Lightness]) -> None:
    with pytest.raises(ConversionError, match="at least two photographs"):
        narrow(network(), photographs[:1], SIZE, 0.1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
def test_all_directions_are_the_weights_themselves(seed: int, out: int, channels: int) -> None:
    random = np.random.default_rng(seed)
    weights = random.normal(size=(out, channels, 3, 3))
    rows = random.normal(size=(channels, 50))

    projection, rest = Factors(weights, rows @ rows.T / 50).of(min(channels, 9 * out))

    product = np.einsum("orhw,rc->ochw", rest, projection[:, :, 0, 0])
    np.testing.assert_allclose(product, weights, atol=1e-4)
    np.testing.assert_allclose(
        projection[..., 0, 0] @ projection[..., 0, 0].T, np.eye(len(projection)), atol=1e-4
    )


@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 0.5))
def test_no_other_directions_lose_less(seed: int, loss: float) -> None:
    random = np.random.default_rng(seed)
    weights = random.normal(size=(8, 24, 1, 1)) * np.linspace(1, 0.01, 24)[:, np.newaxis, np.newaxis]
    rows = random.normal(size=(24, 24)) * np.geomspace(1, 1e-2, 24)
    moment = rows @ rows.T
    factors = Factors(weights, moment)
    rank = factors.rank_for(loss, 1)

    def lost(projection: np.ndarray, rest: np.ndarray) -> float:
        change = weights[:, :, 0, 0] - rest[:, :, 0, 0] @ projection[:, :, 0, 0]
        return float(np.trace(change @ moment @ change.T))

    ours = lost(*factors.of(rank))
    other = random.normal(size=(rank, 24))
    # The best weights on those directions, by least squares.
    best = weights[:, :, 0, 0] @ moment @ other.T @ np.linalg.pinv(other @ moment @ other.T)
    theirs = lost(other[..., None, None], best[..., None, None])
    scale = float(np.trace(weights[:, :, 0, 0] @ moment @ weights[:, :, 0, 0].T))
    assert ours <= theirs + 1e-2 * scale
    assert ours <= (loss + 1e-2) * scale
