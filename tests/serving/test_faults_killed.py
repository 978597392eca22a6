"""kill -9 in the middle of a load: the callers get over it, and have every photograph colored once."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from photochrom import AsyncColorizer, Colorizer
from photochrom_serving.embedded import EmbeddedServer
from tests.serving.conftest import Command

PHOTOGRAPHS = [Image.new("L", (16 + number, 16), number) for number in range(120)]
"""No two alike: each one's size and grey tell its number."""

KILLED_AFTER = (20, 70)
"""Outcomes after which the server is killed, and another one started in its place."""


class Restartable:
    """A server on a port of its own, killed and started again."""

    def __init__(self, models: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = str(probe.getsockname()[1])
        self._models = models
        self._server = self._start()
        self.target: str = self._server.wait_for("ready")["address"]

    def kill(self) -> None:
        """End it with no chance to say a word, and start another one without waiting for it."""
        self._server.process.kill()
        self._server.end()
        self._server = self._start()

    def close(self) -> None:
        """End it well."""
        self._server.process.terminate()
        assert self._server.end() == 0

    def _start(self) -> Command:
        return Command(self._models, "--port", self._port, "--no-warm-up")


@pytest.fixture
def expected(model_repository: Path) -> list[bytes]:
    """The pixels of every photograph, colored by a server that nobody disturbs."""
    with EmbeddedServer(model_repository) as server, Colorizer(server.target) as colorizer:
        return [colorizer.colorize(photograph).tobytes() for photograph in PHOTOGRAPHS]


@pytest.fixture
def server(model_repository: Path) -> Iterator[Restartable]:
    restartable = Restartable(model_repository)
    with contextlib.closing(restartable):
        yield restartable


def test_the_sdk_colors_every_photograph_once(server: Restartable, expected: list[bytes]) -> None:
    colored = []
    with Colorizer(server.target) as colorizer:
        for count, outcome in enumerate(colorizer.colorize_many(PHOTOGRAPHS)):
            colored.append(outcome.result().tobytes())
            if count in KILLED_AFTER:
                server.kill()
    assert colored == expected


def test_so_does_the_sdk_for_asyncio(server: Restartable, expected: list[bytes]) -> None:
    async def scenario() -> list[bytes]:
        colored = []
        async with AsyncColorizer(server.target) as colorizer:
            async for outcome in colorizer.colorize_many(PHOTOGRAPHS):
                colored.append(outcome.result().tobytes())
                if len(colored) in KILLED_AFTER:
                    await asyncio.to_thread(server.kill)
        return colored

    assert asyncio.run(scenario()) == expected
