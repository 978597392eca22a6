"""Rows of scores to figures with intervals."""

import csv
import dataclasses
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from photochrom_training.evaluation import files, published, report
from photochrom_training.evaluation.evaluation import Score

GREY = [
    Score(
        photograph=f"{number}.png",
        pixels=100 + number,
        lpips=0.2 + 0.01 * number,
        psnr=22.0 + number % 5,
        ciede2000=10.0,
        ab_rmse=20.0,
        auc=80.0 + number % 7,
        auc_rebalanced=60.0,
        rebalancing=1.0,
        colorfulness=0.0,
        truth_colorfulness=40.0,
    )
    for number in range(30)
]
BETTER = [
    dataclasses.replace(row, lpips=row.lpips / 2, psnr=row.psnr + 1.5, colorfulness=30.0 + 20 * (number % 2))
    for number, row in enumerate(GREY)
]


def test_figures_are_means_over_photographs_and_auc_over_pixels() -> None:
    figures = report.figures({"grey": GREY}, "grey")["grey"]
    assert figures["lpips"].value == pytest.approx(0.345)
    assert figures["psnr"].value == pytest.approx(24)
    by_pixel = np.average([row.auc for row in GREY], weights=[row.pixels for row in GREY])
    assert figures["auc"].value == pytest.approx(by_pixel)
    assert figures["colorfulness_gap"].value == 40


def test_an_interval_is_the_means_standard_error_about_the_mean() -> None:
    lpips = report.figures({"grey": GREY}, "grey")["grey"]["lpips"]
    error = np.std([row.lpips for row in GREY]) / np.sqrt(len(GREY))
    assert lpips.low == pytest.approx(lpips.value - 1.96 * error, abs=0.2 * error)
    assert lpips.high == pytest.approx(lpips.value + 1.96 * error, abs=0.2 * error)


def test_comparisons_are_paired() -> None:
    figures = report.figures({"grey": GREY, "better": BETTER}, "grey")["better"]
    for key, value in {"lpips_ratio": 0.5, "psnr_gain": 1.5}.items():
        figure = figures[key]
        assert [figure.value, figure.low, figure.high] == pytest.approx([value] * 3)


def test_the_gap_is_of_the_means_not_the_mean_of_gaps() -> None:
    figures = report.figures({"grey": GREY, "better": BETTER}, "grey")["better"]
    assert figures["colorfulness"].value == 40
    assert figures["colorfulness_gap"].value == pytest.approx(0)
    assert figures["colorfulness_share"].value == pytest.approx(1)


def test_the_gaps_interval_holds_the_gap_and_begins_at_zero_where_the_means_may_be_one() -> None:
    near, above = (
        [dataclasses.replace(row, colorfulness=38 + step * (number % 2)) for number, row in enumerate(GREY)]
        for step in (4.5, 8)
    )
    gap = report.figures({"grey": GREY, "near": near}, "grey")["near"]["colorfulness_gap"]
    assert gap.value == pytest.approx(0.25)
    assert gap.low == 0
    assert 0.5 < gap.high < 1.5
    gap = report.figures({"grey": GREY, "above": above}, "grey")["above"]["colorfulness_gap"]
    assert gap.value == pytest.approx(2)
    assert 0 < gap.low < 2 < gap.high


def test_what_there_is_not_is_null_and_a_dash(tmp_path: Path) -> None:
    """A truth without color, one photograph, and a model that gains nothing over grey."""
    colorless = [dataclasses.replace(row, lpips=0.0, truth_colorfulness=0.0) for row in GREY]
    results = report.figures({"grey": colorless}, "grey")
    assert "colorfulness - of the truth's" in report.comparison(results, ["grey"])
    (tmp_path / "out").mkdir()
    files.write(tmp_path / "out", {"grey": colorless}, results, {}, "")
    held = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"), parse_constant=pytest.fail)
    assert held["figures"]["grey"]["colorfulness_share"] == {"value": None, "low": None, "high": None}

    alone = report.figures({"grey": GREY[:1]}, "grey")
    assert "| grey | 0.200 | 22.00 |" in report.text("one.png", 1, alone, [])

    worse = [dataclasses.replace(row, lpips=row.lpips * 1.1) for row in GREY]
    cost = report.ageing_cost({"grey": GREY, "worse": worse, "aged": worse}, "worse", "aged", "grey")
    assert math.isnan(cost.value)


def test_a_name_that_is_not_utf_8_is_written_by_its_numbers(tmp_path: Path) -> None:
    rows = [dataclasses.replace(GREY[0], photograph=os.fsdecode(b"Z\xfcrich.jpg"))]
    files.write(tmp_path, {"grey": rows}, report.figures({"grey": rows}, "grey"), {}, "")
    assert "grey,Z\\udcfcrich.jpg,100," in (tmp_path / "photographs.csv").read_text("utf-8")


def test_files_hold_every_figure_and_every_score(tmp_path: Path) -> None:
    scores = {"grey": GREY, "better": BETTER}
    results = report.figures(scores, "grey")
    files.prepare(tmp_path / "new")
    files.write(tmp_path / "new", scores, results, {"test_set": "small.tar"}, "# Report")
    metrics = json.loads((tmp_path / "new" / "metrics.json").read_text("utf-8"))
    assert metrics["test_set"] == "small.tar"
    assert metrics["figures"]["better"]["psnr_gain"]["value"] == pytest.approx(1.5)
    with (tmp_path / "new" / "metrics.csv").open(newline="") as file:
        lines = {(row["predictor"], row["figure"]): float(row["value"]) for row in csv.DictReader(file)}
    assert lines["better", "psnr_gain"] == metrics["figures"]["better"]["psnr_gain"]["value"]
    assert len(lines) == sum(map(len, results.values()))
    with (tmp_path / "new" / "photographs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 60
    assert rows[-1]["predictor"] == "better"
    assert float(rows[-1]["psnr"]) == BETTER[-1].psnr
    assert (tmp_path / "new" / "report.md").read_text("utf-8") == "# Report\n"


def test_the_report_keeps_what_papers_say_apart() -> None:
    text = report.text("small.tar", 30, report.figures({"grey": GREY, "better": BETTER}, "grey"), ["better"])
    ours, theirs = text.split(published.NOT_COMPARABLE)
    assert "| better | " in ours
    assert "better: LPIPS 0.500" in ours
    assert "DDColor" not in ours
    assert "| DDColor-tiny | 55 M | 4.38 |" in theirs
    for block in theirs.strip().split("\n\n")[1::2]:  # each table: one number of columns throughout
        assert len({row.count("|") for row in block.splitlines()}) == 1
