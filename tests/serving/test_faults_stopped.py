"""SIGTERM under load: what the server let in, it answers."""

import asyncio
import collections
from pathlib import Path

import grpc

from photochrom_contract.v1 import colorizer_pb2_grpc
from tests.serving.conftest import Command, assert_answers, lightness, request, serving

_CALLERS = 16
_ANSWERS_BEFORE_THE_SIGNAL = 200


async def load(server: Command) -> collections.Counter[str]:
    """How the calls of callers ended who call until refused; meanwhile the server is told to stop."""
    outcomes: collections.Counter[str] = collections.Counter()

    async def call_until_refused(seed: int, stub: colorizer_pb2_grpc.ColorizerStub) -> None:
        plane = lightness(32, seed)
        while True:
            try:
                response = await stub.Colorize(request(plane))
            except grpc.aio.AioRpcError as error:
                outcomes[error.code().name] += 1
                return
            assert_answers(response, plane)
            outcomes["OK"] += 1
            if outcomes["OK"] == _ANSWERS_BEFORE_THE_SIGNAL:
                server.process.terminate()

    async with grpc.aio.insecure_channel(server.target) as channel, asyncio.TaskGroup() as callers:
        # Its log is read, or it would wait for that.
        callers.create_task(asyncio.to_thread(server.wait_for, "stopped"))
        stub = colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]
        for seed in range(_CALLERS):
            callers.create_task(call_until_refused(seed, stub))
    return outcomes


def test_no_call_that_was_let_in_fails(model_repository: Path) -> None:
    with serving(model_repository) as server:
        outcomes = asyncio.run(load(server))
        assert server.end() == 0
    logged = collections.Counter(line["code"] for line in server.of("call"))
    assert set(outcomes) == {"OK", "UNAVAILABLE"}
    assert outcomes["UNAVAILABLE"] == _CALLERS
    assert logged["OK"] == outcomes["OK"], "an answer got lost"
    assert set(logged) <= {"OK", "UNAVAILABLE"}
    assert all("is stopping" in line["message"] for line in server.of("call") if line["code"] != "OK")
