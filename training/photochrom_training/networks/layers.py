"""The few layers that Keras does not have; each works with any backend and any height and width."""

from typing import Any

import keras
from keras import ops

Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable("photochrom")
class ChannelsLast(keras.layers.Layer):  # type: ignore[misc]
    """``(n, c, h, w)`` to ``(n, h, w, c)``."""

    def call(self, inputs: Any) -> Any:
        """Move the channels to the end."""
        return ops.transpose(inputs, (0, 2, 3, 1))


@keras.saving.register_keras_serializable("photochrom")
class ChannelsFirst(keras.layers.Layer):  # type: ignore[misc]
    """``(n, h, w, c)`` to ``(n, c, h, w)``."""

    def call(self, inputs: Any) -> Any:
        """Move the channels to the front."""
        return ops.transpose(inputs, (0, 3, 1, 2))


@keras.saving.register_keras_serializable("photochrom")
class Upsample(keras.layers.Layer):  # type: ignore[misc]
    """``(n, h, w, c)`` to ``(n, 2 h, 2 w, c)``, for heights and widths unknown until the call."""

    def __init__(self, interpolation: str = "bilinear", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.interpolation = interpolation

    def call(self, inputs: Any) -> Any:
        """Resize, with pixel centers at half integers."""
        _, height, width, _ = ops.shape(inputs)
        size = (2 * height, 2 * width)
        if isinstance(height, int) and isinstance(width, int):
            return ops.image.resize(inputs, size, interpolation=self.interpolation)
        # Only TensorFlow traces with sizes unknown, for a SavedModel, and Keras's resize refuses them.
        import tensorflow as tf

        return tf.image.resize(inputs, size, method=self.interpolation)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Twice the height, twice the width."""
        batch, height, width, channels = input_shape
        return (batch, height and 2 * height, width and 2 * width, channels)

    def get_config(self) -> dict[str, Any]:
        """Serialize."""
        return {**super().get_config(), "interpolation": self.interpolation}


@keras.saving.register_keras_serializable("photochrom")
class Tile(keras.layers.Layer):  # type: ignore[misc]
    """The fusion of Deep Koalarization: an embedding ``(n, e)`` repeated at every position.

    Called with ``[features (n, h, w, c), embedding (n, e)]``; gives ``(n, h, w, c + e)``.
    """

    def call(self, inputs: list[Any]) -> Any:
        """Replicate and concatenate."""
        features, embedding = inputs
        tiled = ops.zeros_like(features[..., :1]) + embedding[:, None, None, :]
        return ops.concatenate([features, tiled], axis=-1)

    def compute_output_shape(self, input_shape: list[Shape]) -> Shape:
        """As many channels as both together."""
        features, embedding = input_shape
        return (*features[:-1], (features[-1] or 0) + (embedding[-1] or 0))
