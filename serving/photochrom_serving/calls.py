"""Calls: what each one was, told once at its end to whoever watches, be it the log or the metrics.

One layer around every method of every protocol. What happens inside a call notes what it knows on
:func:`current`; the layer adds the ids, the code and the time.
"""

import asyncio
import contextvars
import dataclasses
import functools
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import grpc

from photochrom_serving.batcher import Timing
from photochrom_serving.routes import Handler, around
from photochrom_serving.session import Plane

if TYPE_CHECKING:
    from photochrom_serving.tokens import Caller

Context = grpc.aio.ServicerContext[Any, Any]
Behavior = Callable[[Any, Context], Awaitable[Any]]

REQUEST_ID = "x-request-id"
"""The metadata key of a call's id: taken from the caller or made here, and sent back in the trailers."""

PROTOCOLS = {
    "photochrom.v1": "photochrom",
    "tensorflow.serving": "tensorflow_serving",
    "inference": "open_inference",
}
"""The package of the services of each protocol. Calls of other services, such as health, are not watched."""

_MAX_ID_LENGTH = 128
_MAX_PARTS = 128  # of a stream's thousands
_TRACE_PARENT = "traceparent"  # W3C Trace Context
_HEXADECIMAL = frozenset("0123456789abcdef")


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """Some photographs of a call that were answered together."""

    begun: float
    """When they began to wait, on :func:`time.monotonic`."""
    size: int
    timing: Timing


@dataclasses.dataclass(slots=True)
class Call:
    """One call. What it says of models is of those that exist, whatever the caller has named."""

    protocol: str = ""
    service: str = ""
    method: str = ""
    request_id: str = ""
    trace_id: str = ""
    """Of the trace that it belongs to, 32 hexadecimal digits; empty if there is none."""
    model: str = ""
    version: int = 0
    size: int = 0
    """Side of the planes, pixels."""
    photographs: int = 0
    """How many were answered."""
    queue_seconds: float = 0.0
    """The longest that a photograph waited for its batch."""
    compute_seconds: float = 0.0
    """The longest that a batch of it ran."""
    total_seconds: float = 0.0
    code: str = "OK"
    message: str = ""
    error: Exception | None = None
    """What ended it early."""
    caller: "Caller | None" = None
    """Whose token it has."""
    certificate: str = ""
    """The name in the client's certificate."""
    span: Any = None
    """OpenTelemetry's, if it is traced."""
    parts: list[Part] | None = None
    """The first of its parts, if somebody wants them."""

    def answered(self, planes: Sequence[Plane], begun: float, timing: Timing) -> None:
        """Note that some of its photographs, which began to wait at ``begun``, have their answers."""
        if self.parts is not None and len(self.parts) < _MAX_PARTS:
            self.parts.append(Part(begun, planes[0].shape[-1], timing))
        self.photographs += len(planes)
        self.size = planes[0].shape[-1]
        self.queue_seconds = max(self.queue_seconds, timing.queue_seconds)
        self.compute_seconds = max(self.compute_seconds, timing.compute_seconds)


Begin = Callable[[Call, Mapping[str, Any]], None]
"""Is told of a call that begins, and of its metadata."""

Watch = Callable[[Call], None]
"""Is told of a call that has ended, in the event loop; it must be quick."""

_CURRENT: contextvars.ContextVar[Call] = contextvars.ContextVar("call")


def current() -> Call:
    """The call that this code runs for; outside of any, one that nobody watches."""
    return _CURRENT.get(None) or Call()


def name_of_caller(context: Context) -> str:
    """By whom a call is, as far as one knows: a token's name, a certificate's, the other end's address."""
    call = current()
    if call.caller:
        return call.caller.grant.name
    return call.certificate or context.peer().rpartition(":")[0]  # without the port


class CallLayer:
    """Follows every call of the protocols from its first to its last moment."""

    def __init__(self, watches: Sequence[Watch], begin: Begin | None = None) -> None:
        self._watches = watches
        self._begin = begin
        self.last_began = 0.0
        """When the newest call began, on :func:`time.monotonic`."""

    def __call__(self, name: str, handler: Handler) -> Handler:
        """A method's handler with the watches around it, if it is one of the protocols'."""
        service, _, method = name.removeprefix("/").rpartition("/")
        protocol = PROTOCOLS.get(service.rpartition(".")[0])
        if protocol is None:
            return handler
        call = functools.partial(Call, protocol, service, method)
        return around(handler, lambda behavior: self._watched(behavior, call))

    def _watched(self, behavior: Behavior, make_call: Callable[[str, str], Call]) -> Behavior:
        if not asyncio.iscoroutinefunction(behavior):
            raise TypeError(f"{behavior} must be a coroutine function: a call ends where it returns")

        async def watched(request: Any, context: Context) -> Any:
            start = self.last_began = time.monotonic()
            metadata = dict(context.invocation_metadata() or ())
            call = make_call(_request_id(metadata), _trace_id(metadata))
            if self._begin:
                self._begin(call, metadata)
            _CURRENT.set(call)  # in the context of this call's own task
            context.set_trailing_metadata(((REQUEST_ID, call.request_id),))
            try:
                return await behavior(request, context)
            except asyncio.CancelledError:
                call.code = "CANCELLED"  # by the caller, by its deadline, or by the end of the drain
                raise
            finally:
                call.total_seconds = time.monotonic() - start
                asyncio.get_running_loop().call_soon(self._tell, call)  # once the answer is on its way

        return watched

    def _tell(self, call: Call) -> None:
        for watch in self._watches:
            watch(call)


def _request_id(metadata: Mapping[str, Any]) -> str:
    given = metadata.get(REQUEST_ID, "")
    if 0 < len(given) <= _MAX_ID_LENGTH and given.isprintable():
        return str(given)
    return f"{random.getrandbits(128):032x}"  # it is no secret


def _trace_id(metadata: Mapping[str, Any]) -> str:
    """The id of the caller's trace: ``00-TRACE-SPAN-FLAGS``."""
    parts = metadata.get(_TRACE_PARENT, "").split("-")
    return parts[1] if len(parts) >= 4 and _is_trace_id(parts[1]) else ""


def _is_trace_id(text: str) -> bool:
    return len(text) == 32 and set(text) <= _HEXADECIMAL
