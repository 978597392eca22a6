"""Metrics, as Prometheus sees them: scraped over HTTP from the real command, read by its own parser."""

import queue
import re
import socket
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import grpc
import pytest
from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from photochrom_serving import metrics
from photochrom_serving.batch_run import BatchRun
from photochrom_serving.exposition import exposed
from photochrom_serving.settings import Settings
from tests import model_factory
from tests.serving.conftest import connected, lightness, refusal, request, run_to_its_end, serving

README = Path(__file__).parents[2] / "serving" / "README.md"


def scrape(address: str) -> list[Metric]:
    with urllib.request.urlopen(f"http://{address}/metrics") as answer:
        return list(text_string_to_metric_families(answer.read().decode()))


def value(families: Iterable[Metric], sample: str, **labels: str) -> float:
    """The value of the one sample that has these labels among its own."""
    (found,) = values(families, sample, **labels)
    return found


def values(families: Iterable[Metric], sample: str, **labels: str) -> list[float]:
    """The values of the samples that have these labels among their own."""
    return [
        entry.value
        for family in families
        for entry in family.samples
        if entry.name == sample and labels.items() <= entry.labels.items()
    ]


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_is_written_with_and_without_brackets(host: str) -> None:
    with exposed(Settings(metrics_host=host, metrics_port=0)) as counted:
        assert counted


def test_calls_batches_and_models_are_measured(model_repository: Path) -> None:
    model_factory.publish(model_repository, version=2)
    (model_repository / "photochrom" / "2" / "model.onnx").write_bytes(b"damaged")
    with serving(model_repository, "--metrics-port", "0") as server, connected(server.target) as stub:
        refusal(lambda: stub.Colorize(request(lightness(34))))  # counted just after its caller knows
        for _ in range(3):
            stub.Colorize(request(lightness(32)))
        list(stub.ColorizeStream(iter([request(lightness(64))] * 2)))
        families = scrape(server.of("metrics")[0]["address"])
    version = {"model": "photochrom", "version": "1"}
    colorize = {**version, "protocol": "photochrom", "method": "Colorize"}
    assert value(families, "photochrom_requests_total", **colorize, code="OK") == 3
    assert value(families, "photochrom_requests_total", **colorize, code="INVALID_ARGUMENT") == 1
    assert value(families, "photochrom_requests_total", method="ColorizeStream", code="OK") == 1
    assert value(families, "photochrom_request_duration_seconds_count", **colorize) == 4
    total = value(families, "photochrom_request_duration_seconds_sum", **colorize)
    assert 0 < value(families, "photochrom_batch_compute_duration_seconds_sum", **version) <= 60
    assert total > 0
    assert value(families, "photochrom_queue_duration_seconds_count", **version) == 5
    assert value(families, "photochrom_batch_photographs_sum", **version) == 5
    assert value(families, "photochrom_in_flight_photographs") == 0
    assert value(families, "photochrom_in_flight_bytes") == 0
    assert value(families, "photochrom_model_memory_bytes", **version) >= 0
    assert value(families, "photochrom_model_state", **version, state="available") == 1
    assert value(families, "photochrom_model_state", version="2", state="failed") == 1
    assert value(families, "process_resident_memory_bytes") > 1e6
    assert {value(families, "photochrom_rejected_requests_total", reason="queue_full")} == {0}


def test_a_version_that_is_gone_gets_no_new_series(model_repository: Path) -> None:
    requests: queue.SimpleQueue[object] = queue.SimpleQueue()
    flags = ("--metrics-port", "0", "--poll-seconds", "0.05")
    with serving(model_repository, *flags) as server, connected(server.target) as stub:
        stream = stub.ColorizeStream(iter(requests.get, None))
        requests.put(request(lightness(32)))
        assert next(stream).model.version == 1
        model_factory.publish(model_repository, version=2)
        server.wait_for("unloaded")
        requests.put(None)
        assert list(stream) == []
        stub.Colorize(request(lightness(32)))  # the stream is counted just after its caller knows
        families = scrape(server.of("metrics")[0]["address"])
    versions = {sample.labels.get("version") for family in families for sample in family.samples}
    assert versions == {None, "", "2"}
    assert value(families, "photochrom_requests_total", model="", method="ColorizeStream", code="OK") == 1


def test_a_batch_of_a_version_that_is_gone_makes_no_series() -> None:
    counted = metrics.Metrics()
    counted.count_batch(BatchRun("photochrom/1", 32, 1, 2, (0.1,), 0.1, 0.1, failed=True))
    assert b"version=" not in generate_latest(counted.registry)


def test_what_a_caller_makes_up_is_no_label(model_repository: Path) -> None:
    with serving(model_repository, "--metrics-port", "0") as server, connected(server.target) as stub:
        for name in ("sepia", "photochrom/1", 'x"} 1'):
            call = stub.Colorize.future(request(lightness(32), name, 7))
            assert refusal(call.result)[0] == grpc.StatusCode.NOT_FOUND
        stub.Colorize(request(lightness(32)))  # the last refusal is counted just after its caller knows
        families = scrape(server.of("metrics")[0]["address"])
    assert value(families, "photochrom_requests_total", model="", version="", code="NOT_FOUND") == 3
    models = {sample.labels.get("model") for family in families for sample in family.samples}
    assert models == {None, "", "photochrom"}


def test_rejections_are_counted_by_reason(slow_model_repository: Path) -> None:
    flags = ("--queue-limit", "1", "--metrics-port", "0")
    with serving(slow_model_repository, *flags) as server, connected(server.target) as stub:
        calls = [stub.Colorize.future(request(lightness(64))) for _ in range(8)]
        refused = sum(call.exception() is not None for call in calls)
        stub.Colorize(request(lightness(64)))  # the last refusal is counted just after its caller knows
        families = scrape(server.of("metrics")[0]["address"])
    assert refused
    assert value(families, "photochrom_rejected_requests_total", reason="queue_full") == refused
    # Some of a model, some without one: those that were not even read.
    assert sum(values(families, "photochrom_requests_total", code="RESOURCE_EXHAUSTED")) == refused


def test_the_readmes_table_is_the_registrys(model_repository: Path) -> None:
    table = re.search(r"<!-- metrics -->\n(.*)<!-- /metrics -->", README.read_text("utf-8"), re.DOTALL)
    assert table
    assert table[1] == metrics.Metrics().markdown_table(), (
        "write it with: python -m photochrom_serving.metrics"
    )
    with serving(model_repository, "--metrics-port", "0") as server:
        families = scrape(server.of("metrics")[0]["address"])
    scraped = {(family.name, family.type) for family in families if family.name.startswith("photochrom_")}
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", table[1], re.MULTILINE)
    assert {(name.removesuffix("_total"), kind) for name, kind in rows} == scraped


def test_without_a_port_there_are_none(model_repository: Path) -> None:
    with serving(model_repository) as server:
        assert not server.of("metrics")


def test_a_metrics_port_that_is_taken_is_named(model_repository: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run_to_its_end("--models", str(model_repository), "--port", "0", "--metrics-port", port)
    assert ended.returncode == 2
    assert ended.stderr == (
        f"photochrom-serve: cannot listen on 127.0.0.1:{port} for metrics: "
        "the port is taken; choose another with --metrics-port\n"
    )
