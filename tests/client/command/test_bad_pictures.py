"""``photochrom colorize``: pictures and outputs that will not do."""

from pathlib import Path

import pytest
from PIL import Image

from photochrom._cli import main
from tests.client import scripted
from tests.client.command.conftest import files_in

BAD = {
    "absent.jpg": (None, "no such file"),
    "folder.jpg": (None, "is a folder"),
    "letter.jpg": (b"Dear grandmother", "is not a picture"),
    "empty.png": (b"", "is not a picture"),
    "half.jpg": (None, "is damaged"),
}


@pytest.fixture
def bad_files(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    for name, (content, _) in BAD.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
    content = photo.read_bytes()
    (tmp_path / "half.jpg").write_bytes(content[: len(content) * 2 // 3])


@pytest.mark.usefixtures("bad_files")
@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_picture_is_one_line_and_status_2_and_no_file(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_in(tmp_path)
    assert main(["colorize", name, "-o", "out.png", "--compare"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"photochrom: {name}: {BAD[name][1]}")
    assert captured.err.count("\n") == 1
    assert files_in(tmp_path) == before


@pytest.mark.usefixtures("bad_files")
def test_among_several_a_bad_picture_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", "absent.jpg", "photo.jpg", "letter.jpg", "-o", "album"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "album/photo-color.jpg\n"
    assert [line.split(": ")[1] for line in captured.err.splitlines()] == ["absent.jpg", "letter.jpg"]
    assert files_in(tmp_path / "album") == {"photo-color.jpg"}


@pytest.mark.usefixtures("bad_files")
def test_a_bad_picture_is_told_even_where_there_is_no_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PHOTOCHROM_TARGET", "127.0.0.1:1")
    assert main(["colorize", "half.jpg"]) == 2
    assert "half.jpg: is damaged" in capsys.readouterr().err


def test_an_input_is_never_overwritten(
    photo: Path, gradient: Image.Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gradient.save("photo-color.jpg")
    (tmp_path / "link.jpg").symlink_to(photo)
    before = {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)}
    assert main(["colorize", "photo.jpg", "-o", "photo.jpg"]) == 2
    assert main(["colorize", "photo.jpg", "-o", "link.jpg"]) == 2
    assert main(["colorize", "photo.jpg", "photo-color.jpg"]) == 2
    assert capsys.readouterr().err.count("is one of the pictures to color") == 3
    assert all((tmp_path / name).read_bytes() == content for name, content in before.items())


def test_two_pictures_never_share_an_output(
    gradient: Image.Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gradient.save("scan.gif")
    gradient.save("scan.png")
    assert main(["colorize", "scan.gif", "scan.png"]) == 2
    assert "scan-color.png: is the output of two pictures" in capsys.readouterr().err
    assert files_in(tmp_path) == {"scan.gif", "scan.png", "scan-color.png"}


def test_a_photograph_named_twice_is_colored_once(
    photo: Path, service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", "photo.jpg", "./photo.jpg"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "photo-color.jpg\n"
    assert "photo-color.jpg: is the output of two pictures" in captured.err
    assert len(service.requests) == 1


@pytest.mark.parametrize("output", ["colored.gif", "colored.txt"])
def test_an_output_that_cannot_hold_color_is_refused(
    output: str, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", "photo.jpg", "-o", output]) == 2
    assert f"{output}: its extension names no format" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_named_and_leaves_nothing(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", "photo.jpg", "-o", "photo.jpg/colored.jpg"]) == 2
    assert "photo.jpg/colored.jpg: cannot be written: " in capsys.readouterr().err
    (tmp_path / "taken.png").mkdir()
    (tmp_path / "photo.jpg").rename("taken.jpg")
    (tmp_path / "taken-color.jpg").mkdir()
    assert main(["colorize", "taken.jpg"]) == 2
    assert "taken-color.jpg: cannot be written: " in capsys.readouterr().err
    assert files_in(tmp_path) == {"taken.jpg"}
