"""Many planes on one call: in order, within a window, over lost connections."""

import time
from collections.abc import Iterator
from concurrent import futures

import grpc
import numpy as np
import pytest

import photochrom
from photochrom._options import Options
from photochrom._server import Server
from photochrom._target import Target
from photochrom._video.conversation import predict_in_order
from photochrom_contract.v1 import colorizer_pb2_grpc as services
from tests.client.video.streaming import SIDE, Streaming


class _Endless(dict[int, grpc.StatusCode]):
    def pop(self, *_: object) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE


@pytest.fixture
def service() -> Streaming:
    return Streaming()


@pytest.fixture
def server(service: Streaming) -> Iterator[Server]:
    """A connection to it."""
    peer = grpc.server(futures.ThreadPoolExecutor(4))
    services.add_ColorizerServicer_to_server(service, peer)  # type: ignore[no-untyped-call]
    port = peer.add_insecure_port("127.0.0.1:0")
    peer.start()
    with Server(Target.parse(f"127.0.0.1:{port}"), timeout=20) as connected:
        yield connected
    peer.stop(grace=None).wait()


def planes(count: int) -> Iterator[tuple[int, np.ndarray]]:
    for index in range(count):
        yield index, np.full((SIDE, SIDE), index, np.uint8)


def answers(server: Server, count: int, window: int = 4) -> list[tuple[int, float]]:
    predicted = predict_in_order(server, Options(), planes(count), window)
    return [(item, float(chroma[0, 0, 0])) for item, _, chroma in predicted]


def test_answers_belong_to_their_planes_in_order_on_one_call(server: Server, service: Streaming) -> None:
    assert answers(server, 50) == [(index, index) for index in range(50)]
    assert service.calls == 1


def test_nothing_asks_nothing(server: Server, service: Streaming) -> None:
    assert answers(server, 0) == []
    assert service.calls == 0


def test_no_more_planes_are_under_way_than_the_window_has_places(server: Server, service: Streaming) -> None:
    taken: list[int] = []

    def noted() -> Iterator[tuple[int, np.ndarray]]:
        for item, plane in planes(20):
            taken.append(item)
            yield item, plane

    for item, _, _ in predict_in_order(server, Options(), noted(), 4):
        assert len(taken) <= item + 4


@pytest.mark.parametrize("status", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_what_a_lost_call_did_not_answer_is_asked_again(
    status: grpc.StatusCode, server: Server, service: Streaming
) -> None:
    service.failures = {0: status, 7: status, 8: status, 29: status}
    assert answers(server, 30) == [(index, index) for index in range(30)]
    assert service.calls == 5


def test_a_server_that_stays_away_is_an_error(server: Server, service: Streaming) -> None:
    service.failures = _Endless()
    server.timeout = 1
    with pytest.raises(photochrom.BusyError, match="as told"):
        answers(server, 3)
    assert service.calls > 1


def test_who_takes_the_answers_may_take_longer_than_a_server_is_waited_for(
    server: Server, service: Streaming
) -> None:
    service.failures = {1: grpc.StatusCode.UNAVAILABLE}
    server.timeout = 0.5
    got = []
    for item, _, _ in predict_in_order(server, Options(), planes(3), 1):
        got.append(item)
        time.sleep(0.6)  # encoding, say
    assert got == [0, 1, 2]


def test_what_the_server_refuses_is_not_asked_again(server: Server, service: Streaming) -> None:
    service.failures = {2: grpc.StatusCode.INVALID_ARGUMENT}
    with pytest.raises(photochrom.InvalidRequestError, match="as told"):
        answers(server, 10)
    assert service.calls == 1


def test_an_answer_that_does_not_come_is_a_deadline(service: Streaming, server: Server) -> None:
    service.may_answer.clear()
    server.timeout = 0.3
    with pytest.raises(photochrom.DeadlineError, match=r"no answer within 0\.3 s"):
        answers(server, 2)


def test_closing_the_connection_ends_it(service: Streaming, server: Server) -> None:
    service.may_answer.clear()
    with futures.ThreadPoolExecutor(1) as pool:
        asking = pool.submit(answers, server, 2)
        service.received.acquire()
        server.close()
        with pytest.raises(ValueError, match="was closed during the call"):
            asking.result()
