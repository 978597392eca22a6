"""Admission: a full server says so at once, and when to come back; nobody runs what nobody awaits."""

import time
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from photochrom_serving.shedding import PREDICTING
from tests import model_factory
from tests.serving.conftest import assert_answers, connected, lightness, refusal, request, serving

_EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


def test_above_its_limit_the_server_refuses_at_once_and_says_when_to_come_back(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(work=1000))  # slower than any caller
    plane = lightness(64)
    flags = ("--queue-limit", "4", "--max-batch-size", "1", "--no-warm-up")
    with (
        serving(tmp_path, *flags) as server,
        connected(server.target) as stub,
        grpc.insecure_channel(server.target) as channel,
    ):
        health = health_pb2_grpc.HealthStub(channel)
        calls = [stub.Colorize.future(request(plane)) for _ in range(32)]
        assert health.Check(health_pb2.HealthCheckRequest()).status == health_pb2.HealthCheckResponse.SERVING
        refused = [call for call in calls if call.exception()]
        for call in calls:
            if call not in refused:
                assert_answers(call.result(), plane)
    assert 0 < len(refused) <= 28
    for call in refused:
        code, message, retry = refusal(call.result)
        assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "4 photographs are in the server already" in message
        pushback = int(dict(call.trailing_metadata())["grpc-retry-pushback-ms"])
        assert 50 <= retry.retry_delay.ToMilliseconds() <= pushback <= 5000


def test_what_a_full_server_refuses_is_not_read(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(work=2000))
    with (
        serving(tmp_path, "--queue-limit", "1", "--no-warm-up") as server,
        connected(server.target) as stub,
        grpc.insecure_channel(server.target) as channel,
    ):
        raw: Any = channel  # that bytes need no serializer is not in its stubs
        codes = {method: raw.unary_unary(method).future(b"none").code() for method in PREDICTING}
        assert set(codes.values()) == {grpc.StatusCode.INVALID_ARGUMENT}, "there is room: it is read"
        calls = [stub.Colorize.future(request(lightness(64))) for _ in range(8)]
        while sum(call.done() for call in calls) < 7:  # refused at once, but for the one that is inside
            time.sleep(0.01)
        codes = {method: raw.unary_unary(method).future(b"none").code() for method in PREDICTING}
        (inside,) = [call for call in calls if not call.done()]
        assert_answers(inside.result(), lightness(64))
    assert codes.pop("/photochrom.v1.Colorizer/Colorize") == _EXHAUSTED
    assert set(codes.values()) == {grpc.StatusCode.UNAVAILABLE}, "as these protocols call it"


def test_a_client_that_retries_as_told_gets_every_answer(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(work=10))
    retry = """{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.1s",
        "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]}"""
    planes = [lightness(64, seed) for seed in range(3)]
    with serving(tmp_path, "--queue-limit", "1") as server:
        with connected(server.target, ("grpc.service_config", retry)) as stub:
            calls = [stub.Colorize.future(request(plane)) for plane in planes]
            for plane, call in zip(planes, calls, strict=True):
                assert_answers(call.result(), plane)
        server.process.terminate()
        assert server.end() == 0
    assert "RESOURCE_EXHAUSTED" in {call["code"] for call in server.of("call")}


def test_a_deadline_that_passes_in_the_queue_ends_the_call_and_its_photograph_never_runs(
    tmp_path: Path,
) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(work=400))
    with serving(tmp_path, "--log-level", "debug", "--max-batch-size", "1", "--no-warm-up") as server:
        with connected(server.target) as stub:
            running = [stub.Colorize.future(request(lightness(64))) for _ in range(4)]
            late = [stub.Colorize.future(request(lightness(64)), timeout=0.02) for _ in range(4)]
            assert {call.exception().code() for call in late} == {grpc.StatusCode.DEADLINE_EXCEEDED}
            for call in running:
                call.result()
        server.process.terminate()
        assert server.end() == 0
    assert 4 <= len(server.of("batch")) < 8
