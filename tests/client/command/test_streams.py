"""``-`` for standard input and output, ``--json`` beside it, and what a terminal gets to see."""

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from photochrom._cli import main
from tests.client.command.conftest import files_in
from tests.client.terminal import shown_on_a_terminal

FULL = Path("/dev/full")


def _photochrom(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "photochrom", *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=False)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_a_picture_goes_through_a_pipe(kind: str, gradient: Image.Image, tmp_path: Path) -> None:
    gradient.save(tmp_path / "scan", kind)
    ended = _photochrom("colorize", "-", given=(tmp_path / "scan").read_bytes())
    assert (ended.returncode, ended.stderr) == (0, b"")
    with Image.open(io.BytesIO(ended.stdout)) as colored:
        assert (colored.format, colored.mode, colored.size) == (kind, "RGB", (90, 60))
    assert files_in(tmp_path) == {"scan"}


def test_a_file_goes_into_a_pipe_and_a_pipe_into_a_file(photo: Path) -> None:
    assert _photochrom("colorize", "photo.jpg", "-o", "-").stdout[:3] == b"\xff\xd8\xff"
    ended = _photochrom("colorize", "-", "-o", "colored.png", "--compare", given=photo.read_bytes())
    assert ended.stdout == b"colored.png\ncolored-compare.png\n"
    with Image.open("colored.png") as colored:
        assert colored.size == (90, 60)


def test_what_is_no_picture_gives_nothing_on_standard_output() -> None:
    ended = _photochrom("colorize", "-", given=b"Dear grandmother")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(b"photochrom: standard input: is not a picture")
    assert ended.stderr.count(b"\n") == 1


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("arguments", [["colorize", "photo.jpg", "-o", "-"], ["models"]])
def test_an_output_that_takes_no_more_is_told(arguments: list[str], photo: Path) -> None:
    with FULL.open("wb") as full:
        command = [sys.executable, "-m", "photochrom", *arguments]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    said = b"photochrom: standard output: cannot be written: No space left on device\n"
    assert (ended.returncode, ended.stderr) == (2, said)


@pytest.mark.skipif(sys.platform == "win32", reason="there a shell closes nothing")
@pytest.mark.parametrize(
    ("closing", "said"),
    [
        ("<&-", b"photochrom: standard input: is closed: send a picture, or name a file\n"),
        ("< photo.jpg >&-", b"photochrom: standard output: is closed: name a file (-o)\n"),
    ],
)
def test_a_stream_that_is_closed_is_told(closing: str, said: bytes, photo: Path) -> None:
    line = f"exec {shlex.quote(sys.executable)} -m photochrom colorize - {closing}"
    ended = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (2, said)


@pytest.mark.parametrize(
    "arguments",
    [["-", "photo.jpg", "-o", "-"], ["-", "--compare"], ["photo.jpg", "-o", "-", "--json"]],
)
def test_standard_output_takes_one_picture_and_nothing_else(
    arguments: list[str], photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", *arguments]) == 2
    assert "standard output takes one picture" in capsys.readouterr().err


def test_json_is_a_line_a_picture_what_failed_included(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", "absent.jpg", "photo.jpg", "--json", "--compare"]) == 2
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["source"], first["output"], first["error"]) == ("absent.jpg", None, "PictureError")
    assert first["cause"] == "absent.jpg: no such file"
    assert second == {
        "source": "photo.jpg", "output": "photo-color.jpg", "compare": "photo-color-compare.jpg"
    }  # fmt: skip


def test_a_picture_is_not_written_to_a_terminal(photo: Path) -> None:
    shown = shown_on_a_terminal("colorize", "photo.jpg", "-o", "-")
    assert shown == "photochrom: standard output: is a terminal: send the picture on, or name a file (-o)\r\n"


def test_a_batch_shows_its_progress_to_who_watches_without_color_if_that_is_wished(photo: Path) -> None:
    shown = shown_on_a_terminal("batch", "photo.jpg", "colored")
    assert "1/1" in shown
    assert "photographs" in shown
    assert "\x1b[38;5;" in shown or "\x1b[3" in shown
    shown = shown_on_a_terminal("batch", "photo.jpg", "again", NO_COLOR="1")
    assert "1/1" in shown
    assert "\x1b[38;5;" not in shown
