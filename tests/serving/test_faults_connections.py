"""Hundreds who are connected and do nothing, dozens who do not read: the others do not notice."""

import asyncio
import contextlib
import socket
import struct
from pathlib import Path
from typing import Any

import grpc

from photochrom_contract.v1 import colorizer_pb2_grpc
from tests import model_factory
from tests.serving.conftest import Stub, assert_answers, lightness, request, serving

_IDLE = 500
_SLOW = 50
_MANY = 300
"""Photographs that no slow reader gets rid of before it reads, far above what flow control lets through."""

_OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.http2.bdp_probe", 0)]
"""A connection of its own, whose windows do not grow."""

_SETTINGS = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + struct.pack(">HBBBI", 0, 0, 4, 0, 0)


def test_idle_connections_and_slow_readers_cost_the_others_nothing(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, sizes=(64, 256))
    with serving(tmp_path, "--stream-window", "4", "--no-warm-up") as server, contextlib.ExitStack() as idle:
        host, _, port = server.target.rpartition(":")
        for _ in range(_IDLE):
            idle.enter_context(socket.create_connection((host, int(port)))).sendall(_SETTINGS)
        asyncio.run(load(server.target))
        idle.close()
        server.process.terminate()
        assert server.end() == 0
    codes = [line["code"] for line in server.of("call")]
    assert codes == ["OK"] * (100 + _SLOW)


async def load(target: str) -> None:
    async with contextlib.AsyncExitStack() as stack:

        async def connect() -> Stub:
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(target, _OPTIONS))
            return colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]

        readers = [SlowReader((await connect()).ColorizeStream()) for _ in range(_SLOW)]
        for reader in readers:
            await reader.begin()
        other = await connect()
        for seed in range(100):
            assert_answers(await other.Colorize(request(lightness(64, seed))), lightness(64, seed))
        for reader in readers:
            await reader.end()


class SlowReader:
    """Sends as fast as it may, and reads one answer, and the others at the very end."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._plane = lightness(256)
        self._written = 0
        self._has_enough = False
        self._writing = asyncio.create_task(self._write())

    async def begin(self) -> None:
        assert_answers(await self._stream.read(), self._plane)

    async def end(self) -> None:
        assert self._written < _MANY, "it was not slow"
        self._has_enough = True
        answers = 1
        while (answer := await self._stream.read()) is not grpc.aio.EOF:  # type: ignore[attr-defined]
            assert_answers(answer, self._plane)
            answers += 1
        await self._writing
        assert answers == self._written

    async def _write(self) -> None:
        while self._written < _MANY and not self._has_enough:
            await self._stream.write(request(self._plane))
            self._written += 1
        await self._stream.done_writing()
