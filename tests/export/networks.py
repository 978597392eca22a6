"""Small networks of the shapes that training writes, saved with the contract's signature.

Run as a script, so that the tests' own process never holds TensorFlow: ``python networks.py FOLDER``.
"""

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from photochrom_contract.description import Description


class Upsample(layers.Layer):  # type: ignore[misc]
    """Twice the height and width, bilinearly, whatever they are."""

    def call(self, x: Any) -> Any:
        shape = tf.shape(x)
        return tf.image.resize(x, (2 * shape[1], 2 * shape[2]), "bilinear")

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], None, None, input_shape[3])


class Spread(layers.Layer):  # type: ignore[misc]
    """An embedding ``(n, c)`` at every position of a feature map ``(n, h, w, d)``."""

    def call(self, embedding: Any, features: Any) -> Any:
        n, h, w = (ops.shape(features)[axis] for axis in range(3))
        return ops.broadcast_to(embedding[:, None, None, :], (n, h, w, embedding.shape[-1]))

    def compute_output_shape(self, embedding_shape: Any, features_shape: Any) -> Any:
        return (*features_shape[:3], embedding_shape[-1])


class Thumbnail(layers.Layer):  # type: ignore[misc]
    """Luminance at a fixed size, stacked three times."""

    def call(self, x: Any) -> Any:
        return tf.concat([tf.image.resize(x, (31, 31))] * 3, -1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], 31, 31, 3)


def convolve(x: Any, filters: int, kernel: int = 3, stride: int = 1, activation: Any = None) -> Any:
    x = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return activation(x) if activation else x


def inverted_residual(x: Any, filters: int, kernel: int, stride: int) -> Any:
    y = convolve(x, 3 * x.shape[-1], 1, activation=ops.relu6)
    y = layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False)(y)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = convolve(y, filters, 1)
    return x + y if stride == 1 and x.shape[-1] == filters else y


def unet() -> keras.Model:
    """The default network: inverted residuals, a tiled average, bilinear upsampling with skips."""
    lightness = layers.Input((1, None, None), name="lightness")
    x = ops.transpose(lightness / 50.0 - 1.0, (0, 2, 3, 1))
    skips = [x := convolve(x, 8, stride=2, activation=ops.relu6)]
    x = inverted_residual(x, 8, 3, 1)
    for filters, kernel in ((16, 5), (24, 3)):
        x = inverted_residual(x, filters, kernel, 2)
        skips.append(x := inverted_residual(x, filters, kernel, 1))
    x = inverted_residual(x, 32, 3, 2)
    embedding = layers.Dense(16, activation="relu")(layers.GlobalAveragePooling2D()(x))
    x = ops.concatenate([x, Spread()(embedding, x)], -1)
    for skip in reversed(skips):
        x = convolve(ops.concatenate([Upsample()(x), skip], -1), 16, activation=ops.relu)
    chroma = 110.0 * ops.tanh(layers.Conv2D(2, 3, padding="same")(x))
    return keras.Model(lightness, ops.transpose(chroma, (0, 3, 1, 2)))


def koala() -> keras.Model:
    """Deep Koalarization: an extractor on a thumbnail, fused with an encoder; nearest-neighbor upsampling."""
    lightness = layers.Input((1, None, None), name="lightness")
    luminance = ops.transpose(lightness / 50.0 - 1.0, (0, 2, 3, 1))
    e = convolve(Thumbnail()(luminance), 8, stride=2, activation=ops.relu)
    e = layers.AveragePooling2D(3, 1, padding="same")(layers.MaxPooling2D(3, 2)(e))
    embedding = layers.Dense(20)(layers.GlobalAveragePooling2D()(e))
    x = luminance
    for filters, stride in ((8, 2), (12, 1), (12, 2), (16, 1), (16, 2)):
        x = layers.Conv2D(filters, 3, strides=stride, padding="same", activation="relu")(x)
    x = layers.Conv2D(16, 1, activation="relu")(ops.concatenate([x, Spread()(embedding, x)], -1))
    for filters in (8, 8):
        x = layers.UpSampling2D()(layers.Conv2D(filters, 3, padding="same", activation="relu")(x))
    chroma = Upsample()(layers.Conv2D(2, 3, padding="same", activation="tanh")(x))
    return keras.Model(lightness, ops.transpose(110.0 * chroma, (0, 3, 1, 2)))


def colorful() -> keras.Model:
    """A dilated convolution, scores of seven colors, and the mean of the colors by them, annealed."""
    lightness = layers.Input((1, None, None), name="lightness")
    temperature = layers.Input(batch_shape=(), name="temperature")
    # Leaky: ReLUs that let nothing through would leave one color for all.
    x = convolve(ops.transpose(lightness / 50.0 - 1.0, (0, 2, 3, 1)), 8, stride=4, activation=ops.leaky_relu)
    x = layers.Conv2D(8, 3, padding="same", dilation_rate=2, activation="relu")(x)
    shares = ops.softmax(layers.Conv2D(7, 1, bias_initializer="random_normal")(x) / temperature, axis=-1)
    colors = np.random.default_rng(1).uniform(-80, 80, (1, 1, 7, 2)).astype(np.float32)
    chroma = ops.conv(shares, colors, data_format="channels_last")
    return keras.Model(
        {"lightness": lightness, "temperature": temperature}, ops.transpose(chroma, (0, 3, 1, 2))
    )


def save(model: keras.Model, folder: Path, description: Description) -> None:
    randomize(model)
    inputs = {"lightness": tf.TensorSpec((None, 1, None, None), tf.float32, name="lightness")}
    if description.temperature is not None:
        inputs["temperature"] = tf.TensorSpec((), tf.float32, name="temperature")

    @tf.function  # type: ignore[untyped-decorator]
    def serve(**fed: Any) -> Any:
        return {"chroma": model(fed if len(fed) > 1 else fed["lightness"], training=False)}

    signature = serve.get_concrete_function(**inputs)
    tf.saved_model.save(model, str(folder), signatures={"serving_default": signature})
    description.write(folder)


def randomize(model: keras.Model) -> None:
    """Batch normalization that does something, as after training."""
    random = np.random.default_rng(0)
    for variable in model.non_trainable_variables:
        variable.assign(random.uniform(0.5, 1.5, variable.shape))


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    folder = Path(sys.argv[1])
    for network, temperature in ((unet, None), (koala, None), (colorful, 0.38)):
        name = network.__name__
        provenance = {"licence": "Apache-2.0", "data": {"photographs": 3}}
        description = Description(name, f"A small {name}.", (32, 64), 64, provenance, temperature)
        save(network(), folder / name, description)
