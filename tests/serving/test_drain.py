"""SIGTERM: not serving first, calls in flight end well, exit status 0."""

import asyncio
import functools
import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from PIL import Image

from photochrom_contract import manifest
from photochrom_contract.v1 import colorizer_pb2, colorizer_pb2_grpc
from photochrom_serving.admission import Admission
from photochrom_serving.data_plane import DataPlane
from photochrom_serving.drain import Drain
from photochrom_serving.errors import QueueFullError
from photochrom_serving.photo_pool import PhotoPool
from photochrom_serving.servables import Servables
from photochrom_serving.server import Server
from photochrom_serving.service import ColorizerService
from photochrom_serving.settings import Settings
from tests import model_factory
from tests.serving.conftest import (
    Command,
    assert_answers,
    connected,
    lightness,
    refusal,
    request,
    serving,
)

_Status = health_pb2.HealthCheckResponse.ServingStatus


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_calls_in_flight_end_well(slow_model_repository: Path, signal_: signal.Signals) -> None:
    planes = [lightness(32, seed) for seed in range(16)]
    flags = ("--max-batch-size", "2", "--no-warm-up", "--log-level", "debug")
    with serving(slow_model_repository, *flags) as server:
        with connected(server.target) as stub:
            calls = [stub.Colorize.future(request(plane)) for plane in planes]
            server.wait_for("batch")  # one has run, the next one runs, others wait
            server.process.send_signal(signal_)
            for plane, call in zip(planes, calls, strict=True):
                if call.exception():  # the drain began before it came
                    assert call.code() == grpc.StatusCode.UNAVAILABLE
                else:
                    assert_answers(call.result(), plane)
        assert server.end() == 0
    (draining,) = server.of("draining")
    assert draining["signal"] == signal_.name
    since = server.events[server.events.index(draining) :]
    assert any(event["event"] == "call" and event["code"] == "OK" for event in since)
    assert server.events[-1] == {**server.events[-1], "event": "stopped", "level": "info"}


def test_a_picture_that_waits_to_be_decoded_as_the_drain_begins_is_colored(model_repository: Path) -> None:
    settings = Settings(models=model_repository, warm_up=False)
    file = io.BytesIO()
    Image.fromarray(lightness(48)).save(file, "PNG")

    async def run() -> None:
        drain, go = Drain(), threading.Event()
        servables, pool = await asyncio.to_thread(Servables.load, settings), PhotoPool(1, 1, drain)
        service = ColorizerService(DataPlane(servables, Admission(1, drain)), pool, drain, settings)
        server = grpc.aio.server()
        colorizer_pb2_grpc.add_ColorizerServicer_to_server(service, server)  # type: ignore[no-untyped-call]
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            holding = asyncio.create_task(pool.run("other", None, go.wait, 60))
            await asyncio.sleep(0)  # it has the thread
            stub = colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]
            call = stub.ColorizePhoto(colorizer_pb2.ColorizePhotoRequest(photo=file.getvalue()))
            while not is_full(pool):
                await asyncio.sleep(0)
            drain.begin()
            go.set()
            assert Image.open(io.BytesIO((await call).photo)).size == (48, 48)
            await holding
        await server.stop(None)
        pool.close()
        servables.close()

    def is_full(pool: PhotoPool) -> bool:
        try:
            with pool.admit("probe", None):
                return False
        except QueueFullError:
            return True

    asyncio.run(run())


def test_health_turns_not_serving_and_watchers_and_idle_streams_are_let_go(model_repository: Path) -> None:
    requests: queue.SimpleQueue[object] = queue.SimpleQueue()
    questions: queue.SimpleQueue[object] = queue.SimpleQueue()
    with serving(model_repository, "--drain-seconds", "600") as server:
        with grpc.insecure_channel(server.target) as channel, connected(server.target) as stub:
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            assert next(watch).status == _Status.SERVING
            responses = stub.ColorizeStream(iter(requests.get, None))
            requests.put(request(lightness(32)))
            assert_answers(next(responses), lightness(32))
            described = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(
                iter(questions.get, None)
            )
            questions.put(reflection_pb2.ServerReflectionRequest(list_services=""))
            assert next(described).HasField("list_services_response")
            server.process.terminate()
            assert [update.status for update in watch] == [_Status.NOT_SERVING]
            for stream, sent in ((responses, requests), (described, questions)):
                code, message, detail = refusal(functools.partial(next, stream))
                sent.put(None)
                assert code == grpc.StatusCode.UNAVAILABLE
                assert "the server is stopping" in message
                assert detail.retry_delay.ToMilliseconds() > 0
        assert server.end() == 0  # without waiting out the drain


def test_the_end_waits_for_no_thread(model_repository: Path) -> None:
    program = (
        "import sys, threading; from photochrom_serving.cli import main; "
        "threading.Thread(target=threading.Event().wait).start(); "  # a decoder whose caller has gone, say
        "sys.exit(main())"
    )
    command = [sys.executable, "-c", program, "--models", str(model_repository), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            assert any(json.loads(line)["event"] == "ready" for line in process.stderr)
            process.terminate()
            assert process.wait(60) == 0
            assert json.loads(process.stderr.readlines()[-1])["event"] == "stopped"
        finally:
            process.kill()


def test_what_takes_longer_than_the_drain_is_cut_off_and_the_log_says_so(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(work=1500))
    flags = ("--drain-seconds", "0.05", "--no-warm-up", "--max-batch-size", "1", "--log-level", "debug")
    with serving(tmp_path, *flags) as server:
        with connected(server.target) as stub:
            calls = [stub.Colorize.future(request(lightness(64))) for _ in range(200)]
            server.wait_for("batch")  # one has run, the next one runs, others wait
            server.process.terminate()
            assert calls[-1].exception()
        assert server.end() == 0
    assert server.events[-1]["level"] == "warning"


def test_a_drain_that_is_too_short_to_become_quiet_has_cut_nothing_off(model_repository: Path) -> None:
    async def run() -> None:
        settings = Settings(models=model_repository, warm_up=False)
        server = Server(settings, await asyncio.to_thread(Servables.load, settings))
        async with grpc.aio.insecure_channel(await server.start("127.0.0.1:0")) as channel:
            stub: Any = colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]
            assert_answers(await stub.Colorize(request(lightness(32))), lightness(32))
            assert await server.stop(grace=0.05, quiet=0.25)

    asyncio.run(run())


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(work=200))
    flags = ("--drain-seconds", "600", "--no-warm-up", "--max-batch-size", "1", "--log-level", "debug")
    with serving(tmp_path, *flags) as server, connected(server.target) as stub:
        calls = [stub.Colorize.future(request(lightness(64))) for _ in range(100)]
        server.wait_for("batch")  # one has run, the next one runs, others wait
        server.process.terminate()
        server.wait_for("draining")
        server.process.terminate()
        assert server.end() == 128 + signal.SIGTERM
        assert calls[-1].exception()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a model that is slow to come is a named pipe")
def test_a_signal_while_the_models_load_ends_it_without_serving(model_repository: Path) -> None:
    path = model_factory.publish(model_repository, version=2) / manifest.MODEL_FILE
    path.unlink()
    os.mkfifo(path)
    command = Command(model_repository)
    with path.open("wb"):  # it opens when the other end is read: version 2, the newest, is loading
        command.process.terminate()
    assert command.end() == 0
    assert [event["event"] for event in command.events] == ["refused_model", "loaded", "stopped"]
