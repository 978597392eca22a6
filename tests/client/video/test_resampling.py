"""A frame is reduced as a photograph is."""

import numpy as np
import pytest

from photochrom._video.resampling import reduced
from photochrom_contract import photograph


@pytest.mark.parametrize("shape", [(360, 640), (48, 64), (1080, 1920), (100, 700), (192, 192)])
def test_the_model_sees_a_frame_as_it_would_see_a_photograph(shape: tuple[int, int]) -> None:
    lightness = np.random.default_rng(0).uniform(0, 100, shape).astype(np.float32)
    expected = photograph.reduce_lightness(lightness, 192).astype(int)
    assert np.abs(reduced(lightness, 192).astype(int) - expected).max() <= 1
