"""A model that sees old prints, and where it fails."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from photochrom_training.evaluation import predictors, report, worst_page
from photochrom_training.evaluation.aged import Aged, old_print
from photochrom_training.evaluation.predictors import ConstantChroma
from photochrom_training.evaluation.test_set import TestSet
from tests.training.evaluation.test_report import BETTER, GREY


def test_the_model_sees_the_print_and_the_print_depends_on_name_and_seed_alone(
    model_repository: Path, shard: Path
) -> None:
    model = predictors.load(model_repository / "photochrom" / "1")
    photographs = list(TestSet.open(shard))[:3]
    prints = [old_print(one, seed=7) for one in photographs]
    together = Aged(model, 7).predict(photographs)
    for one, plane, expected in zip(photographs, together, model.predict(prints), strict=True):
        assert np.array_equal(plane, expected)
        assert np.array_equal(Aged(model, 7).predict([one])[0], plane)
        assert not np.array_equal(Aged(model, 8).predict([one])[0], plane)
        assert not np.array_equal(model.predict([one])[0], plane)


def test_ageing_costs_the_share_of_the_gain_that_is_lost() -> None:
    # BETTER has half of grey's LPIPS; this row keeps three quarters of that gain.
    aged = [dataclasses.replace(row, lpips=row.lpips * 0.625) for row in GREY]
    scores = {"grey": GREY, "better": BETTER, "aged": aged}
    cost = report.ageing_cost(scores, "better", "aged", "grey")
    assert [cost.value, cost.low, cost.high] == pytest.approx([0.25] * 3)


def test_the_worst_come_first_and_no_more_than_twenty(shard: Path) -> None:
    photographs = TestSet.open(shard)
    values = dict(zip(photographs.names, (0.2, 0.5, 0.1, 0.4, 0.3), strict=True))
    rows = [dataclasses.replace(GREY[0], photograph=name, lpips=value) for name, value in values.items()]
    page = worst_page.write([ConstantChroma("<green>", (-30, 20))], photographs, {"<green>": rows})
    assert "<h2>&lt;green&gt;</h2>" in page
    assert re.findall(r"LPIPS ([\d.]+)", page) == ["0.500", "0.400", "0.300", "0.200", "0.100"]
    many = TestSet(photographs.entries * 5)
    page = worst_page.write([ConstantChroma("<green>")], many, {"<green>": rows * 5})
    assert page.count("<figure>") == 20
