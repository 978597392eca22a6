"""What is said to a server, apart from how it gets there: requests out, responses in.

A :data:`Dialogue` yields a request, is sent the response, or thrown the ServerError, and returns what
the caller wants to know. The blocking and the asyncio client each run the same dialogues over a
connection of their own; nothing here waits or knows of channels.
"""

from collections.abc import Generator, Iterable
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from photochrom._errors import InvalidRequestError, ModelNotFoundError, ServerError
from photochrom._options import Options
from photochrom_contract import photograph as lab_work
from photochrom_contract import tensors
from photochrom_contract.v1 import colorizer_pb2 as messages

Request = messages.ColorizeRequest | messages.ListModelsRequest
Response = messages.ColorizeResponse | messages.ListModelsResponse

T = TypeVar("T")
Dialogue = Generator[Request, Response, T]
"""Requests out, responses in, and a result at the end."""


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


class Speaker:
    """Holds the dialogues with one server, and remembers between them the size that its model wants."""

    def __init__(self, options: Options, server: str) -> None:
        """:param server: its target, for messages."""
        self.options = options
        self.server = server
        self._default_size: int | None = None

    def predict(self, lightness: lab_work.Lightness) -> Dialogue[Prediction]:
        """Predict the chroma of a photograph's lightness ``(h, w)``, at the model's size.

        :raises ServerError: if the server does not give it.
        """
        if self.options.size:
            return (yield from self._predict_at(lightness, self.options.size))
        remembered = self._default_size
        if remembered is None:
            found = yield from self.find_version()
            return (yield from self._predict_at(lightness, found.default_size))
        try:
            return (yield from self._predict_at(lightness, remembered))
        except (InvalidRequestError, ModelNotFoundError):
            # Another version may have taken the model's place since, with other sizes.
            found = yield from self.find_version()
            if found.default_size == remembered:
                raise
            return (yield from self._predict_at(lightness, found.default_size))

    def find_version(self) -> Dialogue[ModelVersion]:
        """Ask which version of which model the options mean.

        :raises ModelNotFoundError: if the server has no such model or version.
        :raises ServerError: if the answer does not come.
        """
        listed = yield messages.ListModelsRequest()
        assert isinstance(listed, messages.ListModelsResponse)
        found = find(listed, self.options, self.server)
        self._default_size = found.default_size
        return found

    def _predict_at(self, lightness: lab_work.Lightness, size: int) -> Dialogue[Prediction]:
        response = yield request_of(lab_work.reduce_lightness(lightness, size), self.options)
        assert isinstance(response, messages.ColorizeResponse)
        return prediction_of(response, self.server)


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
