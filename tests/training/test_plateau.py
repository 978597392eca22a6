"""The rate falls and the run ends by the history alone."""

import pytest

from photochrom_training.plateau import epochs_without_gain, plateaus


@pytest.mark.parametrize(
    ("losses", "epochs"), [([], 0), ([3.0], 0), ([3.0, 2.0], 0), ([2.0, 3.0, 2.5], 2), ([2.0, 2.0], 1)]
)
def test_epochs_without_gain(losses: list[float], epochs: int) -> None:
    assert epochs_without_gain(losses) == epochs


@pytest.mark.parametrize(
    ("losses", "count"),
    [
        ([], 0),
        ([5, 4, 3, 2], 0),
        ([5, 6, 6], 1),
        ([5, 6, 6, 6, 6], 2),
        ([5, 6, 4, 6], 0),
        ([5, 6, 6, 4, 6, 6], 2),
    ],
)
def test_each_run_of_two_epochs_without_gain_is_a_plateau(losses: list[float], count: int) -> None:
    assert plateaus(losses, patience=2) == count
