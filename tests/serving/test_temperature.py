"""Temperature: a model that has one answers at the one a request sets, and at its own where none is set."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from photochrom_contract.v1 import colorizer_pb2
from photochrom_serving.embedded import EmbeddedServer
from tests import model_factory
from tests.serving.conftest import Stub, assert_answers, connected, lightness, refusal, request


@pytest.fixture
def annealed(tmp_path: Path) -> Iterator[Stub]:
    """A stub of a server whose model has a temperature."""
    model_factory.publish(tmp_path, model=model_factory.build_model(temperature=True))
    with EmbeddedServer(tmp_path) as server, connected(server.target) as stub:
        yield stub


def test_a_request_sets_the_temperature_and_another_does_not_notice(annealed: Stub) -> None:
    plane = lightness(32)
    half = request(plane)
    half.temperature = 0.5
    calls = [annealed.Colorize.future(sent) for sent in (request(plane), half, request(plane), half)]
    for own, halved in zip(calls[::2], calls[1::2], strict=True):
        assert_answers(own.result(), plane)
        chroma = np.frombuffer(halved.result().chroma.data, "<f2").reshape(2, 16, 16)
        np.testing.assert_allclose(chroma, model_factory.expected_chroma(plane) / 2, atol=0.01)


def test_the_list_tells_who_has_a_temperature(annealed: Stub, stub: Stub) -> None:
    for server, has_temperature in ((annealed, True), (stub, False)):
        (model,) = server.ListModels(colorizer_pb2.ListModelsRequest()).models
        assert [version.has_temperature for version in model.versions] == [has_temperature]


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_refused(annealed: Stub, temperature: float) -> None:
    sent = request(lightness(32))
    sent.temperature = temperature
    code, message, _ = refusal(lambda: annealed.Colorize(sent))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert message.startswith("temperature: is ")


def test_a_model_without_one_refuses_a_temperature(stub: Stub) -> None:
    sent = request(lightness(32))
    sent.temperature = 0.5
    code, message, _ = refusal(lambda: stub.Colorize(sent))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert "temperature: is 0.5, but photochrom version 1 has none to set" in message
