"""The calls that the client makes, blocking, with every failure as one of Photochrom's errors."""

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Final, Self

import grpc
from google.protobuf import wrappers_pb2

from photochrom import _channel, _embedded, _restart, _status
from photochrom._dialogue import Request, Response
from photochrom._identity import Identity, Pem
from photochrom._target import VARIABLE, Target
from photochrom_contract.v1 import colorizer_pb2 as messages
from photochrom_contract.v1.colorizer_pb2_grpc import ColorizerStub

SERVING: Final = 1
"""``grpc.health.v1.HealthCheckResponse.ServingStatus``."""

HEALTH_METHOD: Final = "/grpc.health.v1.Health/Check"
HEALTH_SERVICE: Final = "photochrom.v1.Colorizer"


class Server:
    """An open channel to one server. Any number of threads may call it at once."""

    def __init__(
        self,
        target: Target,
        *,
        timeout: float,
        patience: float = _restart.PATIENCE,
        identity: Identity = Identity(),
    ) -> None:
        """Open the channel; it connects with the first call.

        :param timeout: for each call, in seconds, its retries included.
        :param patience: seconds, within the timeout, to wait for the server once it has answered and is gone.
        :param identity: who the client is to the server, and whom it trusts.
        :raises TargetError: if a token would go over the network in the clear.
        """
        self.name = target.text
        self.timeout = timeout
        self._patience = patience
        self._closing = threading.Event()
        self._has_answered = False
        self._metadata = identity.metadata(target)
        self._channel = _channel.open_channel(target, identity)
        stub = ColorizerStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        self._methods: dict[type[Request], Callable[..., Any]] = {
            messages.ColorizeRequest: stub.Colorize,
            messages.ListModelsRequest: stub.ListModels,
        }
        self._colorize_stream: Callable[..., Any] = stub.ColorizeStream
        # A health request is one string and a health response one enum, both of field 1: so are these
        # wrappers, and the client needs no other package for the one call.
        self._check_health = self._channel.unary_unary(
            HEALTH_METHOD,
            request_serializer=wrappers_pb2.StringValue.SerializeToString,
            response_deserializer=wrappers_pb2.Int32Value.FromString,
        )

    def call(self, request: Request) -> Response:
        """Ask for colors, or for the list of models.

        :raises ServerError: if the answer does not come.
        """
        response: Response = self._call(self._methods[type(request)], request)
        return response

    def open_stream(self, requests: Iterator[messages.ColorizeRequest]) -> Any:
        """Ask for the chroma of many planes on one call, which has no deadline: its length is unknown.

        :returns: gRPC's call: an iterator of responses, which raises ``grpc.RpcError``.
        """
        self.check_is_open()
        return self._colorize_stream(requests, metadata=self._metadata)

    def check_is_open(self) -> None:
        """Refuse to go on once the connection is closed.

        :raises ValueError: if it is.
        """
        if self._closing.is_set():
            raise ValueError(f"the connection to {self.name} was closed during the call") from None

    def models(self) -> messages.ListModelsResponse:
        """List the models and their versions.

        :raises ServerError: if the answer does not come.
        """
        response = self.call(messages.ListModelsRequest())
        assert isinstance(response, messages.ListModelsResponse)
        return response

    def is_healthy(self) -> bool:
        """Whether the server says that it takes requests.

        :raises ServerError: if it says nothing.
        """
        request = wrappers_pb2.StringValue(value=HEALTH_SERVICE)
        return bool(self._call(self._check_health, request).value == SERVING)

    def close(self) -> None:
        """End the calls that are under way, and the connection."""
        self._closing.set()
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, method: Callable[..., Any], request: Any) -> Any:
        end = time.monotonic() + self.timeout
        pauses = _restart.pauses(self._patience)
        while True:
            try:
                left = max(0.0, end - time.monotonic())
                response = method(request, timeout=left, metadata=self._metadata)
            except (grpc.RpcError, ValueError) as status:  # a ValueError of a channel that is closed
                self.check_is_open()
                if not isinstance(status, grpc.RpcError):
                    raise
                if self._has_answered and _restart.is_worth_a_try(status):
                    pause = next(pauses, math.inf)
                    if time.monotonic() + pause < end:
                        self._closing.wait(pause)
                        continue
                # Not chained: a status repeats the message, at ten times its length.
                raise _status.error_of(status, self.name, self.timeout) from None
            self._has_answered = True
            return response


def connect(
    target: str | None,
    *,
    timeout: float,
    patience: float = _restart.PATIENCE,
    root_certificates: Pem | None = None,
    client_certificate: Pem | None = None,
    token: str | None = None,
) -> Server:
    """Open the server that a caller, or else the environment, names; or else the embedded one.

    :raises TargetError: if there is none.
    """
    return Server(
        find_target(target),
        timeout=timeout,
        patience=patience,
        identity=Identity.read(root_certificates, client_certificate, token),
    )


def find_target(target: str | None) -> Target:
    """The server that a caller, or else the environment, names; or else the embedded one, started.

    :raises TargetError: if there is none, or its name means nothing.
    """
    return Target.parse(target or os.environ.get(VARIABLE) or _embedded.target())
