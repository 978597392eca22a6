"""Tracing: spans of the real command, sent over OTLP to a collector in the test."""

import queue
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.serving.conftest import connected, lightness, refusal, request, serving

pytest.importorskip("opentelemetry.proto", reason="the extra tracing is not installed")
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

_TRACE, _PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"  # of W3C Trace Context's examples
_CODE_OF_THE_CALL = "rpc.grpc.status_code"


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps what is exported to it."""

    def __init__(self) -> None:
        self.resources: list[dict[str, str]] = []
        self.spans: queue.SimpleQueue[Span] = queue.SimpleQueue()

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 the protocol's name
        for resource_spans in request.resource_spans:
            attributes = resource_spans.resource.attributes
            self.resources.append({each.key: each.value.string_value for each in attributes})
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    self.spans.put(span)
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(1))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    yield collector
    server.stop(None)


def test_a_call_is_a_span_of_its_callers_trace_with_its_wait_and_its_batch(
    model_repository: Path, collector: Collector
) -> None:
    with serving(model_repository, "--tracing") as server:
        with connected(server.target) as stub:
            sent = [("traceparent", f"00-{_TRACE}-{_PARENT}-01"), ("x-request-id", "scan-17")]
            stub.Colorize(request(lightness(32)), metadata=sent)
        server.process.terminate()  # what was not sent yet is sent before the end
        assert server.end() == 0
    spans = {span.name: span for span in (collector.spans.get(timeout=60) for _ in range(3))}
    call, wait, batch = (spans[name] for name in ("photochrom.v1.Colorizer/Colorize", "queue", "compute"))
    assert (call.trace_id.hex(), call.parent_span_id.hex()) == (_TRACE, _PARENT)
    assert call.kind == Span.SPAN_KIND_SERVER
    attributes = {each.key: each.value for each in call.attributes}
    assert attributes["rpc.system"].string_value == "grpc"
    assert attributes[_CODE_OF_THE_CALL].int_value == 0
    assert attributes["photochrom.request_id"].string_value == "scan-17"
    assert attributes["photochrom.version"].int_value == 1
    for span in (wait, batch):
        assert (span.trace_id, span.parent_span_id) == (call.trace_id, call.span_id)
        assert call.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
    assert wait.end_time_unix_nano == batch.start_time_unix_nano
    (line,) = server.of("call")
    assert line["trace_id"] == _TRACE
    took = (batch.end_time_unix_nano - batch.start_time_unix_nano) / 1e6
    assert took == pytest.approx(line["compute_ms"], abs=0.001)
    (resource,) = collector.resources
    assert (resource["service.name"], resource["deployment.environment"]) == ("photochrom-serving", "test")


def test_a_refusal_is_a_span_and_no_failure_of_the_server(
    model_repository: Path, collector: Collector
) -> None:
    with serving(model_repository, "--tracing") as server:
        with connected(server.target) as stub:
            refusal(lambda: stub.Colorize(request(lightness(32), "sepia")))
        server.process.terminate()
        assert server.end() == 0
    span = collector.spans.get(timeout=60)
    attributes = {each.key: each.value for each in span.attributes}
    assert attributes[_CODE_OF_THE_CALL].int_value == grpc.StatusCode.NOT_FOUND.value[0]
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert server.of("call")[0]["trace_id"] == span.trace_id.hex()


def test_the_callers_trace_is_in_the_log_without_tracing_too(model_repository: Path) -> None:
    with serving(model_repository) as server:
        with connected(server.target) as stub:
            for parent in (f"00-{_TRACE}-{_PARENT}-01", "not a trace", f"00-{_TRACE[1:]}x-{_PARENT}-01"):
                stub.Colorize(request(lightness(32)), metadata=[("traceparent", parent)])
        server.process.terminate()
        assert server.end() == 0
    assert [line.get("trace_id") for line in server.of("call")] == [_TRACE, None, None]


def test_without_the_extra_tracing_says_what_to_install_and_nothing_else_asks_for_it(
    model_repository: Path,
) -> None:
    program = (
        "import sys; sys.modules['opentelemetry'] = None\n"  # importing it is an ImportError
        "from photochrom_serving import cli\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    flags = ["--models", str(model_repository), "--port", "0"]
    ended = subprocess.run(
        [sys.executable, "-c", program, *flags, "--tracing"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "pip install 'photochrom-serving[tracing]'" in ended.stderr.splitlines()[-1]
    checked = subprocess.run([sys.executable, "-c", program, "check", *flags[:2]], check=False)
    assert checked.returncode == 0


def test_a_collector_that_is_not_there_holds_up_neither_calls_nor_the_end(
    model_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    with serving(model_repository, "--tracing") as server:
        with connected(server.target) as stub:
            stub.Colorize(request(lightness(32)))
        server.process.terminate()
        server.wait_for("stopped")
        assert server.process.wait(timeout=60) == 0
