"""The line that each call leaves in the log, and its ids."""

from pathlib import Path

import pytest

from photochrom_serving.embedded import EmbeddedServer
from tests.serving.conftest import connected, lightness, refusal, request, serving


def test_a_call_leaves_one_line_with_its_ids_and_timings(model_repository: Path) -> None:
    with serving(model_repository) as server:
        with connected(server.target) as stub:
            _, call = stub.Colorize.with_call(request(lightness(32)), metadata=[("x-request-id", "scan-17")])
            assert dict(call.trailing_metadata())["x-request-id"] == "scan-17"
            list(stub.ColorizeStream(iter([request(lightness(64))] * 3)))
        server.process.terminate()
        assert server.end() == 0
    one, stream = server.of("call")
    assert one == {
        **one,
        "protocol": "photochrom",
        "method": "Colorize",
        "code": "OK",
        "request_id": "scan-17",
        "model": "photochrom",
        "version": 1,
        "size": 32,
        "photographs": 1,
    }
    assert 0 <= one["queue_ms"] <= one["total_ms"]
    assert 0 < one["compute_ms"] <= one["total_ms"]
    assert (stream["method"], stream["photographs"], stream["size"]) == ("ColorizeStream", 3, 64)
    assert len(stream["request_id"]) == 32


def test_a_call_that_fails_tells_its_caller_and_the_log_the_same_id(model_repository: Path) -> None:
    with serving(model_repository) as server:
        with connected(server.target) as stub:
            call = stub.Colorize.future(request(lightness(32), "sepia"))
            _, message, _ = refusal(call.result)
            answered = dict(call.trailing_metadata())["x-request-id"]
        server.process.terminate()
        assert server.end() == 0
    (line,) = server.of("call")
    assert (line["code"], line["request_id"], line["message"]) == ("NOT_FOUND", answered, message)
    assert "model" not in line


@pytest.mark.parametrize("sent", ["", "x" * 129])
def test_an_id_that_does_not_do_is_replaced(model_repository: Path, sent: str) -> None:
    with EmbeddedServer(model_repository) as server, connected(server.target) as stub:
        _, call = stub.Colorize.with_call(request(lightness(32)), metadata=[("x-request-id", sent)])
    assert len(dict(call.trailing_metadata())["x-request-id"]) == 32
