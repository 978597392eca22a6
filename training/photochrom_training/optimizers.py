"""AdamW with a learning rate of its own for the pretrained encoder, and the schedule for it."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("photochrom")
class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Rises linearly over the first ``warmup`` of ``steps``, then falls to zero along a cosine."""

    def __init__(self, peak: float, steps: int, warmup: float = 0.03) -> None:
        super().__init__()
        self.peak, self.steps, self.warmup = peak, steps, warmup

    def __call__(self, step: Any) -> Any:
        """The learning rate at that step."""
        done = ops.cast(step, "float32") / self.steps
        rising = done / self.warmup
        falling = 0.5 * (1 + ops.cos(math.pi * ops.minimum((done - self.warmup) / (1 - self.warmup), 1.0)))
        return self.peak * ops.where(done < self.warmup, rising, falling)

    def get_config(self) -> dict[str, Any]:
        """Serialize."""
        return {"peak": self.peak, "steps": self.steps, "warmup": self.warmup}


@keras.saving.register_keras_serializable("photochrom")
class FineTuningAdamW(keras.optimizers.AdamW):  # type: ignore[misc]
    """AdamW that moves the layers named ``encoder_`` by a fraction of its learning rate.

    Weights decay by the whole rate, the encoder's too.
    """

    def __init__(self, *args: Any, encoder_rate: float = 0.1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.encoder_rate = encoder_rate

    def build(self, variables: list[keras.Variable]) -> None:
        """Create the moments, and note which variables are the encoder's."""
        self._rates = [self.encoder_rate if each.path.startswith("encoder_") else 1.0 for each in variables]
        super().build(variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable."""
        rate = self._rates[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * rate)

    def get_config(self) -> dict[str, Any]:
        """Serialize."""
        return {**super().get_config(), "encoder_rate": self.encoder_rate}
