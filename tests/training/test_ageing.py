"""What age does to a photograph, in training and in evaluation."""

import numpy as np
import numpy.typing as npt
import pytest

from photochrom_contract import photograph
from photochrom_training import ageing

RAMP = np.linspace(0, 100, 48 * 40, dtype=np.float32).reshape(40, 48)


def test_age_changes_lightness_within_its_range() -> None:
    aged = [ageing.age(RAMP, np.random.default_rng(seed)) for seed in range(20)]
    assert all(each.min() >= 0 and each.max() <= 100 for each in aged)
    assert all(np.abs(each - RAMP).mean() > 0.5 for each in aged)


@pytest.mark.parametrize(
    ("seed", "values"), [(0, (66.311035, 31.20713)), (2, (61.20054, 26.495642)), (5, (39.90341, 10.998435))]
)
def test_training_ages_as_it_did_when_the_models_were_trained(seed: int, values: tuple[float, float]) -> None:
    aged = ageing.age(RAMP, np.random.default_rng(seed))  # the values: of the code that trained photochrom 2
    assert (aged[20, 7], aged[3, 40]) == pytest.approx(values, rel=1e-5)


def old(lightness: npt.NDArray[np.float32], seed: int = 0) -> npt.NDArray[np.float32]:
    return photograph.lightness_of(ageing.old_print(lightness, np.random.default_rng(seed)))


def test_an_old_print_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert np.array_equal(old(RAMP), old(RAMP))
    assert not np.array_equal(old(RAMP), old(RAMP, seed=1))


@pytest.mark.parametrize("seed", range(8))
def test_an_old_print_is_faded_sepia_grainy_soft_and_dark_in_the_corners(seed: int) -> None:
    flat = np.full((120, 160), 55, np.float32)
    picture = ageing.old_print(flat, np.random.default_rng(seed))
    red, _, blue = np.asarray(picture, np.float32).reshape(-1, 3).mean(axis=0)
    assert picture.size == (160, 120)
    assert red > blue + 10
    lightness = photograph.lightness_of(picture)
    corners = np.mean(
        [lightness[:15, :15], lightness[:15, -15:], lightness[-15:, :15], lightness[-15:, -15:]]
    )
    assert np.median(lightness[45:75, 60:100]) > corners + 2
    assert lightness[45:75, 60:100].std() > 1

    stripes = np.tile(np.array([0, 100], np.float32), (120, 80))
    faded = old(stripes, seed)
    assert np.percentile(faded, 99) - np.percentile(faded, 1) < 90
    assert np.abs(np.diff(faded, axis=1)).mean() < 60  # the lens took the stripes of one pixel
