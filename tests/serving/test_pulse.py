"""A device on which nothing runs any more: balancers learn of it, and a supervisor gets a new process."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from photochrom_contract.manifest import Manifest
from photochrom_serving.batcher import Batcher
from photochrom_serving.device import Device
from photochrom_serving.errors import PredictionError
from photochrom_serving.pulse import Pulse
from photochrom_serving.versions import Servable
from tests.serving.conftest import Command, assert_answers, connected, lightness, request
from tests.serving.held_model import POISON, HeldModel

_Status = health_pb2.HealthCheckResponse
MANIFEST = Manifest(
    name="tiny", version=1, description="", sha256="0" * 64, sizes=(64,), default_size=64, chroma_stride=2
)


@contextlib.contextmanager
def serving_on(device: Path, models: Path) -> Iterator[Command]:
    program = str(Path(__file__).with_name("lost_device.py"))
    command = Command(models, "--no-warm-up", program=(program, str(device)))
    try:
        command.target = command.wait_for("ready")["address"]
        command.follow()
        yield command
    finally:
        command.process.terminate()
        command.end()


def healthy(target: str) -> bool:
    with grpc.insecure_channel(target) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service="photochrom")
        )
        return bool(answer.status == _Status.SERVING)


def wait_until(condition: Any) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def names(server: Command) -> list[str]:
    return [event["event"] for event in server.events]


def fail_three(target: str) -> None:
    with connected(target) as stub:
        for _ in range(3):
            call = stub.Colorize.future(request(lightness(64)))
            assert call.code() == grpc.StatusCode.INTERNAL


def test_a_device_that_comes_back_serves_again(model_repository: Path, tmp_path: Path) -> None:
    lost = tmp_path / "lost"
    with serving_on(lost, model_repository) as server:
        assert healthy(server.target)
        lost.touch()
        fail_three(server.target)
        wait_until(lambda: not healthy(server.target))
        lost.unlink()
        wait_until(lambda: healthy(server.target))
        with connected(server.target) as stub:
            assert_answers(stub.Colorize(request(lightness(64))), lightness(64))
        server.process.terminate()
        assert server.end() == 0
    assert [name for name in names(server) if "serving" in name] == ["not_serving", "serving_again"]


def test_a_device_that_stays_lost_ends_the_process(model_repository: Path, tmp_path: Path) -> None:
    lost = tmp_path / "lost"
    with serving_on(lost, model_repository) as server:
        lost.touch()
        fail_three(server.target)
        assert server.process.wait(30) == 1
        server.end()
    told = [name for name in names(server) if name not in ("batch_failed", "call")]
    assert told[-2:] == ["not_serving", "device_lost"]


def test_batches_that_fail_by_themselves_change_nothing() -> None:
    async def scenario(batcher: Batcher, pulse: Pulse) -> None:
        for _ in range(4):
            with pytest.raises(PredictionError):
                await batcher.predict([np.full((64, 64), POISON, np.uint8)], None)
        while not any(0 in batch for batch in model.batches):  # the black photograph
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert pulse.beats
        pulse.stop()

    model, pulse = HeldModel(1), Pulse()
    model.go.set()
    device = Device(1, watch=pulse.watch)
    batcher = Batcher(device, model)
    pulse.begin(lambda: [Servable(MANIFEST, "CPUExecutionProvider", batcher)], lambda: None)
    try:
        asyncio.run(scenario(batcher, pulse))
    finally:
        device.close()


def test_a_model_that_failed_and_was_unloaded_says_nothing_of_the_device() -> None:
    async def scenario(batcher: Batcher, pulse: Pulse) -> None:
        for _ in range(3):
            with pytest.raises(PredictionError):
                await batcher.predict([np.full((64, 64), POISON, np.uint8)], None)
        await asyncio.sleep(0.1)
        assert pulse.beats
        pulse.stop()

    model, pulse = HeldModel(1), Pulse()
    model.go.set()
    device = Device(1, watch=pulse.watch)
    try:
        asyncio.run(scenario(Batcher(device, model), pulse))
    finally:
        device.close()
