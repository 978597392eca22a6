"""Prometheus metrics: one registry for each server.

Labels are bounded: a model is one that the repository holds, whatever a caller names; protocols,
methods, codes, reasons and states are closed sets.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from photochrom_serving.admission import Admission
from photochrom_serving.batcher import BatchRun
from photochrom_serving.calls import Call
from photochrom_serving.errors import (
    DrainingError,
    ExpiredError,
    ForbiddenError,
    NotReadyError,
    QueueFullError,
    RateLimitError,
    RequestError,
    UnauthenticatedError,
)
from photochrom_serving.versions import State, Version

_SECONDS: Final = (.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30)  # fmt: skip

_PHOTOGRAPHS: Final = (1, 2, 4, 8, 16, 32, 64, 128)

_VERSION: Final = ("model", "version")
_CALL: Final = (*_VERSION, "protocol", "method")

_REASONS: Final[dict[type[RequestError], str]] = {
    QueueFullError: "queue_full",
    ExpiredError: "deadline",
    DrainingError: "draining",
    NotReadyError: "not_ready",
    RateLimitError: "rate_limit",
    UnauthenticatedError: "unauthenticated",
    ForbiddenError: "forbidden",
}

Labelled = TypeVar("Labelled", Counter, Histogram)
Sample = tuple[Sequence[str], float]
"""The values of a metric's labels, and its own."""


@dataclasses.dataclass(frozen=True)
class _Row:
    name: str
    kind: str
    labels: Sequence[str]
    meaning: str


class Metrics:
    """What a server counts and measures. The metrics of its process come along."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._rows: list[_Row] = []
        self._of_versions: list[Counter | Histogram] = []
        self._requests = self._counter(
            "photochrom_requests_total",
            "Calls that ended; without a model if it is unknown, unloaded, or the request was not read.",
            (*_CALL, "code"),
        )
        self._durations = self._histogram(
            "photochrom_request_duration_seconds", "A call from its first to its last moment.", _CALL
        )
        self._waits = self._histogram(
            "photochrom_queue_duration_seconds", "A photograph's wait until its batch formed.", _VERSION
        )
        self._assemblies = self._histogram(
            "photochrom_batch_assembly_duration_seconds", "From planes to an input tensor.", _VERSION
        )
        self._computes = self._histogram(
            "photochrom_batch_compute_duration_seconds", "A batch in ONNX Runtime.", _VERSION
        )
        self._batches = self._histogram(
            "photochrom_batch_photographs", "Photographs in a batch.", _VERSION, _PHOTOGRAPHS
        )
        self._failures = self._counter(
            "photochrom_failed_batches_total", "Batches that failed as a whole.", _VERSION
        )
        self._padding = self._counter(
            "photochrom_padding_photographs_total",
            "Photographs computed for nothing, to fill a batch up to a size that the session has met.",
            _VERSION,
        )
        self._rejected = self._counter(
            "photochrom_rejected_requests_total",
            "Calls turned away for another reason than what they ask for.",
            ("reason",),
        )
        for reason in _REASONS.values():  # a rate needs a zero to begin with
            self._rejected.labels(reason)
        self._in_flight = self._at_scrape(
            "photochrom_in_flight_photographs", "Photographs in the server, waiting or running.", ()
        )
        self._in_flight_bytes = self._at_scrape(
            "photochrom_in_flight_bytes", "What those and their answers take of the memory.", ()
        )
        self._memory: dict[tuple[str, str], int] = {}
        self._at_scrape(
            "photochrom_model_memory_bytes",
            "By how much the process grew when a version was loaded and warmed up.",
            _VERSION,
        ).source = lambda: list(self._memory.items())
        self._states: dict[tuple[str, str], State] = {}
        self._at_scrape(
            "photochrom_model_state", "1 for the state that a version is in.", (*_VERSION, "state")
        ).source = lambda: [((*labels, state.value), 1) for labels, state in list(self._states.items())]
        ProcessCollector(registry=self.registry)

    def read(self, admission: Admission) -> None:
        """Read at each scrape, in another thread than the event loop's, how much is in the server."""
        self._in_flight.source = lambda: [((), admission.count())]
        self._in_flight_bytes.source = lambda: [((), admission.memory())]

    def follow(self, version: Version) -> None:
        """Know a version's state. With its end the series that only it has end too."""
        labels = (version.model, str(version.number))
        self._states[labels] = version.state
        if version.servable:
            self._memory[labels] = version.servable.memory_bytes
        else:
            self._memory.pop(labels, None)
        if version.state == State.UNLOADED:
            del self._states[labels]
            for metric in self._of_versions:
                metric.remove_by_labels(dict(zip(_VERSION, labels, strict=True)))

    def count_call(self, call: Call) -> None:
        """Count a call that has ended. What answered it may be gone: it gets no new series."""
        version = (call.model, str(call.version))
        labels = (*(version if version in self._states else ("", "")), call.protocol, call.method)
        self._requests.labels(*labels, call.code).inc()
        self._durations.labels(*labels).observe(call.total_seconds)
        reason = _REASONS.get(type(call.error))  # type: ignore[arg-type] # None has none
        if reason:
            self._rejected.labels(reason).inc()

    def count_batch(self, run: BatchRun) -> None:
        """Count a batch that has run, unless its version is gone by now."""
        labels = tuple(run.model.split("/"))
        if labels not in self._states:
            return
        for seconds in run.queue_seconds:
            self._waits.labels(*labels).observe(seconds)
        self._assemblies.labels(*labels).observe(run.assembly_seconds)
        self._computes.labels(*labels).observe(run.compute_seconds)
        self._batches.labels(*labels).observe(run.photographs)
        self._padding.labels(*labels).inc(run.bucket - run.photographs)
        self._failures.labels(*labels).inc(run.failed)

    def markdown_table(self) -> str:
        """The server's own metrics as the README's table."""
        head = ["| metric | kind | labels | meaning |", "| --- | --- | --- | --- |"]
        rows = [
            f"| `{row.name}` | {row.kind} | {', '.join(row.labels)} | {row.meaning} |" for row in self._rows
        ]
        return "\n".join([*head, *rows]) + "\n"

    def _counter(self, name: str, meaning: str, labels: Sequence[str]) -> Counter:
        self._rows.append(_Row(name, "counter", labels, meaning))
        return self._keep(Counter(name, meaning, labels, registry=self.registry), labels)

    def _histogram(
        self, name: str, meaning: str, labels: Sequence[str], buckets: Sequence[float] = _SECONDS
    ) -> Histogram:
        self._rows.append(_Row(name, "histogram", labels, meaning))
        return self._keep(Histogram(name, meaning, labels, buckets=buckets, registry=self.registry), labels)

    def _keep(self, metric: Labelled, labels: Sequence[str]) -> Labelled:
        if set(_VERSION) <= set(labels):
            self._of_versions.append(metric)
        return metric

    def _at_scrape(self, name: str, meaning: str, labels: Sequence[str]) -> "_ReadGauge":
        self._rows.append(_Row(name, "gauge", labels, meaning))
        gauge = _ReadGauge(name, meaning, labels)
        self.registry.register(gauge)
        return gauge


class _ReadGauge(Collector):
    """A gauge whose samples are read when they are asked for."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str]) -> None:
        self.source: Callable[[], Iterable[Sample]] = list
        self._describe = functools.partial(GaugeMetricFamily, name, meaning, labels=labels)

    def describe(self) -> Iterator[Metric]:
        yield self._describe()

    def collect(self) -> Iterator[Metric]:
        family = self._describe()
        for values, value in self.source():
            family.add_metric(values, value)
        yield family


if __name__ == "__main__":
    print(Metrics().markdown_table(), end="")
