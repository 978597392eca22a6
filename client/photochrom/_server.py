"""The calls that the client makes, on arrays, with every failure as one of Photochrom's errors."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import grpc
import numpy as np
import numpy.typing as npt
from google.protobuf import wrappers_pb2

from photochrom import _channel, _embedded, _status
from photochrom._errors import ModelNotFoundError, ServerError, TargetError
from photochrom._target import VARIABLE, Target
from photochrom_contract import tensors
from photochrom_contract.v1 import colorizer_pb2 as messages
from photochrom_contract.v1.colorizer_pb2_grpc import ColorizerStub

MAX_VERSION: Final = 2**64 - 1
"""The highest version of a model: the protocol's field is a uint64."""

MAX_TIMEOUT: Final = 86400.0
"""Seconds that a call may take at most: a day."""

_SERVING: Final = 1  # grpc.health.v1.HealthCheckResponse.ServingStatus
_HEALTH_SERVICE: Final = "photochrom.v1.Colorizer"


class Server:
    """An open channel to one server. Any number of threads may call it at once."""

    def __init__(self, target: Target, *, timeout: float, root_certificates: bytes | None = None) -> None:
        """Open the channel; it connects with the first call.

        :param timeout: for each call, in seconds, its retries included.
        :param root_certificates: PEM certificates to trust in place of gRPC's own list.
        """
        self.name = target.text
        self._timeout = timeout
        self._closed = False
        self._channel = _channel.open_channel(target, root_certificates)
        self._stub = ColorizerStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        # A health request is one string and a health response one enum, both of field 1: so are these
        # wrappers, and the client needs no other package for the one call.
        self._check_health = self._channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=wrappers_pb2.StringValue.SerializeToString,
            response_deserializer=wrappers_pb2.Int32Value.FromString,
        )

    def colorize(
        self, plane: npt.NDArray[np.uint8], model: str = "", version: int = 0
    ) -> npt.NDArray[np.float32]:
        """Predict the chroma ``(2, h', w')``, CIE units, of a lightness plane ``(h, w)`` uint8.

        :raises ServerError: if it does not come.
        """
        height, width = plane.shape
        request = messages.ColorizeRequest(
            model=messages.ModelSpec(name=model, version=version),
            lightness=messages.LightnessPlane(
                width=width, height=height, data=tensors.lightness_to_bytes(plane)
            ),
        )
        chroma = self._call(self._stub.Colorize, request).chroma
        try:
            return tensors.chroma_from_bytes(chroma.data, chroma.width, chroma.height)
        except tensors.PlaneError as error:
            reason = f"its answer is not a chroma plane ({error}): update the client or the server"
            raise ServerError(self.name, reason) from error

    def models(self) -> messages.ListModelsResponse:
        """List the models and their versions.

        :raises ServerError: if the answer does not come.
        """
        response: messages.ListModelsResponse = self._call(
            self._stub.ListModels, messages.ListModelsRequest()
        )
        return response

    def default_size(self, model: str = "", version: int = 0) -> int:
        """The side, in pixels, of the plane that a model wants unless there is a reason for another.

        :raises ModelNotFoundError: if the server has no such model or version.
        :raises ServerError: if the answer does not come.
        """
        return _find(self.models(), model, version, self.name).default_size

    def is_healthy(self) -> bool:
        """Whether the server says that it takes requests.

        :raises ServerError: if it says nothing.
        """
        request = wrappers_pb2.StringValue(value=_HEALTH_SERVICE)
        return bool(self._call(self._check_health, request).value == _SERVING)

    def close(self) -> None:
        """End the calls that are under way, and the connection."""
        self._closed = True
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, timeout=self._timeout)
        except (grpc.RpcError, ValueError) as status:  # a ValueError of a channel that is closed
            if self._closed:
                raise ValueError(f"the connection to {self.name} was closed during the call") from None
            if not isinstance(status, grpc.RpcError):
                raise
            # Not chained: a status repeats the message, at ten times its length.
            raise _status.error_of(status, self.name, self._timeout) from None


def connect(
    target: str | None,
    *,
    timeout: float,
    root_certificates: str | os.PathLike[str] | bytes | None = None,
) -> Server:
    """Open the server that a caller, or else the environment, names; or else the embedded one.

    :raises TargetError: if there is none.
    """
    named = target or os.environ.get(VARIABLE) or _embedded.target()
    return Server(Target.parse(named), timeout=timeout, root_certificates=_read(root_certificates))


def _read(certificates: str | os.PathLike[str] | bytes | None) -> bytes | None:
    if certificates is None or isinstance(certificates, bytes):
        return certificates
    try:
        return Path(certificates).read_bytes()
    except OSError as error:
        raise TargetError(f"{certificates}: cannot read the certificates: {error.strerror}") from error


def _find(
    listed: messages.ListModelsResponse, model: str, version: int, server: str
) -> messages.ModelVersion:
    """The version that would answer: the one asked for, or the latest available."""
    name = model or listed.default_model
    versions = {
        candidate.version: candidate
        for entry in listed.models
        if entry.name == name
        for candidate in entry.versions
    }
    found = versions.get(version or latest_available(versions.values()) or max(versions, default=0))
    if found is not None and found.state != messages.ModelVersion.FAILED and found.default_size:
        return found
    wanted = f"{name or 'default model'} {version or ''}".rstrip()
    if found is not None and found.message:
        problem = f"could not load model {wanted} ({found.message})"
    else:
        problem = f"has no model {wanted}"
    there = ", ".join(
        f"{entry.name} {candidate.version}"
        for entry in listed.models
        for candidate in entry.versions
        if candidate.state == messages.ModelVersion.AVAILABLE
    )
    raise ModelNotFoundError(server, f"{problem}; it has {there or 'none'}")


def latest_available(versions: Iterable[messages.ModelVersion]) -> int:
    """The version that answers when none is asked for; 0 if there is none."""
    return max(
        (entry.version for entry in versions if entry.state == messages.ModelVersion.AVAILABLE), default=0
    )
