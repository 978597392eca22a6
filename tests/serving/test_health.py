"""``grpc.health.v1``: of the server, its services, its models; told to those who watch as it changes."""

import asyncio
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests import model_factory
from tests.serving.conftest import connected, lightness, request, serving
from tests.serving.controlled import controlled

_Status = health_pb2.HealthCheckResponse.ServingStatus


def stub_on(channel: grpc.Channel | grpc.aio.Channel) -> health_pb2_grpc.HealthStub:
    return health_pb2_grpc.HealthStub(channel)


def asking(service: str) -> health_pb2.HealthCheckRequest:
    return health_pb2.HealthCheckRequest(service=service)


def test_the_server_its_services_models_versions_and_labels_have_a_health(model_repository: Path) -> None:
    folder = model_factory.publish(model_repository, name="damaged")
    (folder / "model.onnx").write_bytes(b"damaged")
    (model_repository / "photochrom" / "labels.json").write_text('{"stable": 1}')
    with serving(model_repository) as server, grpc.insecure_channel(server.target) as channel:
        health = stub_on(channel)
        listed = health.List(health_pb2.HealthListRequest()).statuses
        statuses = {name: status.status for name, status in listed.items()}
        assert (
            statuses.items()
            >= {
                "": _Status.SERVING,
                "photochrom.v1.Colorizer": _Status.SERVING,
                "tensorflow.serving.PredictionService": _Status.SERVING,
                "inference.GRPCInferenceService": _Status.SERVING,
                "photochrom": _Status.SERVING,
                "photochrom/1": _Status.SERVING,
                "photochrom:stable": _Status.SERVING,
                "damaged": _Status.NOT_SERVING,
                "damaged/1": _Status.NOT_SERVING,
            }.items()
        )
        for name, status in listed.items():
            assert health.Check(asking(name)) == status
        with pytest.raises(grpc.RpcError) as caught:
            health.Check(asking("photochrom/2"))
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_watcher_is_told_when_a_version_comes_and_goes(model_repository: Path) -> None:
    async def scenario() -> None:
        async with controlled(model_repository, versions="all") as server:
            watch = stub_on(server.channel).Watch(asking("photochrom/2"))
            assert (await watch.read()).status == _Status.SERVICE_UNKNOWN
            model_factory.publish(model_repository, version=2)
            await server.control.load("photochrom", 2)
            # Between two reads only the last change counts, so what passes by may not be seen.
            while (status := (await watch.read()).status) != _Status.SERVING:
                assert status == _Status.NOT_SERVING
            await server.control.unload("photochrom", 2)
            while (status := (await watch.read()).status) != _Status.SERVICE_UNKNOWN:
                assert status == _Status.NOT_SERVING
            watch.cancel()

    asyncio.run(scenario())


def test_a_server_that_is_full_is_healthy(slow_model_repository: Path) -> None:
    flags = ("--queue-limit", "2", "--no-warm-up", "--max-batch-size", "1")
    with (
        serving(slow_model_repository, *flags) as server,
        connected(server.target) as stub,
        grpc.insecure_channel(server.target) as channel,
    ):
        healths: list[int] = []
        while True:
            calls = [stub.Colorize.future(request(lightness(64))) for _ in range(16)]
            healths += [stub_on(channel).Check(asking(name)).status for name in ("", "photochrom/1")]
            if any(call.exception() for call in calls):
                break
    assert set(healths) == {_Status.SERVING}


def test_with_a_delay_calls_are_answered_while_health_says_not_serving(model_repository: Path) -> None:
    flags = ("--drain-delay-seconds", "600")
    with serving(model_repository, *flags) as server, connected(server.target) as stub:
        with grpc.insecure_channel(server.target) as channel:
            watch = stub_on(channel).Watch(asking("photochrom/1"))
            assert next(watch).status == _Status.SERVING
            server.process.terminate()
            assert next(watch).status == _Status.NOT_SERVING
            assert stub_on(channel).Check(asking("")).status == _Status.NOT_SERVING
            stub.Colorize(request(lightness(32)))
            server.process.terminate()  # the operator has seen enough
        assert server.end() == 128 + 15
