"""A server in the test's own event loop, whose model control the test holds in its hand."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import numpy.typing as npt
import pytest

from photochrom_contract.v1 import colorizer_pb2, colorizer_pb2_grpc
from photochrom_serving.control import ModelControl
from photochrom_serving.servables import Servables, State
from photochrom_serving.server import Server
from photochrom_serving.settings import Settings
from tests.serving.conftest import Stub, assert_answers, lightness, request


@dataclasses.dataclass(frozen=True)
class Controlled:
    """The server's parts that a test looks at."""

    servables: Servables
    control: ModelControl
    stub: Stub
    channel: grpc.aio.Channel
    told: list[tuple[str, State]]
    """What a listener was told, in order, such as ``("photochrom/1", State.AVAILABLE)``."""

    async def answering(self, **meant: Any) -> int:
        """The version that answers a request which means ``meant``, fields of a ModelSpec."""
        return int((await self.colorize(lightness(32), **meant)).model.version)

    async def colorize(self, plane: npt.NDArray[Any], **meant: Any) -> colorizer_pb2.ColorizeResponse:
        """The answer to a plane, which is right."""
        call = request(plane)
        call.model.CopyFrom(colorizer_pb2.ModelSpec(**meant))
        response: colorizer_pb2.ColorizeResponse = await self.stub.Colorize(call)
        assert_answers(response, plane)
        return response


@contextlib.asynccontextmanager
async def controlled(models: Path, **settings: Any) -> AsyncIterator[Controlled]:
    """Serve a repository; ``explicit`` control, and no warm-up, unless the settings say otherwise."""
    chosen = Settings(**{"models": models, "model_control": "explicit", "warm_up": False, **settings})
    servables = await asyncio.to_thread(Servables.load, chosen)
    told: list[tuple[str, State]] = []
    servables.listen(lambda version: told.append((str(version), version.state)))
    server = Server(chosen, servables)
    address = await server.start("127.0.0.1:0")
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            stub = colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]
            yield Controlled(servables, server.control, stub, channel, told)
    finally:
        await server.stop(10)


async def status_of(call: Any) -> tuple[grpc.StatusCode, str]:
    """The code and the message with which a call fails."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""
    raise AssertionError("the call did not fail")


def logged(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The fields of every event of a name that the server logged."""
    return [record.__dict__["fields"] for record in caplog.records if record.getMessage() == event]
