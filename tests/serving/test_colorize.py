"""Colorize: a lightness plane in, a chroma plane out, and every way in which it may not be."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photochrom_contract.v1 import colorizer_pb2
from tests.serving.conftest import Stub, assert_answers, lightness, refusal, request


@pytest.mark.parametrize("size", [32, 64])
def test_the_answer_is_the_models_chroma_at_the_size_the_model_answers_in(stub: Stub, size: int) -> None:
    plane = lightness(size)
    response = stub.Colorize(request(plane))
    assert (response.model.name, response.model.version) == ("photochrom", 1)
    assert (response.chroma.width, response.chroma.height) == (size // 2, size // 2)
    assert_answers(response, plane)


def test_the_version_can_be_named(stub: Stub) -> None:
    assert stub.Colorize(request(lightness(32), "photochrom", 1)).model.version == 1


@pytest.mark.parametrize(
    ("width", "height", "data", "field", "says"),
    [
        (32, 32, b"\0" * 1023, "lightness.data", "has 1023 bytes, but 32 x 32 takes 1024"),
        (32, 32, b"", "lightness.data", "has 0 bytes"),
        (0, 32, b"", "lightness.width", "is 0, but must be within 1 to 1024"),
        (32, 0, b"", "lightness.height", "is 0"),
        (4_000_000_000, 32, b"", "lightness.width", "is 4000000000"),
        (32, 1025, b"\0" * 32 * 1025, "lightness.height", "is 1025"),
        (40, 40, b"\0" * 1600, "lightness", "photochrom version 1 takes squares of 32, 64 (default 64)"),
        (32, 64, b"\0" * 2048, "lightness", "is 32 x 64"),
    ],
)
def test_a_plane_that_is_none_is_refused_with_its_field(
    stub: Stub, *, width: int, height: int, data: bytes, field: str, says: str
) -> None:
    plane = colorizer_pb2.LightnessPlane(width=width, height=height, data=data)
    code, message, detail = refusal(lambda: stub.Colorize(colorizer_pb2.ColorizeRequest(lightness=plane)))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert message.startswith(f"{field}: ")
    assert says in message
    assert [violation.field for violation in detail.field_violations] == [field]


@pytest.mark.parametrize(
    ("name", "version", "resource", "says"),
    [
        ("colorful", 0, "colorful", "there is no model 'colorful'; there is photochrom"),
        ("photochrom", 3, "photochrom/3", "model 'photochrom' has no version 3; there is 1"),
        ("", 2**64 - 1, f"photochrom/{2**64 - 1}", "there is 1"),
    ],
)
def test_an_unknown_model_or_version_is_not_found_and_those_there_are_are_named(
    stub: Stub, name: str, version: int, resource: str, says: str
) -> None:
    code, message, detail = refusal(lambda: stub.Colorize(request(lightness(32), name, version)))
    assert code == grpc.StatusCode.NOT_FOUND
    assert says in message
    assert (detail.resource_type, detail.resource_name) == ("model", resource)


def test_many_callers_each_get_their_own_answer(stub: Stub) -> None:
    planes = [lightness((32, 64)[seed % 2], seed) for seed in range(64)]
    with ThreadPoolExecutor(16) as callers:
        for plane, response in zip(planes, callers.map(stub.Colorize, map(request, planes)), strict=True):
            assert_answers(response, plane)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["", "photochrom"]) | st.text(max_size=20),
    version=st.sampled_from([0, 1]) | st.integers(0, 2**64 - 1),
    width=st.sampled_from([32, 64]) | st.integers(0, 2**32 - 1),
    height=st.sampled_from([32, 64]) | st.integers(0, 2**32 - 1),
    data=st.sampled_from([b"\7" * 1024, b"\7" * 4096]) | st.binary(max_size=5000),
)
def test_whatever_comes_the_answer_is_right_or_says_what_is_wrong(
    stub: Stub, *, name: str, version: int, width: int, height: int, data: bytes
) -> None:
    sent = colorizer_pb2.ColorizeRequest(
        model=colorizer_pb2.ModelSpec(name=name, version=version),
        lightness=colorizer_pb2.LightnessPlane(width=width, height=height, data=data),
    )
    call = stub.Colorize.future(sent)
    if call.exception():
        assert call.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)
        assert call.details()
    else:
        chroma = call.result().chroma
        assert len(data) == width * height == 4 * chroma.width * chroma.height
        assert len(chroma.data) == 4 * chroma.width * chroma.height
