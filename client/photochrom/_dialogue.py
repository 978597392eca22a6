"""What is said to a server, apart from how it gets there: requests out, responses in.

A :data:`Dialogue` yields a request, is sent the response, or thrown the ServerError, and returns what
the caller wants to know. The blocking and the asyncio client each run the same dialogues over a
connection of their own; nothing here waits or knows of channels.
"""

import dataclasses
from collections.abc import Generator, Iterable
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from photochrom._errors import ModelNotFoundError, ServerError
from photochrom._options import Options
from photochrom_contract import tensors
from photochrom_contract.v1 import colorizer_pb2 as messages

Request = messages.ColorizeRequest | messages.ListModelsRequest
Response = messages.ColorizeResponse | messages.ListModelsResponse

T = TypeVar("T")
Dialogue = Generator[Request, Response, T]
"""Requests out, responses in, and a result at the end."""


@dataclasses.dataclass(frozen=True)
class Done(Generic[T]):
    """The end of a dialogue."""

    result: T


def advance(dialogue: Dialogue[T], reply: Response | ServerError | None) -> Request | Done[T]:
    """Run a dialogue up to its next request, or its end.

    :param reply: what came of the request before; None at the beginning.
    :raises PhotochromError: what the dialogue raises.
    """
    try:
        if reply is None:
            return next(dialogue)
        return dialogue.throw(reply) if isinstance(reply, ServerError) else dialogue.send(reply)
    except StopIteration as end:
        return Done(end.value)


class Prediction(NamedTuple):
    """A server's answer to one plane."""

    chroma: npt.NDArray[np.float32]
    """``(2, h', w')``: a* and b*, CIE units."""
    model: str
    """The name of the model that answered."""
    version: int
    """Its version."""


class ModelVersion(NamedTuple):
    """The version of a model that options mean, as a server describes it."""

    model: str
    version: int
    default_size: int
    """In pixels."""
    sha256: str
    """Of its ``model.onnx``, in lower-case hexadecimal digits."""


def request_of(plane: npt.NDArray[np.uint8], options: Options) -> messages.ColorizeRequest:
    """Ask for the chroma of a lightness plane ``(h, w)``, uint8."""
    height, width = plane.shape
    return messages.ColorizeRequest(
        model=messages.ModelSpec(name=options.model, version=options.number, label=options.label),
        lightness=messages.LightnessPlane(width=width, height=height, data=tensors.lightness_to_bytes(plane)),
        temperature=options.temperature,
    )


def prediction_of(response: messages.ColorizeResponse, server: str) -> Prediction:
    """Read the answer.

    :raises ServerError: if what it holds is no chroma plane.
    """
    sent = response.chroma
    try:
        chroma = tensors.chroma_from_bytes(sent.data, sent.width, sent.height)
    except tensors.PlaneError as error:
        reason = f"its answer is not a chroma plane ({error}): update the client or the server"
        raise ServerError(server, reason) from error
    return Prediction(chroma, response.model.name, response.model.version)


def find(listed: messages.ListModelsResponse, options: Options, server: str) -> ModelVersion:
    """The version that would answer: the one asked for, or the latest available.

    :raises ModelNotFoundError: if there is none, or it could not be loaded.
    """
    name = options.model or listed.default_model
    versions = {
        candidate.version: candidate
        for entry in listed.models
        if entry.name == name
        for candidate in entry.versions
    }
    if options.label:
        number = next((key for key, entry in versions.items() if options.label in entry.labels), 0)
    else:
        number = options.number or latest_available(versions.values()) or max(versions, default=0)
    found = versions.get(number)
    if found is not None and found.state != messages.ModelVersion.FAILED and found.default_size:
        return ModelVersion(name, found.version, found.default_size, found.sha256)
    wanted = f"{name or 'default model'} {options.version or ''}".rstrip()
    if found is not None and found.message:
        problem = f"could not load model {wanted} ({found.message})"
    else:
        problem = f"has no model {wanted}"
    there = ", ".join(
        " ".join([entry.name, str(candidate.version), *(f"({label})" for label in candidate.labels)])
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
