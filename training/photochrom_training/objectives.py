"""What training minimizes and what its history shows.

a*b* is ``(n, 2, h, w)`` in CIE units everywhere.
"""

import dataclasses
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from photochrom_contract.tensors import CHROMA
from photochrom_training.bins import CENTERS, SMOOTHING
from photochrom_training.networks.colorful import SCORES

ACCURACY_RADIUS = 10.0
"""A predicted color is counted as right within this distance of the true a*b*, in CIE units."""

_NEIGHBORS = 5


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
class Classification:
    """Colorful Image Colorization's loss: cross-entropy over bins, rare colors counting more."""

    weights: npt.NDArray[np.float32]
    """What a pixel of each bin counts ``(313,)``."""

    def __call__(self, lightness: Any, truth: Any, outputs: dict[str, Any]) -> Any:
        """The loss of one batch."""
        del lightness
        nearest, shares = soften(truth)
        scores = ops.reshape(outputs[SCORES], (-1, len(CENTERS)))
        chances = ops.take_along_axis(ops.log_softmax(scores, axis=-1), nearest, axis=-1)
        cross_entropy = -ops.sum(shares * chances, axis=-1)
        return ops.mean(ops.take(self.weights, nearest[:, 0]) * cross_entropy)


def soften(chroma: Any) -> tuple[Any, Any]:
    """a*b* ``(n, 2, h, w)`` as a distribution over bins for each pixel, in rows of ``n h w``.

    :returns: the five nearest bins' numbers, the nearest first, and their shares by a Gaussian of the
        distance (section 2.2); each ``(n h w, 5)``.
    """
    colors = ops.reshape(ops.transpose(chroma, (0, 2, 3, 1)), (-1, 2))
    square = (
        ops.sum(ops.square(colors), axis=1, keepdims=True)
        - 2 * ops.matmul(colors, CENTERS.T)
        + np.square(CENTERS).sum(axis=1)
    )
    closeness, nearest = ops.top_k(-square, _NEIGHBORS)
    return nearest, ops.softmax(closeness / (2 * SMOOTHING**2), axis=-1)


def huber(knee: float) -> keras.losses.Loss:
    """Squared error within ``knee`` CIE units, absolute error beyond: far-off colors count less."""
    return keras.losses.Huber(knee)
