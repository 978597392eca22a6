"""Connections: those that are idle, old or gone end, and no call suffers from it."""

import queue
import socket
import struct
from pathlib import Path

import grpc
import pytest

from photochrom_contract.v1 import colorizer_pb2_grpc
from tests.serving.conftest import assert_answers, lightness, request, serving

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS, _PING, _GOAWAY = 4, 6, 7  # RFC 9113, section 6


def frames_until(connection: socket.socket, wanted: int) -> bytes:
    """The payload of the first frame of a type."""
    with connection.makefile("rb") as stream:
        while head := stream.read(9):
            payload = stream.read(int.from_bytes(head[:3]))
            if head[3] == wanted:
                return payload
    raise AssertionError(f"the connection ended before a frame of type {wanted}")


@pytest.mark.parametrize("limit", ["--max-connection-idle-seconds", "--max-connection-age-seconds"])
def test_a_connection_that_is_idle_or_old_is_told_to_go(model_repository: Path, limit: str) -> None:
    with serving(model_repository, limit, "0.2") as server:
        host, _, port = server.target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(_PREFACE + struct.pack(">HBBBI", 0, 0, _SETTINGS, 0, 0))
            assert frames_until(connection, _GOAWAY)


def test_a_client_that_says_nothing_is_pinged(model_repository: Path) -> None:
    with serving(model_repository, "--keepalive-seconds", "0.2") as server:
        host, _, port = server.target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(_PREFACE + struct.pack(">HBBBI", 0, 0, _SETTINGS, 0, 0))
            assert len(frames_until(connection, _PING)) == 8


def test_when_a_connection_is_too_old_its_calls_end_well_and_the_next_call_connects_anew(
    model_repository: Path,
) -> None:
    left: queue.SimpleQueue[None] = queue.SimpleQueue()
    requests: queue.SimpleQueue[object] = queue.SimpleQueue()
    was_ready = False

    def watch(state: grpc.ChannelConnectivity) -> None:
        nonlocal was_ready
        if was_ready and state != grpc.ChannelConnectivity.READY:
            left.put(None)
        was_ready = state == grpc.ChannelConnectivity.READY

    flags = ("--max-connection-age-seconds", "0.5")
    with serving(model_repository, *flags) as server, grpc.insecure_channel(server.target) as channel:
        channel.subscribe(watch)
        stub = colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]
        responses = stub.ColorizeStream(iter(requests.get, None))
        requests.put(request(lightness(32)))
        assert_answers(next(responses), lightness(32))
        left.get(timeout=60)  # the server has told the client to go
        requests.put(request(lightness(64)))
        assert_answers(next(responses), lightness(64))
        requests.put(None)
        assert list(responses) == []
        assert_answers(stub.Colorize(request(lightness(32))), lightness(32))
