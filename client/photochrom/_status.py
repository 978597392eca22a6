"""gRPC statuses to errors that say what to try."""

import re
from typing import Final

import grpc

from photochrom._errors import (
    AuthenticationError,
    BusyError,
    DeadlineError,
    InvalidRequestError,
    ModelNotFoundError,
    ServerError,
    UnreachableError,
)

# The server's own message says what to do.
_OF_THE_SERVER: Final[dict[grpc.StatusCode, type[ServerError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequestError,
    grpc.StatusCode.NOT_FOUND: ModelNotFoundError,
    grpc.StatusCode.PERMISSION_DENIED: AuthenticationError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: BusyError,
    grpc.StatusCode.UNAUTHENTICATED: AuthenticationError,
}

# UNAVAILABLE comes from a server that starts or stops, and from gRPC on this side when there is no
# connection. Nothing but the words tells them apart.
_NO_CONNECTION: Final = re.compile(
    r"connections to all backends failing|failed to connect|errors resolving|resolution failed"
    r"|Socket closed|recvmsg|Connection reset|Broken pipe",
    re.IGNORECASE,
)

# What gRPC says of a connection that did not come about, the most telling first, and what to try.
_ADVICE: Final = (
    (
        re.compile(r"WRONG_VERSION_NUMBER"),
        "what listens there does not speak TLS: name it with grpc:// in place of grpcs://",
    ),
    (
        re.compile(r"CERTIFICATE_VERIFY_FAILED"),
        "its certificate is not trusted: give that of the authority that signed it "
        "(root_certificates, --root-certificates)",
    ),
    (
        re.compile(r"Hostname Verification", re.IGNORECASE),
        "its certificate is for another host name: name the server by that",
    ),
    (
        re.compile(r"resolv|resolution|Domain name", re.IGNORECASE),
        "no such host: check its name",
    ),
    (
        re.compile(r"Connection refused|No such file or directory"),
        "no server listens there: start one (photochrom serve), or check the address",
    ),
    (
        re.compile(r"Socket closed|Failed parsing HTTP/2|recvmsg|Connection reset|Broken pipe"),
        "what listens there closed the connection: check the port, "
        "and if the server speaks TLS name it with grpcs://",
    ),
    (
        re.compile(r"handshake|SSL_ERROR", re.IGNORECASE),
        "TLS failed: check that the server speaks TLS, or name it with grpc://",
    ),
)


def error_of(status: grpc.RpcError, target: str, timeout: float) -> ServerError:
    """Translate what a call raised.

    :param target: the server, as the caller named it.
    :param timeout: the call's, in seconds.
    """
    code: grpc.StatusCode = status.code()
    details = " ".join((status.details() or "").split())
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        reason = f"no answer within {timeout:g} s: check the address, or allow more time (timeout, --timeout)"
        return DeadlineError(target, reason)
    if code is grpc.StatusCode.UNIMPLEMENTED:
        reason = "what answers there is not Photochrom: check the port (photochrom-serve uses 8500)"
        return UnreachableError(target, reason)
    if code is grpc.StatusCode.UNAVAILABLE and _NO_CONNECTION.search(details):
        return UnreachableError(target, _advice(details))
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):  # of a server that is torn down
        return BusyError(target, f"{details or 'unavailable'}: try again in a moment")
    if code in _OF_THE_SERVER:
        return _OF_THE_SERVER[code](target, details)
    return ServerError(
        target, f"failed with {code.name} ({details or 'no reason given'}): see the server's log"
    )


def _advice(details: str) -> str:
    for sign, advice in _ADVICE:
        if sign.search(details):
            return advice
    return f"cannot be reached ({details}): check the address, and that the server runs"
