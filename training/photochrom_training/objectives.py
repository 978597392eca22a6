"""What training minimizes and what its history shows.

a*b* is ``(n, 2, h, w)`` in CIE units everywhere.
"""

import dataclasses
from typing import Any

import keras
from keras import ops

from photochrom_contract.tensors import CHROMA
from photochrom_training.perceptual import PerceptualDistance, recombine

ACCURACY_RADIUS = 10.0
"""A predicted color is counted as right within this distance of the true a*b*, in CIE units."""


@keras.saving.register_keras_serializable("photochrom")
class ChromaAccuracy(keras.metrics.Mean):  # type: ignore[misc]
    """The share of pixels whose a*b* lies within ``ACCURACY_RADIUS`` of the truth, 0 to 1.

    Regression has no accuracy of its own; this one is a point of the cumulative error curve on which
    Colorful Image Colorization (arXiv 1603.08511) integrates its AuC.
    """

    def __init__(self, name: str = "accuracy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def update_state(self, truth: Any, predicted: Any, sample_weight: Any = None) -> None:
        """Count one batch."""
        del sample_weight
        error = ops.square(ops.cast(truth, "float32") - ops.cast(predicted, "float32"))
        within = ops.sum(error, axis=1) <= ACCURACY_RADIUS**2
        super().update_state(ops.cast(within, "float32"))


@dataclasses.dataclass(frozen=True)
class Regression:
    """A loss of Keras on the chroma alone."""

    loss: keras.losses.Loss

    def __call__(self, lightness: Any, truth: Any, outputs: dict[str, Any]) -> Any:
        """The loss of one batch."""
        del lightness
        return self.loss(truth, outputs[CHROMA])


@dataclasses.dataclass(frozen=True)
class PerceptualRegression:
    """The chroma's loss, plus ``weight`` times how different the recombined pictures look."""

    loss: keras.losses.Loss
    distance: PerceptualDistance
    weight: float
    gain: float = 1.0
    """A factor on the truth that the chroma's loss sees: makes up for the greyness that regression learns."""
    share: float = 1.0
    """Of a batch, the part whose pictures are recombined: seeing is what costs."""

    def __call__(self, lightness: Any, truth: Any, outputs: dict[str, Any]) -> Any:
        """The loss of one batch."""
        chroma = outputs[CHROMA]
        seen = max(1, round(self.share * truth.shape[0]))
        plane = lightness[:seen]
        distance = self.distance(recombine(plane, chroma[:seen]), recombine(plane, truth[:seen]))
        return self.loss(self.gain * truth, chroma) + self.weight * distance


def huber(knee: float) -> keras.losses.Loss:
    """Squared error within ``knee`` CIE units, absolute error beyond: far-off colors count less."""
    return keras.losses.Huber(knee)
