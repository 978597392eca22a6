"""The line that each call leaves in the log."""

from photochrom_serving import events
from photochrom_serving.calls import Call


def log(call: Call) -> None:
    """Write the call's line."""
    if not events.wants_info():
        return
    fields: dict[str, object] = {
        "protocol": call.protocol,
        "method": call.method,
        "code": call.code,
        "request_id": call.request_id,
    }
    if call.trace_id:
        fields["trace_id"] = call.trace_id
    if call.caller:
        fields["caller"] = call.caller.grant.name
    if call.certificate:
        fields["certificate"] = call.certificate
    if call.model:
        fields |= {"model": call.model, "version": call.version}
    if call.photographs:
        fields |= {
            "size": call.size,
            "photographs": call.photographs,
            "queue_ms": _milliseconds(call.queue_seconds),
            "compute_ms": _milliseconds(call.compute_seconds),
        }
    fields["total_ms"] = _milliseconds(call.total_seconds)
    if call.message:
        fields["message"] = call.message
    events.info("call", **fields)


def _milliseconds(seconds: float) -> float:
    return round(1e3 * seconds, 3)
