"""SIGTERM: not serving first, calls in flight end well, exit status 0."""

import queue
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests import model_factory
from tests.serving.conftest import assert_answers, connected, lightness, request, serving

_Status = health_pb2.HealthCheckResponse.ServingStatus


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_calls_in_flight_end_well(slow_model_repository: Path, signal_: signal.Signals) -> None:
    planes = [lightness(64, seed) for seed in range(16)]
    with serving(slow_model_repository, "--max-batch-size", "2", "--log-level", "debug") as server:
        with connected(server.target) as stub, ThreadPoolExecutor(16) as callers:
            calls = [callers.submit(stub.Colorize, request(plane)) for plane in planes]
            server.wait_for("batch")  # of eight or more
            server.process.send_signal(signal_)
            for plane, call in zip(planes, calls, strict=True):
                if call.exception():  # had not reached the server yet
                    assert call.exception().code() == grpc.StatusCode.UNAVAILABLE
                else:
                    assert_answers(call.result(), plane)
        assert server.end() == 0
    answered = sum(call.exception() is None for call in calls)
    assert answered > 2  # more than the batch that was done
    assert server.of("draining")[0]["signal"] == signal_.name
    assert sum(call["code"] == "OK" for call in server.of("call")) == answered
    assert server.events[-1] == {**server.events[-1], "event": "stopped", "level": "info"}


def test_health_turns_not_serving_and_watchers_and_idle_streams_are_let_go(model_repository: Path) -> None:
    requests: queue.SimpleQueue[object] = queue.SimpleQueue()
    with serving(model_repository, "--drain-seconds", "600") as server:
        with grpc.insecure_channel(server.target) as channel, connected(server.target) as stub:
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            assert next(watch).status == _Status.SERVING
            responses = stub.ColorizeStream(iter(requests.get, None))
            requests.put(request(lightness(32)))
            assert_answers(next(responses), lightness(32))
            server.process.terminate()
            assert [update.status for update in watch] == [_Status.NOT_SERVING]
            with pytest.raises(grpc.RpcError) as caught:
                next(responses)
            requests.put(None)
            assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
            assert "the server is stopping" in caught.value.details()
        assert server.end() == 0  # without waiting out the drain


def test_what_takes_longer_than_the_drain_is_cut_off_and_the_log_says_so(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(work=400))
    with serving(tmp_path, "--drain-seconds", "0.05", "--no-warm-up") as server:
        with connected(server.target) as stub:
            call = stub.Colorize.future(request(lightness(64)))
            stub.ListModels(request(lightness(64)))  # the other call came before this one
            server.process.terminate()
            assert call.exception()
        assert server.end() == 0
    assert server.events[-1]["level"] == "warning"


def test_a_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(work=400))
    with serving(tmp_path, "--drain-seconds", "600", "--no-warm-up", "--max-batch-size", "1") as server:
        with connected(server.target) as stub:
            calls = [stub.Colorize.future(request(lightness(64))) for _ in range(100)]
            server.process.terminate()
            server.wait_for("draining")
            server.process.terminate()
            assert server.end() == 128 + signal.SIGTERM
            assert all(call.exception() for call in calls[1:])
