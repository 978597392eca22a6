"""The Fréchet distance worked out by hand, and of the features that it is named after."""

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from skimage import data

from photochrom_training.evaluation.embeddings import Embeddings
from photochrom_training.evaluation.frechet import figure, frechet_distance
from photochrom_training.networks.pretrained import PretrainedWeightsError


def drawn(count: int, dimensions: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """Features that lean on each other, about a mean that is not zero."""
    draw = np.random.default_rng(seed)
    return draw.normal(size=(count, dimensions)) @ draw.normal(size=(dimensions, dimensions)) + 3


def test_equal_sets_are_at_no_distance_even_with_fewer_pictures_than_features() -> None:
    for features in (drawn(200, 10), drawn(20, 300)):
        assert frechet_distance(features, features[::-1]) == pytest.approx(0, abs=1e-6)


def test_a_shifted_set_is_the_square_of_the_shift_away() -> None:
    features, shift = drawn(100, 12), np.arange(12.0)
    assert frechet_distance(features, features + shift) == pytest.approx(np.square(shift).sum())


def test_one_feature_gives_the_difference_of_means_and_of_deviations_squared() -> None:
    one, other = np.array([[0.0], [2.0]]), np.array([[3.0], [7.0], [11.0]])
    deviations = np.sqrt(2.0), 4.0
    assert frechet_distance(one, other) == pytest.approx((7 - 1) ** 2 + (deviations[1] - deviations[0]) ** 2)


def test_covariances_that_do_not_commute_give_what_the_formula_gives() -> None:
    one, other = drawn(300, 8, seed=1), drawn(500, 8, seed=2)
    first, second = np.cov(one.T), np.cov(other.T)
    root = np.sqrt(np.linalg.eigvals(first @ second).real).sum()
    means = np.square(one.mean(0) - other.mean(0)).sum()
    expected = means + np.trace(first) + np.trace(second) - 2 * root
    assert frechet_distance(one, other) == pytest.approx(expected)
    assert frechet_distance(other, one) == pytest.approx(expected)


def test_the_interval_is_about_the_distance_and_narrows_with_more_photographs() -> None:
    few, many = (figure(drawn(count, 6, seed=3), drawn(count, 6, seed=4)) for count in (40, 1000))
    for one in (few, many):
        assert 0 <= one.low < one.value < one.high
    assert many.high - many.low < (few.high - few.low) / 2


def test_the_network_sees_color_and_finds_less_color_further_away() -> None:
    try:
        embeddings = Embeddings()
    except PretrainedWeightsError as error:
        pytest.skip(str(error))
    pictures = [Image.fromarray(one()).resize((96, 96)) for one in (data.chelsea, data.coffee, data.rocket)]
    for share in (1, 0.5, 0):
        paler = [Image.blend(one.convert("L").convert("RGB"), one, share) for one in pictures]
        embeddings.add(f"{share}", np.stack([np.asarray(one) for one in paler]))
    truth, half, grey = (embeddings.of(f"{share}") for share in (1, 0.5, 0))
    assert truth.shape == (3, 1280)
    assert 0 < frechet_distance(half, truth) < frechet_distance(grey, truth)
