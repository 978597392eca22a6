"""``photochrom batch`` replaces no photograph by a copy, whatever it is told, and writes nowhere else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from photochrom._cli import main
from tests.client.command.conftest import files_in


@pytest.fixture
def scan(tmp_path: Path, gradient: Image.Image) -> Path:
    """A photograph, in a folder of its own."""
    path = tmp_path / "scans" / "scan.png"
    path.parent.mkdir()
    gradient.save(path)
    return path


def _mode(path: Path | str) -> str:
    with Image.open(path) as picture:
        return picture.mode


def _link_to_folder(scan: Path) -> list[str]:
    Path("out").mkdir()
    Path("out/scans").symlink_to(scan.parent)
    return [".", "out"]


def _link_among_the_photographs(scan: Path) -> list[str]:
    Path("links").mkdir()
    Path("links/scan.png").symlink_to(scan)
    return ["links", str(scan.parent)]


def _another_name_of_its_file(scan: Path) -> list[str]:
    Path("out").mkdir()
    os.link(scan, "out/scan.png")
    return ["scans", "out"]


@pytest.mark.parametrize(
    "arguments",
    [
        lambda scan: ["scans/scan.png", "scans"],
        lambda scan: ["scans", "scans/../more", "."],
        _link_to_folder,
        _link_among_the_photographs,
        _another_name_of_its_file,
    ],
)
def test_a_photograph_is_never_replaced_by_its_copy(
    arguments: Callable[[Path], list[str]], scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("more").mkdir()
    before = scan.read_bytes()
    assert main(["batch", *arguments(scan), "--overwrite"]) == 2
    assert "scan.png: is one of the photographs: choose another destination" in capsys.readouterr().err
    assert scan.read_bytes() == before


def test_nor_by_the_copy_of_another(gradient: Image.Image, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("album/deep", "scans/deep"):
        Path(folder).mkdir(parents=True)
        gradient.save(Path(folder) / "scan.png")
    assert main(["batch", "album", "scans/deep/scan.png", "scans", "--overwrite"]) == 2
    assert "scans/deep/scan.png: is one of the photographs" in capsys.readouterr().err
    assert _mode("scans/deep/scan.png") == "L"
    assert _mode("scans/scan.png") == "RGB"


def test_a_source_above_has_its_own_name_and_nothing_lands_outside_of_the_destination(
    scan: Path, gradient: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "scans" / "inside"
    other = tmp_path / "other"
    for folder in (inside, other):
        folder.mkdir()
    gradient.save(other / "one.png")
    monkeypatch.chdir(inside)
    assert main(["batch", "..", "../../other", ".", "--overwrite"]) == 0
    assert {"scans/scan.png", "other/one.png"} <= files_in(inside)
    assert _mode(scan) == "L"
