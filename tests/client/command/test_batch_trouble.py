"""``photochrom batch`` when a photograph, or the server, fails in a way that nobody foresaw."""

import json
import struct
from pathlib import Path
from typing import Any

import grpc
import pytest
from PIL import Image

from photochrom._cli import main
from tests.client import scripted
from tests.client.command.test_batch import colored_in


def _report() -> dict[str, Any]:
    report: dict[str, Any] = json.loads(Path("colored/photochrom-report.json").read_text())
    return report


@pytest.fixture
def album(tmp_path: Path, gradient: Image.Image) -> Path:
    """Twenty photographs."""
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(20):
        gradient.save(folder / f"{number:02}.png")
    return folder


def _fail_as_plugins_do(*_: object) -> None:
    struct.unpack("<H", b"")


def test_an_error_that_nobody_foresaw_costs_one_photograph(
    album: Path, gradient: Image.Image, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gradient.save(album / "00.bmp")
    with monkeypatch.context() as patch:
        patch.setitem(Image.SAVE, "BMP", _fail_as_plugins_do)
        assert main(["batch", "album", "colored", "--window", "1"]) == 2
        said = capsys.readouterr()
        assert said.err.startswith(
            "photochrom: album/00.bmp: cannot be colored, struct.error (unpack requires"
        )
        assert said.err.count("\n") == 1
        assert said.out.startswith("colored: 20 colored, 1 failed\n")
        (failure,) = _report()["failures"]
        assert failure["source"] == "album/00.bmp"
        assert list(Path("colored/.photochrom/staging").iterdir()) == []
        patch.setenv("PHOTOCHROM_DEBUG", "1")
        assert main(["batch", "album", "colored"]) == 2
        assert "in _fail_as_plugins_do" in capsys.readouterr().err
    assert main(["batch", "album", "colored"]) == 0
    assert capsys.readouterr().out == "colored: 1 colored, 20 skipped\n"


def test_an_error_of_the_server_costs_one_photograph_and_is_status_3(
    album: Path, service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    service.failures = [(grpc.StatusCode.INTERNAL, "it broke")]
    assert main(["batch", "album", "colored", "--window", "1"]) == 3
    said = capsys.readouterr()
    assert said.out.startswith("colored: 19 colored, 1 failed\n")
    assert "INTERNAL (it broke)" in said.err
    assert said.err.count("\n") == 1
    assert main(["batch", "album", "colored"]) == 0


def test_several_in_a_row_end_the_batch(
    album: Path, service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    service.failures = [(grpc.StatusCode.INTERNAL, "it broke")] * 1000
    assert main(["batch", "album", "colored", "--window", "1"]) == 3
    assert capsys.readouterr().out.startswith("colored: 4 failed, 16 left\n")
    assert len(service.requests) == 5
    assert "it broke" in _report()["stopped_by"]
    service.failures = []
    assert main(["batch", "album", "colored"]) == 0
    assert len(colored_in(Path("colored"))) == 20
