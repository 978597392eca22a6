"""The graph passes: each rewrites what it proves, and nothing else; no answer changes."""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx.parser
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom_export.cleaning import clean

Array = npt.NDArray[Any]
HEADER = '<ir_version: 8, opset_import: ["" : 18]>\n'


def model(text: str) -> onnx.ModelProto:
    parsed = onnx.parser.parse_model(HEADER + text)
    onnx.checker.check_model(parsed, full_check=True)
    return onnx.shape_inference.infer_shapes(parsed)


def run(graph: onnx.ModelProto, *inputs: Array) -> Array:
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    answer: Array = session.run(None, dict(zip(names, inputs, strict=True)))[0]
    return answer


def operations(graph: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in graph.graph.node)


def feature_map(*shape: int) -> Array:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def resize_to(height: str, width: str, mode: str = "linear") -> onnx.ModelProto:
    """A Resize of x to sizes that the graph computes from x's shape."""
    return model(f"""
        g (float[n, 3, h, w] x) => (float[n, 3, p, q] y) <int64[1] two = {{2}}, int64[1] one = {{1}}> {{
            shape = Shape(x)
            same = Shape<start = 0, end = 2>(x)
            h_ = Shape<start = 2, end = 3>(x)
            w_ = Shape<start = 3, end = 4>(x)
            hh = {height}
            ww = {width}
            sizes = Concat<axis = 0>(same, hh, ww)
            y = Resize<mode = "{mode}", coordinate_transformation_mode = "half_pixel">(x, , , sizes)
        }}""")


@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_a_resize_to_twice_its_own_size_becomes_a_factor(mode: str) -> None:
    raw = resize_to("Mul(h_, two)", "Mul(two, w_)", mode)
    cleaned = clean(raw)
    assert operations(cleaned) == {"Resize": 1}
    for shape in ((1, 3, 5, 7), (2, 3, 8, 4)):
        np.testing.assert_array_equal(run(cleaned, feature_map(*shape)), run(raw, feature_map(*shape)))


def test_a_resize_whose_factor_is_not_proven_keeps_its_sizes() -> None:
    raw = resize_to("Add(h_, one)", "Mul(w_, two)")
    cleaned = clean(raw)
    assert operations(cleaned)["Add"] == 1
    x = feature_map(1, 3, 5, 7)
    assert run(cleaned, x).shape == (1, 3, 6, 14)
    np.testing.assert_array_equal(run(cleaned, x), run(raw, x))


def test_a_resize_to_another_tensors_size_asks_for_that_size_alone() -> None:
    """A skip connection of odd size: twice the small map is not its size."""
    raw = model("""
        g (float[n, 3, h, w] x, float[n, 4, p, q] skip) => (float[n, 3, p, q] y) {
            same = Shape<start = 0, end = 2>(x)
            size = Shape<start = 2, end = 4>(skip)
            sizes = Concat<axis = 0>(same, size)
            y = Resize<mode = "linear", coordinate_transformation_mode = "half_pixel">(x, , , sizes)
        }""")
    cleaned = clean(raw)
    assert operations(cleaned) == {"Shape": 1, "Resize": 1}
    inputs = feature_map(2, 3, 5, 7), feature_map(2, 4, 9, 13)
    np.testing.assert_array_equal(run(cleaned, *inputs), run(raw, *inputs))


@settings(max_examples=15)
@given(
    factor=st.integers(2, 4),
    axis=st.sampled_from([2, 3]),
    side=st.tuples(st.integers(1, 6), st.integers(1, 6)),
)
def test_elements_repeated_in_place_become_a_nearest_resize(
    factor: int, axis: int, side: tuple[int, int]
) -> None:
    repeats = [factor if place == axis + 1 else 1 for place in range(5)]
    sizes = ["a", "b", "c", "d"]
    sizes[axis] = "more"
    raw = model(f"""
        g (float[n, 2, h, w] x) => (float[n, 2, p, q] y)
        <int64[1] axes = {{{axis + 1}}}, int64[1] k = {{{factor}}},
         int64[5] repeats = {{{str(repeats)[1:-1]}}}> {{
            a = Shape<start = 0, end = 1>(x)
            b = Shape<start = 1, end = 2>(x)
            c = Shape<start = 2, end = 3>(x)
            d = Shape<start = 3, end = 4>(x)
            more = Mul({"abcd"[axis]}, k)
            target = Concat<axis = 0>({", ".join(sizes)})
            five = Unsqueeze(x, axes)
            tiled = Tile(five, repeats)
            y = Reshape(tiled, target)
        }}""")
    cleaned = clean(raw)
    assert operations(cleaned) == {"Resize": 1}
    x = feature_map(2, 2, *side)
    np.testing.assert_array_equal(run(cleaned, x), np.repeat(x, factor, axis))


def test_a_tile_of_a_whole_axis_is_not_taken_for_a_repeat() -> None:
    """The new axis lies before the one it is merged with: 1 2 1 2, not 1 1 2 2."""
    raw = model("""
        g (float[2, 3] x) => (float[2, 6] y)
        <int64[1] axes = {1}, int64[3] repeats = {1, 2, 1}, int64[2] target = {2, 6}> {
            three = Unsqueeze(x, axes)
            tiled = Tile(three, repeats)
            y = Reshape(tiled, target)
        }""")
    x = feature_map(2, 3)
    np.testing.assert_array_equal(run(clean(raw), x), np.tile(x, (1, 2)))


@pytest.mark.parametrize("spread", ["Expand(cells, target)", "Tile(cells, repeats)", "Add(zeros, cells)"])
def test_an_embedding_spread_in_nhwc_becomes_one_expand_in_nchw(spread: str) -> None:
    raw = model(f"""
        g (float[n, 6, h, w] x) => (float[n, 12, h, w] y)
        <int64[2] inner = {{1, 2}}, int64[1] zero = {{0}}, int64[1] one = {{1}}, int64[1] three = {{3}},
         int64[1] six = {{6}}> {{
            nhwc = Transpose<perm = [0, 2, 3, 1]>(x)
            embedding = ReduceMean<keepdims = 0>(nhwc, inner)
            cells = Unsqueeze(embedding, inner)
            n_ = Shape<start = 0, end = 1>(x)
            hw = Shape<start = 2, end = 4>(x)
            target = Concat<axis = 0>(n_, hw, six)
            repeats = Concat<axis = 0>(one, hw, one)
            channel = Slice(nhwc, zero, one, three)
            like = Shape(channel)
            zeros = ConstantOfShape(like)
            spread = {spread}
            nchw = Transpose<perm = [0, 3, 1, 2]>(spread)
            y = Concat<axis = 1>(x, nchw)
        }}""")
    cleaned = clean(raw)
    assert operations(cleaned) == {"ReduceMean": 1, "Unsqueeze": 1, "Shape": 1, "Expand": 1, "Concat": 1}
    x = feature_map(2, 6, 3, 5)
    np.testing.assert_allclose(run(cleaned, x), run(raw, x), rtol=1e-6)


def test_transposes_cancel_through_what_does_not_mind_the_layout() -> None:
    raw = model("""
        g (float[n, 3, h, w] x, float[n, 3, h, w] z) => (float[n, 6, p, q] y)
        <float[4] scales = {1, 2, 2, 1}> {
            a = Transpose<perm = [0, 2, 3, 1]>(x)
            b = Transpose<perm = [0, 2, 3, 1]>(z)
            joined = Concat<axis = 3>(a, b)
            large = Resize<mode = "nearest">(joined, , scales)
            bounded = Tanh(large)
            y = Transpose<perm = [0, 3, 1, 2]>(bounded)
        }""")
    cleaned = clean(raw)
    assert operations(cleaned)["Transpose"] == 0
    inputs = feature_map(1, 3, 4, 5), feature_map(2, 3, 4, 5)[:1]
    np.testing.assert_array_equal(run(cleaned, *inputs), run(raw, *inputs))


def test_a_transpose_that_something_else_reads_stays_where_it_is() -> None:
    raw = model("""
        g (float[n, 3, h, w] x) => (float[n, h, w, 3] y) {
            a = Transpose<perm = [0, 2, 3, 1]>(x)
            b = Tanh(a)
            y = Add(a, b)
        }""")
    cleaned = clean(raw)
    assert operations(cleaned)["Transpose"] == 1
    x = feature_map(2, 3, 4, 5)
    np.testing.assert_array_equal(run(cleaned, x), run(raw, x))


def test_reshapes_that_come_back_to_where_they_began_go() -> None:
    """As tf2onnx leaves them now and then."""
    raw = model("""
        g (float[n, 1, h, w] x) => (float[n, 1, h, w] y)
        <int64[1] front = {0}, int64[6] there = {1, 1, -1, 0, 0, 1}, int64[4] again = {-1, 1, 0, 0},
         float two = {2}> {
            scaled = Mul(x, two)
            five = Unsqueeze(scaled, front)
            six = Reshape(five, there)
            five_ = Squeeze(six, front)
            back = Reshape(five_, again)
            y = Tanh(back)
        }""")
    cleaned = clean(raw)
    assert operations(cleaned) == {"Mul": 1, "Tanh": 1}
    x = feature_map(2, 1, 3, 5)
    np.testing.assert_array_equal(run(cleaned, x), run(raw, x))


def test_a_reshape_to_the_sides_in_the_other_order_stays() -> None:
    raw = model("""
        g (float[n, 1, h, w] x) => (float[n, 1, p, q] y) <int64[4] swapped = {0, 1, 3, 2}> {
            shape = Shape(x)
            sizes = Gather(shape, swapped)
            y = Reshape(x, sizes)
        }""")
    cleaned = clean(raw)
    x = feature_map(2, 1, 3, 5)
    assert run(cleaned, x).shape == (2, 1, 5, 3)
    np.testing.assert_array_equal(run(cleaned, x), run(raw, x))
