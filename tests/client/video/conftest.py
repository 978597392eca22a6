"""A real server with the tiny model, which answers with colors that can be computed."""

from collections.abc import Iterator

import pytest

from photochrom import Colorizer
from photochrom_serving.embedded import EmbeddedServer
from tests import model_factory


@pytest.fixture(scope="session")
def tiny_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The target of a server with the tiny model."""
    repository = tmp_path_factory.mktemp("video") / "models"
    model_factory.publish(repository)
    with EmbeddedServer(repository) as server:
        yield server.target


@pytest.fixture
def colorizer(tiny_target: str) -> Iterator[Colorizer]:
    """Connected to it."""
    with Colorizer(tiny_target) as connected:
        yield connected
