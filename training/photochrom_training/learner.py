"""A network together with what it is to minimize: the model that Keras's loop trains."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from photochrom_contract.tensors import CHROMA, LIGHTNESS, TEMPERATURE
from photochrom_training.objectives import ChromaAccuracy

Tensor = Any

Objective = Callable[[Tensor, Tensor, dict[str, Tensor]], Tensor]
"""The lightness ``(n, 1, h, w)``, the true chroma ``(n, 2, h', w')`` and the network's outputs by name to
what is minimized, a scalar."""


@keras.saving.register_keras_serializable("photochrom")
class Learner(keras.Model):  # type: ignore[misc]
    """Trains ``network`` on an objective that may look at the lightness as well as at the chroma.

    Keras's own losses see an output and its truth. A loss on the recombined picture needs the lightness
    too, and one on bins needs scores that the finished model does not give.
    """

    def __init__(self, network: keras.Model, objective: Objective, temperature: float | None = None) -> None:
        """Join them.

        :param temperature: for a network that takes one.
        """
        super().__init__(name="learner")
        self.network, self.objective, self.temperature = network, objective, temperature
        self.accuracy = ChromaAccuracy()
        self.built = True  # as the network is: without it, Keras loads no weights before the first batch

    def call(self, lightness: Tensor, training: bool = False) -> dict[str, Tensor]:
        """The network's outputs by name; the chroma is among them."""
        inputs = lightness
        if self.temperature is not None:
            inputs = {LIGHTNESS: lightness, TEMPERATURE: ops.convert_to_tensor(self.temperature, "float32")}
        outputs = self.network(inputs, training=training)
        return outputs if isinstance(outputs, dict) else {CHROMA: outputs}

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """The objective of one batch."""
        del sample_weight, training
        return self.objective(x, y, y_pred)

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Any, sample_weight: Tensor = None
    ) -> dict[str, Any]:
        """Count one batch."""
        del x, sample_weight
        self.accuracy.update_state(y, y_pred[CHROMA])
        metrics: dict[str, Any] = self.get_metrics_result()
        return metrics
