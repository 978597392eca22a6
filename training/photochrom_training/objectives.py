"""What training minimizes and what its history shows.

Everything here takes a*b* ``(n, 2, h, w)`` in CIE units, the truth first.
"""

from typing import Any

import keras
from keras import ops

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


def huber(knee: float) -> keras.losses.Loss:
    """Squared error within ``knee`` CIE units, absolute error beyond: far-off colors count less."""
    return keras.losses.Huber(knee)
