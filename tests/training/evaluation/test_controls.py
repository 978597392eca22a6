"""The evaluator against figures that another one has given for the same photographs."""

import os
from pathlib import Path

import pytest

from photochrom_training.evaluation import report
from photochrom_training.evaluation.evaluation import evaluate
from photochrom_training.evaluation.lpips import Lpips, WeightsError
from photochrom_training.evaluation.predictors import ConstantChroma
from photochrom_training.evaluation.test_set import TestSet

PHOTOGRAPHS = Path(os.environ.get("PHOTOCHROM_DATA", Path(__file__).parents[4] / "shared" / "data"))


def test_grey_on_every_fifth_photograph_of_test_scenes() -> None:
    shard = PHOTOGRAPHS / "test-scenes.tar"
    if not shard.is_file():
        pytest.skip(f"{shard} is not there; set PHOTOCHROM_DATA to the folder of the shards")
    try:
        lpips = Lpips()
    except WeightsError as error:
        pytest.skip(str(error))
    photographs = TestSet.open(shard, every=5)
    scores = evaluate([ConstantChroma("grey")], photographs, lpips, progress=lambda done: None)
    figures = {key: figure.value for key, figure in report.figures(scores, "grey")["grey"].items()}
    assert len(scores["grey"]) == 80
    assert figures["lpips"] == pytest.approx(0.201, abs=5e-4)
    assert figures["psnr"] == pytest.approx(23.11, abs=5e-3)
    assert figures["ab_rmse"] == pytest.approx(18.69, abs=5e-3)
    assert figures["truth_colorfulness"] == pytest.approx(39.7, abs=0.05)
    assert figures["auc"] == pytest.approx(89.22, abs=5e-3)
    # Looser: how that evaluator took its prior is not known.
    assert figures["auc_rebalanced"] == pytest.approx(68.1, abs=0.15)
