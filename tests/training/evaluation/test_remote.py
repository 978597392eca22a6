"""A running server's model is measured like a file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from photochrom_serving.embedded import EmbeddedServer
from photochrom_training.evaluation import predictors
from photochrom_training.evaluation.predictors import ModelError
from photochrom_training.evaluation.test_set import TestSet


@pytest.fixture
def address(model_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real server on a free loopback port: it takes one where a socket's path would be too long."""
    long = tmp_path / ("long" * 25)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with EmbeddedServer(model_repository) as server:
        yield f"grpc://{server.target}"


def test_a_server_gives_what_its_file_gives_but_for_rounding_on_the_wire(
    address: str, model_repository: Path, shard: Path
) -> None:
    local = predictors.load(model_repository / "photochrom" / "1")
    served = predictors.load(f"{address}/photochrom")
    assert served.name == f"photochrom/1 at {address.removeprefix('grpc://')} (64 px)"
    assert (served.size, served.chroma_size) == (local.size, local.chroma_size)
    photographs = list(TestSet.open(shard))
    for one, other in zip(local.predict(photographs), served.predict(photographs), strict=True):
        assert np.array_equal(one.astype(np.float16), other)
    assert predictors.load(f"{address}/photochrom/1", 32).chroma_size == (16, 16)


def test_what_a_server_does_not_have_is_named(address: str) -> None:
    with pytest.raises(ModelError, match="photochrom/2: no such model answers there; these do: photochrom/1"):
        predictors.load(f"{address}/photochrom/2")
    with pytest.raises(ModelError, match=r"photochrom: INVALID_ARGUMENT: .*48 x 48"):
        predictors.load(f"{address}/photochrom", 48)


def test_a_server_that_is_not_there_and_an_address_of_another_form() -> None:
    with grpc.insecure_channel("127.0.0.1:1"), pytest.raises(ModelError, match="UNAVAILABLE"):
        predictors.load("grpc://127.0.0.1:1/photochrom")
    with pytest.raises(ModelError, match="write grpc://HOST:PORT/MODEL"):
        predictors.load("grpc://127.0.0.1/photochrom")
