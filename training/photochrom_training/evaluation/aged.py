"""A model that sees the photographs aged, and is measured on them as they are."""

import dataclasses
import zlib
from collections.abc import Sequence

import numpy as np

from photochrom_training import ageing
from photochrom_training.evaluation.predictors import ChromaPlane, Predictor
from photochrom_training.evaluation.test_set import Photograph


@dataclasses.dataclass(frozen=True)
class Aged:
    """Predicts from an old print of each photograph; its chroma goes onto the photograph's own lightness."""

    model: Predictor
    seed: int = 0

    @property
    def name(self) -> str:
        """The model's, and that it saw old prints."""
        return name_of(self.model.name)

    def predict(self, photographs: Sequence[Photograph]) -> list[ChromaPlane]:
        """The model's planes for the prints."""
        return self.model.predict([old_print(one, self.seed) for one in photographs])


def name_of(model: str) -> str:
    """What the aged row of the model of that name is called."""
    return f"{model}, aged"


def old_print(one: Photograph, seed: int) -> Photograph:
    """The photograph aged: the same for the same name and seed, in whatever set it is."""
    random = np.random.default_rng([seed, zlib.crc32(one.name.encode("utf-8", "surrogateescape"))])
    return Photograph(one.name, ageing.old_print(one.lightness, random))
