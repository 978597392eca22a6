"""How a photograph is colored, apart from the connection: the dialogues of both Colorizers."""

from PIL import Image

from photochrom import _pictures
from photochrom._dialogue import Dialogue, ModelVersion, Prediction, find, prediction_of, request_of
from photochrom._errors import InvalidRequestError, ModelNotFoundError
from photochrom._options import Options
from photochrom_contract import photograph as lab_work
from photochrom_contract.v1 import colorizer_pb2 as messages


class Coloring:
    """The dialogues with one server; between them it remembers the size that the model wants."""

    def __init__(self, options: Options) -> None:
        self.server = "the server"
        """Its target, for messages; known once there is a connection."""
        self._options = options
        self._default_size: int | None = None

    def colorize(self, source: _pictures.Source) -> Dialogue[Image.Image]:
        """Color a photograph: what ``Colorizer.colorize`` promises."""
        decoded = _pictures.read(source)
        lightness = lab_work.lightness_of(decoded.picture)
        prediction = yield from self._predict(lightness)
        colored = lab_work.merge(lightness, prediction.chroma, self._options.saturation)
        if decoded.alpha is not None:
            colored.putalpha(decoded.alpha)
        return colored

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

    def _predict(self, lightness: lab_work.Lightness) -> Dialogue[Prediction]:
        """Predict the chroma of a photograph's lightness ``(h, w)``, at the model's size."""
        if self._options.size:
            return (yield from self._predict_at(lightness, self._options.size))
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

    def _predict_at(self, lightness: lab_work.Lightness, size: int) -> Dialogue[Prediction]:
        response = yield request_of(lab_work.reduce_lightness(lightness, size), self._options)
        assert isinstance(response, messages.ColorizeResponse)
        return prediction_of(response, self.server)
