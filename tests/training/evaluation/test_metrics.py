"""Each figure, on pictures whose figure can be worked out by hand."""

import numpy as np
import pytest

from photochrom_training.evaluation import metrics


def plain(red: int, green: int, blue: int) -> metrics.RGB:
    return np.broadcast_to(np.array([red, green, blue], np.uint8), (4, 6, 3)).copy()


def test_psnr_of_a_difference_of_ten_everywhere() -> None:
    error = metrics.rgb_square_error(plain(30, 40, 50), plain(40, 30, 60))
    assert error == 100
    assert metrics.psnr(error) == pytest.approx(20 * np.log10(255 / 10))


def test_psnr_of_equal_pictures_is_that_of_rounding_and_finite() -> None:
    assert metrics.psnr(0) == metrics.psnr(1 / 12) == pytest.approx(58.92, abs=0.01)


def test_chroma_distance_and_its_root_mean_square() -> None:
    predicted = np.zeros((2, 1, 2), np.float32)
    truth = np.array([[[3, 0]], [[4, 0]]], np.float32)
    distance = metrics.chroma_distance(predicted, truth)
    assert distance.tolist() == [[5, 0]]
    assert metrics.root_mean_square(distance) == pytest.approx(np.sqrt(25 / 2))


@pytest.mark.parametrize(
    ("distance", "thresholds_passed"), [(0, 151), (0.01, 151), (0.5, 150), (1, 150), (150, 1), (150.1, 0)]
)
def test_auc_counts_the_thresholds_that_a_pixel_passes(distance: float, thresholds_passed: int) -> None:
    counted = metrics.area_under_accuracy(np.full((2, 2), distance, np.float32))
    assert counted == pytest.approx(100 * thresholds_passed / 151)


def test_auc_agrees_with_its_definition() -> None:
    distance = np.random.default_rng(0).gamma(1, 20, (64, 64)).astype(np.float32)
    accuracy = [np.mean(distance <= threshold) for threshold in range(151)]
    assert metrics.area_under_accuracy(distance) == pytest.approx(100 * np.mean(accuracy), abs=0.01)


def test_rebalanced_auc_lets_a_pixel_count_by_its_weight() -> None:
    distance = np.array([[0, 200]], np.float32)
    assert metrics.area_under_accuracy(distance) == 50
    assert metrics.area_under_accuracy(distance, np.array([[1, 3]], np.float32)) == 25


def test_a_plain_color_has_the_colorfulness_of_its_mean() -> None:
    # rg = 200 - 100, yb = (200 + 100) / 2 - 70: no spread, and 0.3 of their length.
    assert metrics.colorfulness(plain(200, 100, 70)) == pytest.approx(0.3 * np.hypot(100, 80))


def test_colorfulness_keeps_the_opponents_signs() -> None:
    # Half red, half green: rg is +100 and -100, its mean 0 and its deviation 100; yb is 50 throughout.
    picture = np.concatenate([plain(100, 0, 0), plain(0, 100, 0)])
    assert metrics.colorfulness(picture) == pytest.approx(100 + 0.3 * 50)


def test_grey_has_no_colorfulness() -> None:
    assert metrics.colorfulness(plain(90, 90, 90)) == 0
