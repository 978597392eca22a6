"""OpenTelemetry traces: a span for each call, with one for each photograph's wait and one for its batch.

Needs the extra ``tracing``; nothing imports this module unless the setting asks for it. Where spans go,
what is sampled and what the service is called, the standard ``OTEL_`` variables say.
"""

import os
import threading
import time
from collections.abc import Mapping
from typing import Final

import grpc

from photochrom_serving import __version__
from photochrom_serving.calls import Call, Part
from photochrom_serving.errors import SettingsError

try:
    from opentelemetry import propagate, trace
    from opentelemetry.context import Context
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import SpanKind, Status, StatusCode
except ImportError as error:
    raise SettingsError(
        f"--tracing needs OpenTelemetry: pip install 'photochrom-serving[tracing]': {error}"
    ) from error

_NAME: Final = "photochrom-serving"
_FLUSH_SECONDS: Final = 5.0
_FAULTS: Final = {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
"""The codes that are a server's failure, by OpenTelemetry's conventions for gRPC."""


class Tracing:
    """Makes spans of calls and sends them in a thread of its own."""

    def __init__(self) -> None:
        given = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        )
        name = {} if given else {SERVICE_NAME: _NAME}
        resource = Resource.create({SERVICE_VERSION: __version__, **name})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(_NAME, __version__)

    def begin(self, call: Call, metadata: Mapping[str, str]) -> None:
        """Begin a call's span, as a child of the caller's if it sent its context along."""
        span = self._tracer.start_span(
            f"{call.service}/{call.method}",
            propagate.extract(metadata),
            SpanKind.SERVER,
            {"rpc.system": "grpc", "rpc.service": call.service, "rpc.method": call.method},
        )
        call.span = span
        call.trace_id = trace.format_trace_id(span.get_span_context().trace_id)
        if span.is_recording():
            call.parts = []

    def end(self, call: Call) -> None:
        """End it, with those of its photographs."""
        span = call.span
        if not span.is_recording():
            return
        span.set_attributes(
            {
                "rpc.grpc.status_code": grpc.StatusCode[call.code].value[0],
                "photochrom.request_id": call.request_id,
                "photochrom.model": call.model,
                "photochrom.version": call.version,
                "photochrom.photographs": call.photographs,
            }
        )
        if call.code in _FAULTS:
            span.set_status(Status(StatusCode.ERROR, call.message))
        # Spans have the wall clock's time, everything else here the monotonic clock's.
        since = time.time_ns() - round(1e9 * time.monotonic())
        context = trace.set_span_in_context(span)
        for part in call.parts or ():
            self._add(part, since, context)
        span.end()

    def close(self) -> None:
        """Send what there is, but wait for a collector that does not answer no longer than it is worth."""
        # A daemon: the provider's own patience would hold up the end of the process.
        flush = threading.Thread(target=self._provider.shutdown, name="tracing", daemon=True)
        flush.start()
        flush.join(_FLUSH_SECONDS)

    def _add(self, part: Part, since: int, context: Context) -> None:
        queued = since + round(1e9 * part.begun)
        started = queued + round(1e9 * part.timing.queue_seconds)
        ended = started + round(1e9 * part.timing.compute_seconds)
        self._tracer.start_span("queue", context, start_time=queued).end(started)
        attributes = {"photochrom.size": part.size, "photochrom.batch_size": part.timing.batch_size}
        self._tracer.start_span("compute", context, attributes=attributes, start_time=started).end(ended)
