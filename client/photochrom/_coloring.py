"""How a photograph is colored, apart from the connection: the dialogues of both Colorizers."""

import contextlib
import os
from collections.abc import Iterator

from PIL import Image

import photochrom
from photochrom._dialogue import Dialogue, ModelVersion, Prediction, find, prediction_of, request_of
from photochrom._errors import InvalidRequestError, ModelNotFoundError, ServerError
from photochrom._options import Options
from photochrom._photographs import Photograph, Source
from photochrom_contract.files.provenance import Provenance
from photochrom_contract.v1 import colorizer_pb2 as messages


class Coloring:
    """The dialogues with one server; between them it remembers the size that the model wants."""

    def __init__(self, options: Options) -> None:
        self.server = "the server"
        """Its target, for messages; known once there is a connection."""
        self._options = options
        self._default_size: int | None = None
        self._digests: dict[tuple[str, int], str] = {}

    def colorize(self, source: Source) -> Dialogue[Image.Image]:
        """Color a photograph: what ``Colorizer.colorize`` promises."""
        with Photograph.open(source) as photograph, _naming(photograph):
            prediction = yield from self._predict(photograph, 0)
            return photograph.picture(
                0, prediction.chroma, self._options.saturation, self._options.upsampling
            )

    def colorize_file(self, source: Source, destination: str | os.PathLike[str]) -> Dialogue[Provenance]:
        """Color a photograph into a file: what ``Colorizer.colorize_file`` promises."""
        with Photograph.open(source) as photograph:
            return (yield from self.write(photograph, destination))

    def write(self, photograph: Photograph, destination: str | os.PathLike[str]) -> Dialogue[Provenance]:
        """Color an open photograph into a file."""
        chroma = []
        with _naming(photograph):
            for page in range(photograph.pages):
                prediction = yield from self._predict(photograph, page)
                chroma.append(prediction.chroma)
            provenance = yield from self._provenance(prediction)
        photograph.write(
            chroma,
            destination,
            provenance=provenance,
            saturation=self._options.saturation,
            upsampling=self._options.upsampling,
        )
        return provenance

    def find_version(self) -> Dialogue[ModelVersion]:
        """Ask which version of which model the options mean.

        :raises ModelNotFoundError: if the server has no such model or version.
        :raises ServerError: if the answer does not come.
        """
        listed = yield messages.ListModelsRequest()
        assert isinstance(listed, messages.ListModelsResponse)
        found = find(listed, self._options, self.server)
        self._default_size = found.default_size
        return found

    def _provenance(self, prediction: Prediction) -> Dialogue[Provenance]:
        """What colors are from, with the digest of the version that answered."""
        key = prediction.model, prediction.version
        if key not in self._digests:
            listed = yield messages.ListModelsRequest()
            assert isinstance(listed, messages.ListModelsResponse)
            answered = Options(model=prediction.model, version=prediction.version)
            self._digests[key] = find(listed, answered, self.server).sha256
        return Provenance(*key, self._digests[key], f"Photochrom {photochrom.__version__}")

    def _predict(self, photograph: Photograph, page: int) -> Dialogue[Prediction]:
        """Predict the chroma of a page, at the model's size."""
        if self._options.size:
            return (yield from self._predict_at(photograph, page, self._options.size))
        remembered = self._default_size
        if remembered is None:
            photograph.plane(page, 1)  # a bad picture is told even where there is no server
            found = yield from self.find_version()
            return (yield from self._predict_at(photograph, page, found.default_size))
        try:
            return (yield from self._predict_at(photograph, page, remembered))
        except (InvalidRequestError, ModelNotFoundError):
            # Another version may have taken the model's place since, with other sizes.
            found = yield from self.find_version()
            if found.default_size == remembered:
                raise
            return (yield from self._predict_at(photograph, page, found.default_size))

    def _predict_at(self, photograph: Photograph, page: int, size: int) -> Dialogue[Prediction]:
        response = yield request_of(photograph.plane(page, size), self._options)
        assert isinstance(response, messages.ColorizeResponse)
        return prediction_of(response, self.server)


@contextlib.contextmanager
def _naming(photograph: Photograph) -> Iterator[None]:
    """Tell a server's error which photograph it is about."""
    try:
        yield
    except ServerError as error:
        error.source = photograph.name
        raise
