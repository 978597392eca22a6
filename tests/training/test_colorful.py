"""Colorful Image Colorization is its authors' network, its bins, its loss and its annealed mean."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom_contract.tensors import CHROMA, LIGHTNESS, TEMPERATURE
from photochrom_training import bins, objectives
from photochrom_training.evaluation import chroma_prior
from photochrom_training.networks import colorful

SHARES = chroma_prior.load()[1] / chroma_prior.load()[1].sum()  # the table's are rounded


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return colorful.build()


def test_the_network_is_the_one_its_authors_released(network: keras.Model) -> None:
    expected = {
        "conv1_1": (64, 1, 1), "conv1_2": (64, 2, 1),
        "conv2_1": (128, 1, 1), "conv2_2": (128, 2, 1),
        "conv3_1": (256, 1, 1), "conv3_2": (256, 1, 1), "conv3_3": (256, 2, 1),
        "conv4_1": (512, 1, 1), "conv4_2": (512, 1, 1), "conv4_3": (512, 1, 1),
        "conv5_1": (512, 1, 2), "conv5_2": (512, 1, 2), "conv5_3": (512, 1, 2),
        "conv6_1": (512, 1, 2), "conv6_2": (512, 1, 2), "conv6_3": (512, 1, 2),
        "conv7_1": (512, 1, 1), "conv7_2": (512, 1, 1), "conv7_3": (512, 1, 1),
        "conv8_1": (256, 2, 1), "conv8_2": (256, 1, 1), "conv8_3": (256, 1, 1),
        "scores": (313, 1, 1),
    }  # fmt: skip
    convolutions = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Conv2DTranspose)
    ]

    found = {layer.name: (layer.filters, layer.strides[0], layer.dilation_rate[0]) for layer in convolutions}
    assert found == expected
    kernels = {layer.name: layer.kernel_size for layer in convolutions}
    assert kernels.pop("conv8_1") == (4, 4)  # the one that doubles the size
    assert kernels.pop("scores") == (1, 1)
    assert set(kernels.values()) == {(3, 3)}
    normalized = [layer.name for layer in network.layers if "norm" in layer.name]
    assert normalized == [f"conv{block}_norm" for block in range(1, 8)]
    # 32.2 million, counted from the table.
    assert sum(int(np.prod(each.shape)) for each in network.trainable_weights) == 32_235_385


def test_it_scores_bins_and_answers_at_a_quarter_of_any_size(network: keras.Model) -> None:
    outputs = network({LIGHTNESS: np.zeros((1, 1, 40, 64), np.float32), TEMPERATURE: np.float32(0.38)})

    assert outputs[colorful.SCORES].shape == (1, 10, 16, 313)
    assert outputs[CHROMA].shape == (1, 2, 10, 16)


def test_the_annealed_mean_goes_from_the_mode_to_the_mean_of_all() -> None:
    scores = np.random.default_rng(0).normal(0, 3, (1, 2, 2, 313)).astype(np.float32)
    decode = colorful.AnnealedMean()

    def at(temperature: float) -> np.ndarray:
        return np.asarray(decode(scores, np.float32(temperature)))

    np.testing.assert_allclose(at(1e-4), bins.CENTERS[scores.argmax(-1)], atol=1e-3)
    np.testing.assert_allclose(at(1e6), np.broadcast_to(bins.CENTERS.mean(0), (1, 2, 2, 2)), atol=1e-2)
    chances = np.exp(scores / 0.38)
    annealed = (chances / chances.sum(-1, keepdims=True)) @ bins.CENTERS
    np.testing.assert_allclose(at(colorful.ANNEALING), annealed, atol=1e-3)


@given(st.integers(0, 312), st.floats(-4, 4), st.floats(-4, 4))
def test_a_color_is_a_distribution_over_its_five_nearest_bins(number: int, a: float, b: float) -> None:
    color = bins.CENTERS[number] + np.array([a, b], np.float32)

    nearest, shares = map(np.asarray, objectives.soften(color.reshape(1, 2, 1, 1)))

    distance = np.linalg.norm(bins.CENTERS - color, axis=1)
    assert nearest[0, 0] == number
    assert distance[nearest[0]].max() <= np.sort(distance)[4] + 1e-3
    expected = np.exp(-np.square(distance[nearest[0]]) / (2 * 5.0**2))
    np.testing.assert_allclose(shares[0], expected / expected.sum(), atol=1e-3)


def test_smoothing_moves_shares_to_neighbors_and_loses_none() -> None:
    number = int(np.argmin(np.linalg.norm(bins.CENTERS, axis=1)))  # grey
    smoothed = bins.smooth(np.eye(313)[number])

    assert smoothed.sum() == pytest.approx(1)
    assert smoothed.argmax() == number
    beside = np.linalg.norm(bins.CENTERS - bins.CENTERS[number], axis=1) == 10
    np.testing.assert_allclose(smoothed[beside], smoothed[number] * np.exp(-2), rtol=1e-6)


@pytest.mark.parametrize("uniform", [0.0, 0.5, 1.0])
def test_rebalancing_weighs_rare_colors_more_and_all_pixels_one_on_average(uniform: float) -> None:
    smoothed = bins.smooth(SHARES)

    weights = bins.rebalancing(smoothed, uniform)

    assert float(smoothed @ weights) == pytest.approx(1, abs=1e-5)
    if uniform == 1:
        np.testing.assert_allclose(weights, 1, rtol=1e-5)
    else:
        assert weights.argmax() == smoothed.argmin()
        assert weights.argmin() == smoothed.argmax()


def test_the_loss_is_the_cross_entropy_weighed_by_the_nearest_bin() -> None:
    random = np.random.default_rng(0)
    truth = random.uniform(-40, 40, (2, 2, 3, 3)).astype(np.float32)
    scores = random.normal(0, 2, (2, 3, 3, 313)).astype(np.float32)
    weights = random.uniform(0.5, 2, 313).astype(np.float32)

    loss = float(objectives.Classification(weights)(None, truth, {colorful.SCORES: scores}))

    colors = truth.transpose(0, 2, 3, 1).reshape(-1, 2)
    chances = scores.reshape(-1, 313)
    chances = chances - np.log(np.exp(chances).sum(-1, keepdims=True))
    each = []
    for color, row in zip(colors, chances, strict=True):
        square = np.square(bins.CENTERS - color).sum(-1)
        near = np.argsort(square)[:5]
        share = np.exp(-square[near] / 50)
        each.append(-weights[near[0]] * (share / share.sum()) @ row[near])
    assert loss == pytest.approx(np.mean(each), rel=1e-4)
