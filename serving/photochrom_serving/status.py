"""The one place where errors become gRPC status codes."""

import functools
import math
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

from google.protobuf import duration_pb2
from google.protobuf.message import Message
from google.rpc import (  # type: ignore[import-untyped] # publishes no types
    code_pb2,
    error_details_pb2,
    status_pb2,
)
from grpc_status import rpc_status

from photochrom_serving import calls, events
from photochrom_serving.errors import (
    DrainingError,
    ExpiredError,
    ForbiddenError,
    InvalidFieldError,
    ModelControlError,
    NotFoundError,
    NotReadyError,
    QueueFullError,
    RateLimitError,
    RequestError,
    UnauthenticatedError,
    UnsupportedError,
)
from photochrom_serving.unread import Unread

Context = calls.Context
Service = TypeVar("Service")
Request = TypeVar("Request")
Response = TypeVar("Response")
Method = Callable[[Service, Request, Context], Awaitable[Response]]
Words = Mapping[type[Any], Callable[[Any], tuple[int, str]]]
"""A protocol's own code and message for some kinds of error; the details stay the same."""
NO_WORDS: Words = MappingProxyType({})

_UNAVAILABLE_RETRY_SECONDS = 1.0
_MAX_TEXT_BYTES = 768  # two or three of them, the half of it percent-encoded, within the 8 KiB of a client
_PUSHBACK = "grpc-retry-pushback-ms"  # gRFC A6: when the client's retry policy may try again


def to_status(error: Exception, words: Words = NO_WORDS) -> status_pb2.Status:
    """The status of an error: code, message and google.rpc details.

    :param words: what the protocol says differently.

    What is no :class:`RequestError` is a bug of the server: its text stays in the log.
    """
    code, details = code_pb2.INTERNAL, list[Message]()
    match error:
        case InvalidFieldError():
            violation = error_details_pb2.BadRequest.FieldViolation(
                field=_short(error.field), description=_short(str(error))
            )
            code = code_pb2.INVALID_ARGUMENT
            details.append(error_details_pb2.BadRequest(field_violations=[violation]))
        case NotFoundError():
            code = code_pb2.NOT_FOUND
            details.append(
                error_details_pb2.ResourceInfo(resource_type="model", resource_name=_short(error.resource))
            )
        case UnauthenticatedError():
            code = code_pb2.UNAUTHENTICATED
        case ForbiddenError():
            code = code_pb2.PERMISSION_DENIED
        case QueueFullError() | RateLimitError():
            code = code_pb2.RESOURCE_EXHAUSTED
            details.append(_retry_info(error.retry_seconds))
        case ExpiredError():
            code = code_pb2.DEADLINE_EXCEEDED
        case DrainingError() | NotReadyError():
            code = code_pb2.UNAVAILABLE
            details.append(_retry_info(_UNAVAILABLE_RETRY_SECONDS))
        case ModelControlError():
            code = code_pb2.FAILED_PRECONDITION
        case UnsupportedError():
            code = code_pb2.UNIMPLEMENTED
    message = str(error) if isinstance(error, RequestError) else "the server failed; its log says how"
    for kind in type(error).__mro__:  # the narrowest first
        if kind in words:
            code, message = words[kind](error)
            break
    status = status_pb2.Status(code=code, message=_short(message))
    for detail in details:
        status.details.add().Pack(detail)
    return status


def answers(
    method: Method[Service, Request, Response], words: Words = NO_WORDS
) -> Method[Service, Request, Response]:
    """Decorate a servicer's method: its errors end the call with their status, which the call notes.

    :param words: what the service's protocol says differently.
    """

    @functools.wraps(method)
    async def answered(service: Service, request: Request, context: Context) -> Response:
        try:
            if isinstance(request, Unread):
                raise request.answer
            return await method(service, request, context)
        except Exception as error:
            if not isinstance(error, RequestError):
                request_id = calls.current().request_id
                events.failure("call_failed", error, method=method.__name__, request_id=request_id)
            await refuse(context, error, words)

    return answered


async def refuse(context: Context, error: Exception, words: Words = NO_WORDS) -> NoReturn:
    """End a call with the status of an error, which the call notes.

    :param words: what the service's protocol says differently.
    """
    status = to_status(error, words)
    call = calls.current()
    call.code = code_pb2.Code.Name(status.code)
    call.message, call.error = status.message, error
    rich = rpc_status.to_status(status)
    trailers = (*(context.trailing_metadata() or ()), *rich.trailing_metadata)
    if isinstance(error, QueueFullError | RateLimitError):
        trailers += ((_PUSHBACK, str(math.ceil(1e3 * error.retry_seconds))),)
    await context.abort(rich.code, rich.details, trailers)
    raise AssertionError("abort has raised")


def _short(text: str) -> str:
    """What fits into trailers, all of which clients refuse beyond some kilobytes, however long a name is."""
    data = text.encode()
    return text if len(data) <= _MAX_TEXT_BYTES else data[:_MAX_TEXT_BYTES].decode(errors="ignore") + "..."


def _retry_info(seconds: float) -> error_details_pb2.RetryInfo:
    delay = duration_pb2.Duration()
    delay.FromNanoseconds(round(1e9 * seconds))
    return error_details_pb2.RetryInfo(retry_delay=delay)
