"""``photochrom batch``: whole folders, and what is done once is not done again."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from photochrom._cli import main
from tests.client import scripted
from tests.client.command.conftest import files_in

REPORTS = {"photochrom-report.csv", "photochrom-report.json"}


def colored_in(folder: Path) -> set[str]:
    """The files of a destination that are no bookkeeping."""
    return {name for name in files_in(folder) if not name.startswith(".photochrom/")} - REPORTS


@pytest.fixture
def album(tmp_path: Path, gradient: Image.Image) -> Path:
    """Three photographs in two folders."""
    folder = tmp_path / "album"
    (folder / "deep").mkdir(parents=True)
    for name in ("one.jpg", "two.png", "deep/three.tif"):
        gradient.save(folder / name)
    return folder


def test_a_tree_is_mirrored_in_color(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files_in(album)
    assert main(["batch", "album", "colored"]) == 0
    assert capsys.readouterr() == ("colored: 3 colored\n", "")
    assert colored_in(Path("colored")) == files_in(album) == before
    for name in before:
        with Image.open(Path("colored") / name) as picture:
            assert (picture.size, picture.mode) == ((90, 60), "RGB")


def test_what_is_colored_already_is_passed_over(
    album: Path, service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["batch", "album", "colored"])
    asked = len(service.requests)
    assert main(["batch", "album", "colored"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "colored: 3 skipped"
    assert len(service.requests) == asked


def test_but_not_a_photograph_that_has_changed_or_is_new_or_whose_copy_is_gone(
    album: Path, gradient: Image.Image, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["batch", "album", "colored"])
    gradient.rotate(180).save(album / "one.jpg")
    gradient.save(album / "new.jpg")
    Path("colored/two.png").unlink()
    assert main(["batch", "album", "colored"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "colored: 3 colored, 1 skipped"


@pytest.mark.parametrize("knob", [["--saturation", "0.5"], ["--size", "96"], ["--temperature", "0.4"]])
def test_another_knob_colors_again(
    knob: list[str], album: Path, service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    service.sizes = (64, 96)
    main(["batch", "album", "colored"])
    assert main(["batch", "album", "colored", *knob]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "colored: 3 colored"


def test_another_model_colors_again_and_its_own_name_does_not(
    album: Path, service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["batch", "album", "colored"])
    main(["batch", "album", "colored", "--version", "stable", "--model", "scripted", "--size", "64"])
    service.sha256 = "another"
    main(["batch", "album", "colored"])
    last = capsys.readouterr().out.splitlines()
    assert last == ["colored: 3 colored", "colored: 3 skipped", "colored: 3 colored"]
    assert {request.model.version for request in service.requests} == {3}


def test_files_that_no_batch_wrote_stay_unless_they_are_to_be_overwritten(
    album: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["batch", "album", "colored"])
    retouched = Path("colored/one.jpg")
    shutil.copy(album / "two.png", retouched)
    gone = Path("elsewhere")
    gone.mkdir()
    (gone / "two.png").write_text("mine")
    for destination in ("colored", "elsewhere"):
        assert main(["batch", "album", destination]) == 2
    assert capsys.readouterr().err.count("is there already, and not as this batch wrote it") == 2
    assert retouched.read_bytes() == (album / "two.png").read_bytes()
    assert (gone / "two.png").read_text() == "mine"
    assert main(["batch", "album", "elsewhere", "--overwrite"]) == 0
    with Image.open(gone / "two.png") as picture:
        assert picture.size == (90, 60)


def test_what_fails_is_reported_with_its_cause_and_tried_again(
    album: Path, gradient: Image.Image, capsys: pytest.CaptureFixture[str]
) -> None:
    (album / "letter.jpg").write_text("Dear grandmother")
    assert main(["batch", "album", "colored"]) == 2
    said = capsys.readouterr()
    letter = str(album.name) + "/letter.jpg"
    assert said.err == f"photochrom: {letter}: is not a picture in a format that can be read\n"
    assert said.out.splitlines()[0] == "colored: 3 colored, 1 failed"
    with Path("colored/photochrom-report.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["source"], row["error"]) == (letter, "PictureError")
    assert row["cause"] == "is not a picture in a format that can be read"
    report = json.loads(Path("colored/photochrom-report.json").read_text())
    assert (report["colored"], report["failed"], report["failures"]) == (3, 1, [row])
    gradient.save(album / "letter.jpg")
    assert main(["batch", "album", "colored"]) == 0
    assert json.loads(Path("colored/photochrom-report.json").read_text())["failures"] == []


def test_a_format_without_color_gets_one_behind_its_name_so_none_meet(gradient: Image.Image) -> None:
    Path("album").mkdir()
    for name in ("scan.gif", "scan.png", "scan.pgm"):
        gradient.save(Path("album") / name)
    assert main(["batch", "album", "colored"]) == 0
    assert colored_in(Path("colored")) == {"scan.gif.png", "scan.png", "scan.pgm.ppm"}


def test_two_photographs_never_share_an_output(
    gradient: Image.Image, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("album").mkdir()
    for name in ("scan.gif", "scan.gif.png"):
        gradient.save(Path("album") / name)
    assert main(["batch", "album", "colored", "--window", "1"]) == 2
    assert "scan.gif.png: is the output of two photographs" in capsys.readouterr().err
    assert colored_in(Path("colored")) == {"scan.gif.png"}


def test_globs_choose_the_files(album: Path) -> None:
    assert main(["batch", "album", "colored", "--include", "*.png", "--include", "*.tif"]) == 0
    assert colored_in(Path("colored")) == {"two.png", "deep/three.tif"}
    assert main(["batch", "album", "other", "--exclude", "deep", "--exclude", "*.PNG"]) == 0
    assert colored_in(Path("other")) == {"one.jpg"}


def test_json_tells_the_sums(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "album", "colored", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["destination"], said["colored"], said["failures"]) == ("colored", 3, [])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["absent", "colored"], "absent: no such file or folder"),
        (["album", "album"], "is the destination too"),
        (["album", "album/one.jpg"], "album/one.jpg/.photochrom/journal.jsonl: cannot be written"),
        (["album"], "name a SOURCE and a DESTINATION"),
    ],
)
def test_what_will_not_do_is_one_line_and_status_2(
    arguments: list[str], complaint: str, album: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_in(album)
    assert main(["batch", *arguments]) == 2
    assert complaint in capsys.readouterr().err
    assert files_in(album) == before


def test_nothing_to_color_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "album").mkdir()
    assert main(["batch", "album", "colored"]) == 0
    assert capsys.readouterr().out == "colored: nothing to color\n"
