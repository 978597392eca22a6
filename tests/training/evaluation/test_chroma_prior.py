"""The prior of the training photographs' colors."""

import numpy as np
import pytest
from PIL import Image

from photochrom_contract import lab
from photochrom_training.evaluation import chroma_prior
from photochrom_training.evaluation.test_set import Photograph


def test_the_stored_prior_is_one_of_the_313_bins_that_srgb_can_show() -> None:
    centers, shares = chroma_prior.load()
    assert centers.shape == (313, 2)
    assert len(np.unique(centers, axis=0)) == 313
    assert np.all(centers % 10 == 0)
    assert shares.sum() == pytest.approx(1, abs=0.005)  # three digits are stored
    assert centers[shares.argmax()].tolist() == [0, 0]


def test_one_color_falls_into_the_bin_next_to_it_alone() -> None:
    color = (200, 60, 60)
    shares, mean = chroma_prior.measure([Photograph("red", Image.new("RGB", (30, 20), color))])
    chroma = lab.rgb_to_lab(np.array(color) / 255)[1:]
    centers, _ = chroma_prior.load()
    assert shares.max() == 1
    assert np.abs(centers[shares.argmax()] - chroma).max() <= 5
    assert mean == pytest.approx(chroma, abs=1e-3)


def test_rare_colors_weigh_more_than_grey_up_to_the_floor() -> None:
    grey, grass, beyond = (
        np.full((2, 1, 1), 1) * np.reshape(ab, (2, 1, 1)) for ab in [(0, 0), (-20, 30), (-110, 110)]
    )
    weights = [chroma_prior.rebalancing_weights(ab.astype(np.float32)).item() for ab in (grey, grass, beyond)]
    assert weights[0] < weights[1] < weights[2] == pytest.approx(1 / 2e-4)
