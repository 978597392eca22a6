"""A running server as a subject: its models answer over the project's protocol, as for any client."""

import os
import re
from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt

from photochrom_contract import tensors
from photochrom_contract.v1 import colorizer_pb2, colorizer_pb2_grpc

_FORM = "grpc://HOST:PORT/MODEL or grpc://HOST:PORT/MODEL/VERSION, with grpcs for TLS"
_ADDRESS = re.compile(r"(grpcs?)://([^/]+:\d+)/([^/]+)(?:/(\d+))?")
_SECONDS = 60.0
"""A call's deadline: a busy server is waited for, a dead one is not waited for for ever."""

_RETRIES = (
    '{"methodConfig": [{"name": [{"service": "photochrom.v1.Colorizer"}], "retryPolicy": {"maxAttempts": 5, '
    '"initialBackoff": "0.2s", "maxBackoff": "5s", "backoffMultiplier": 2, '
    '"retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]}}]}'
)

Run = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]


class RemoteError(ValueError):
    """A server that does not answer as it should; the message names it."""


def is_address(text: str) -> bool:
    """Whether the text names a model of a server, and no file."""
    return text.startswith(("grpc://", "grpcs://"))


def connect(address: str) -> tuple[str, Run, int]:
    """The model's name and version, how to run it, and its default size in pixels.

    :param address: ``grpc://host:port/model`` or ``grpc://host:port/model/version``; ``grpcs`` for TLS, where
        the environment's ``PHOTOCHROM_TOKEN``, if there is one, goes with every call. Without a version, the
        latest that answers now is the one for the whole evaluation.
    :raises RemoteError: for another form, a server that cannot be reached, or one without that model.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise RemoteError(f"{address}: write {_FORM}")
    scheme, target, name, version = match.groups()
    options = [("grpc.max_receive_message_length", -1), ("grpc.service_config", _RETRIES)]
    if scheme == "grpcs":
        channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(), options)
    else:
        channel = grpc.insecure_channel(target, options)
    stub = colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]
    token = os.environ.get("PHOTOCHROM_TOKEN") if scheme == "grpcs" else None
    metadata = [("authorization", f"Bearer {token}")] if token else []

    def call(method: Any, requests: list[Any]) -> list[Any]:
        """All at once, so that the server may form a batch; the answers in the order of the requests."""
        calls = [method.future(request, timeout=_SECONDS, metadata=metadata) for request in requests]
        try:
            return [one.result() for one in calls]
        except grpc.RpcError as error:
            raise RemoteError(f"{address}: {error.code().name}: {error.details()}") from error

    (listed,) = call(stub.ListModels, [colorizer_pb2.ListModelsRequest()])
    found = _choose(address, listed.models, name, version and int(version))
    spec = colorizer_pb2.ModelSpec(name=name, version=found.version)

    def request(plane: npt.NDArray[np.uint8]) -> colorizer_pb2.ColorizeRequest:
        height, width = plane.shape
        data = tensors.lightness_to_bytes(plane)
        sent = colorizer_pb2.LightnessPlane(width=width, height=height, data=data)
        return colorizer_pb2.ColorizeRequest(model=spec, lightness=sent)

    def run(lightness: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        planes = tensors.lightness_to_plane(lightness[:, 0])  # exact: predictors send the wire's steps
        answers = call(stub.Colorize, [request(plane) for plane in planes])
        chroma = [answer.chroma for answer in answers]
        try:
            return np.stack([tensors.chroma_from_bytes(one.data, one.width, one.height) for one in chroma])
        except ValueError as error:
            raise RemoteError(f"{address}: an answer that is no chroma: {error}") from error

    return f"{name}/{found.version} at {target}", run, found.default_size


def _choose(address: str, models: Any, name: str, version: int | str | None) -> Any:
    """The version asked for, or the latest, among those that answer."""
    available = colorizer_pb2.ModelVersion.AVAILABLE
    ready = {model.name: [one for one in model.versions if one.state == available] for model in models}
    there = [one for one in ready.get(name, []) if version in (None, one.version)]
    if not there:
        known = ", ".join(f"{model}/{one.version}" for model, versions in ready.items() for one in versions)
        raise RemoteError(f"{address}: no such model answers there; these do: {known or 'none'}")
    return there[-1]
