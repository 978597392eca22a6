"""A photograph's scores, held against scikit-image's of the same pictures."""

from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio

from photochrom_training.evaluation.evaluation import evaluate, merged
from photochrom_training.evaluation.lpips import Lpips
from photochrom_training.evaluation.predictors import ConstantChroma
from photochrom_training.evaluation.test_set import TestSet


def test_scores_are_of_the_picture_that_a_viewer_gets(shard: Path, random_lpips: Lpips) -> None:
    photographs, green = TestSet.open(shard), ConstantChroma("green", (-30, 20))
    told: list[int] = []
    scores = evaluate([green], photographs, random_lpips, told.append)["green"]
    assert told == [3, 5]  # three of one size, two of another
    for one, score in zip(photographs, scores, strict=True):
        picture = merged(one, green.predict([one])[0])
        assert score.photograph == one.name
        assert score.pixels == one.picture.width * one.picture.height
        assert score.psnr == pytest.approx(peak_signal_noise_ratio(one.rgb, picture), abs=1e-3)
        difference = deltaE_ciede2000(rgb2lab(one.rgb), rgb2lab(picture))
        assert score.ciede2000 == pytest.approx(difference.mean(), abs=0.01)
        alone = random_lpips.distance(
            random_lpips.features(picture[None]), random_lpips.features(one.rgb[None])
        )
        assert score.lpips == pytest.approx(alone[0], rel=1e-4)
        off = rgb2lab(one.rgb)[..., 1:] - [-30, 20]
        assert score.ab_rmse == pytest.approx(np.sqrt(np.square(off).sum(-1).mean()), abs=0.01)
