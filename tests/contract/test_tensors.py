"""Planes and bytes: there and back for every plane, an error that names the field for everything else."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from photochrom_contract import tensors

CHROMA = st.floats(-110, 110, width=32)
SIDES = st.integers(1, 48)


@given(arrays.arrays(np.uint8, st.tuples(SIDES, SIDES)))
def test_a_lightness_plane_survives_the_wire(plane: np.ndarray) -> None:
    data = tensors.lightness_to_bytes(plane)
    assert len(data) == plane.size
    height, width = plane.shape
    assert np.array_equal(tensors.lightness_from_bytes(data, width, height), plane)


@given(arrays.arrays(np.float32, st.tuples(st.just(2), SIDES, SIDES), elements=CHROMA))
def test_a_chroma_plane_survives_the_wire_to_a_sixteenth(plane: np.ndarray) -> None:
    data = tensors.chroma_to_bytes(plane)
    assert len(data) == 4 * plane.shape[1] * plane.shape[2]
    back = tensors.chroma_from_bytes(data, plane.shape[2], plane.shape[1])
    assert back.dtype == np.float32
    assert np.abs(back - plane).max() <= 1 / 16 / 2  # binary16 steps by 1/16 within 64 to 128


def test_the_bytes_are_those_that_the_protocol_describes() -> None:
    assert tensors.lightness_to_bytes(np.array([[0, 1, 2], [3, 4, 255]], np.uint8)) == bytes(
        [0, 1, 2, 3, 4, 255]
    )
    a, b = [[1.0, -2.0]], [[0.5, 110.0]]
    # IEEE 754 binary16, little-endian: 1 is 3C00, -2 is C000, 0.5 is 3800, 110 is 56E0.
    assert tensors.chroma_to_bytes(np.array([a, b])) == bytes.fromhex("003C 00C0 0038 E056")


def test_a_plane_that_is_not_contiguous_is_sent_row_by_row() -> None:
    plane = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert tensors.lightness_to_bytes(plane.T) == plane.T.copy().tobytes()
    chroma = np.arange(24, dtype=np.float32).reshape(3, 4, 2).transpose(2, 0, 1)
    assert np.array_equal(tensors.chroma_from_bytes(tensors.chroma_to_bytes(chroma), 4, 3), chroma)


@given(arrays.arrays(np.uint8, (3, 5, 7)))
def test_the_models_input_is_lightness_in_cie_units(planes: np.ndarray) -> None:
    tensor = tensors.lightness_to_tensor(planes)
    assert tensor.shape == (3, 1, 5, 7)
    assert tensor.dtype == np.float32
    assert tensor[:, 0] == pytest.approx(planes * (100 / 255), abs=1e-4)
    assert np.array_equal(tensors.lightness_to_plane(tensor[:, 0]), planes)


@given(arrays.arrays(np.float32, (4, 6), elements=st.floats(-1e6, 1e6, width=32)))
def test_lightness_out_of_its_range_is_clipped(lightness: np.ndarray) -> None:
    plane = tensors.lightness_to_plane(lightness)
    assert (plane[lightness <= 0] == 0).all()
    assert (plane[lightness >= 100] == 255).all()


@given(SIDES, SIDES, st.integers(0, 10_000))
def test_bytes_of_another_length_are_refused(width: int, height: int, length: int) -> None:
    for decode, expected in (
        (tensors.lightness_from_bytes, width * height),
        (tensors.chroma_from_bytes, 4 * width * height),
    ):
        if length != expected:
            with pytest.raises(
                tensors.PlaneError, match=f"has {length} bytes, but .* takes {expected}"
            ) as caught:
                decode(bytes(length), width, height)
            assert caught.value.field == "data"


@pytest.mark.parametrize("side", [0, -1, tensors.MAX_SIDE + 1, 2**32 - 1])
@pytest.mark.parametrize("field", ["width", "height"])
@pytest.mark.parametrize("decode", [tensors.lightness_from_bytes, tensors.chroma_from_bytes])
def test_a_side_out_of_its_range_is_refused_by_name(
    field: str, side: int, decode: Callable[..., object]
) -> None:
    sides = {"width": 1, "height": 1, field: side}
    with pytest.raises(
        tensors.PlaneError, match=f"{field}: is {side}, but must be within 1 to 1024"
    ) as caught:
        decode(b"", **sides)
    assert caught.value.field == field


def test_arrays_that_are_no_planes_are_refused() -> None:
    with pytest.raises(tensors.PlaneError, match=r"\(h, w\) uint8"):
        tensors.lightness_to_bytes(np.zeros((3, 3), np.float32))
    with pytest.raises(tensors.PlaneError, match=r"\(h, w\) uint8"):
        tensors.lightness_to_bytes(np.zeros((1, 3, 3), np.uint8))
    with pytest.raises(tensors.PlaneError, match=r"\(2, h, w\)"):
        tensors.chroma_to_bytes(np.zeros((3, 3, 2), np.float32))
