"""Options, right and wrong, and the version."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom._cli import main
from tests.client import scripted


@pytest.mark.parametrize(
    "arguments",
    [
        ["colorize"],
        ["colorize", "photo.jpg", "--size", "5000"],
        ["colorize", "photo.jpg", "--saturation", "3"],
        ["colorize", "photo.jpg", "--saturation", "nan"],
        ["colorize", "photo.jpg", "--version", str(2**64)],
        ["colorize", "photo.jpg", "--version", "-1"],
        ["colorize", "photo.jpg", "--version", "not a label"],
        ["colorize", "photo.jpg", "--temperature", "0"],
        ["colorize", "photo.jpg", "--temperature", "nan"],
        ["colorize", "photo.jpg", "--timeout", "inf"],
        ["colorize", "photo.jpg", "--timeout", "nan"],
        ["models", "--timeout", "nan"],
        ["health", "--timeout", "inf"],
        ["paint"],
    ],
)
def test_a_wrong_argument_is_status_2(
    arguments: list[str], photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "Usage: " in capsys.readouterr().err


def test_the_options_reach_the_server(photo: Path, service: scripted.Colorizer) -> None:
    service.sizes = (64, 96)
    arguments = ["--model", "scripted", "--version", "3", "--size", "96", "--saturation", "0"]
    assert main(["colorize", "photo.jpg", "-o", "grey.png", *arguments]) == 0
    (request,) = service.requests
    assert (request.model.name, request.model.version, request.lightness.width) == ("scripted", 3, 96)
    with Image.open("grey.png") as grey:
        assert np.ptp(np.asarray(grey, int), axis=2).max() <= 1


def test_a_version_is_named_by_its_label_and_a_temperature_is_sent(
    photo: Path, service: scripted.Colorizer
) -> None:
    assert main(["colorize", "photo.jpg", "--version", "stable", "--temperature", "0.5"]) == 0
    (request,) = service.requests
    assert (request.model.version, request.model.label) == (0, "stable")
    assert request.temperature == 0.5


def test_what_is_wrong_in_the_program_is_one_line_and_no_traceback(
    photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A picture library that breaks in a way nobody foresaw.
    monkeypatch.setattr(Image.Image, "resize", None)
    assert main(["colorize", "photo.jpg"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("photochrom: a mistake in photochrom itself, TypeError")
    assert error.count("\n") == 1


def test_help_fits_a_screen() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "photochrom", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    lines = ended.stdout.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("typed", "completed"), [("photochrom co", "colorize"), ("photochrom colorize --up", "--upsampling")]
)
def test_a_shell_completes_commands_and_options(shell: str, typed: str, completed: str) -> None:
    """Asked as the script asks that ``--install-completion`` gives to each shell."""
    asked = {
        "bash": {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))},
        "zsh": {"_TYPER_COMPLETE_ARGS": typed},
        "fish": {"_TYPER_COMPLETE_ARGS": typed, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }
    answered = subprocess.run(
        [sys.executable, "-m", "photochrom"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **asked[shell], "_PHOTOCHROM_COMPLETE": f"complete_{shell}"},
    )
    assert completed in answered.stdout, answered.stderr


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "photochrom 0.1.0\n"
