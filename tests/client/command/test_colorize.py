"""``photochrom colorize``: what it writes, and where."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom._cli import main
from tests.client import scripted
from tests.client.command.conftest import files_in


def test_the_colored_picture_lies_beside_the_photograph(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = photo.read_bytes()
    assert main(["colorize", "photo.jpg"]) == 0
    assert capsys.readouterr() == ("photo-color.jpg\n", "")
    assert files_in(photo.parent) == {"photo.jpg", "photo-color.jpg"}
    assert photo.read_bytes() == before
    with Image.open("photo-color.jpg") as colored:
        assert (colored.format, colored.mode, colored.size) == ("JPEG", "RGB", (90, 60))
        assert np.ptp(np.asarray(colored, int), axis=2).max() > 50


@pytest.mark.parametrize(
    ("name", "mode", "written"),
    [
        ("scan.tif", "L", "scan-color.tif"),
        ("scan.TIFF", "I;16", "scan-color.TIFF"),
        ("scan.png", "1", "scan-color.png"),
        ("scan.png", "LA", "scan-color.png"),
        ("scan.webp", "RGB", "scan-color.webp"),
        ("scan.bmp", "L", "scan-color.bmp"),
        ("scan.gif", "L", "scan-color.png"),
        ("scan.pgm", "L", "scan-color.ppm"),
        ("scan.tga", "RGBA", "scan-color.png"),
        ("scan.jpg", "CMYK", "scan-color.jpg"),
    ],
)
def test_the_format_is_the_photographs_own_if_it_holds_full_color(
    name: str, mode: str, written: str, gradient: Image.Image
) -> None:
    deep = Image.fromarray(np.asarray(gradient, np.uint16) * 257)
    (deep if mode == "I;16" else gradient.convert(mode)).save(name)
    assert main(["colorize", name]) == 0
    with Image.open(written) as colored:
        assert colored.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
        assert Image.registered_extensions()[Path(written).suffix.lower()] == colored.format


def test_an_output_file_sets_the_format(photo: Path) -> None:
    assert main(["colorize", "photo.jpg", "-o", "deep/down/colored.webp"]) == 0
    with Image.open("deep/down/colored.webp") as colored:
        assert colored.format == "WEBP"


def test_transparency_shows_on_white_where_the_format_has_none(gradient: Image.Image) -> None:
    picture = gradient.convert("LA")
    picture.putalpha(0)
    picture.save("clear.png")
    assert main(["colorize", "clear.png", "-o", "flat.jpg"]) == 0
    with Image.open("flat.jpg") as colored:
        assert colored.getextrema() == ((255, 255),) * 3


def test_several_photographs_go_into_a_folder(gradient: Image.Image, tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        gradient.save(name)
    assert main(["colorize", "one.png", "two.png", "-o", "album"]) == 0
    assert files_in(tmp_path / "album") == {"one-color.png", "two-color.png"}


def test_one_photograph_goes_into_a_folder_too(photo: Path, tmp_path: Path) -> None:
    assert main(["colorize", "photo.jpg", "-o", "album"]) == 0
    assert files_in(tmp_path / "album") == {"photo-color.jpg"}


@pytest.mark.parametrize("output", ["single.png", "photo.jpg"])
def test_one_file_is_no_output_of_several_photographs(
    output: str,
    photo: Path,
    gradient: Image.Image,
    service: scripted.Colorizer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gradient.save("two.png")
    assert main(["colorize", "photo.jpg", "two.png", "-o", output]) == 2
    assert capsys.readouterr() == ("", f"photochrom: {output}: is one file for 2 pictures: name a folder\n")
    assert service.requests == []
    assert files_in(photo.parent) == {"photo.jpg", "two.png"}


def test_a_folder_may_be_named_like_a_file(photo: Path, gradient: Image.Image, tmp_path: Path) -> None:
    gradient.save("two.png")
    (tmp_path / "single.png").mkdir()
    assert main(["colorize", "photo.jpg", "two.png", "-o", "single.png"]) == 0
    assert files_in(tmp_path / "single.png") == {"photo-color.jpg", "two-color.png"}


def test_a_name_of_the_greatest_length_is_written(gradient: Image.Image) -> None:
    stem = "n" * (255 - len("-color-compare.png"))
    gradient.save(f"{stem}.png")
    assert main(["colorize", f"{stem}.png", "--compare"]) == 0
    assert Path(f"{stem}-color-compare.png").is_file()


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="file names are Unicode here")
def test_a_name_that_is_not_unicode_is_printed_as_the_bytes_that_it_is(photo: Path, tmp_path: Path) -> None:
    name = b"caf\xe9 \xff.jpg"
    photo.rename(tmp_path / os.fsdecode(name))
    command: list[str | bytes] = [sys.executable, "-m", "photochrom", "colorize"]
    command += [name, b"absent \xff.jpg"]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.stdout == b"caf\xe9 \xff-color.jpg\n"
    assert ended.stderr.endswith(b": no such file\n")
    assert ended.stderr.count(b"\n") == 1
    assert ended.returncode == 2


def test_an_older_output_is_replaced(photo: Path) -> None:
    Path("photo-color.jpg").write_text("old")
    assert main(["colorize", "photo.jpg"]) == 0
    with Image.open("photo-color.jpg") as colored:
        assert colored.size == (90, 60)


def test_compare_writes_before_and_after_as_well(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["colorize", "photo.jpg", "--compare"]) == 0
    assert capsys.readouterr().out.split() == ["photo-color.jpg", "photo-color-compare.jpg"]
    with Image.open("photo-color-compare.jpg") as strip:
        assert strip.size == (2 * 90 + 1, 60)
        pixels = np.asarray(strip, int)
    assert np.ptp(pixels[:, :80], axis=2).max() <= 4
    assert np.ptp(pixels[:, 110:], axis=2).max() > 50


@pytest.mark.parametrize("mode", ["I;16", "LA", "CMYK", "P"])
def test_compare_shows_pictures_of_every_kind(mode: str, gradient: Image.Image) -> None:
    deep = Image.fromarray(np.asarray(gradient, np.uint16) * 257)
    (deep if mode == "I;16" else gradient.convert(mode)).save("scan.tif")
    assert main(["colorize", "scan.tif", "--compare"]) == 0
    with Image.open("scan-color-compare.tif") as strip, Image.open("scan-color.tif") as colored:
        assert strip.size == (181, 60)
        before, after = np.asarray(strip, int)[:, :90], np.asarray(colored.convert("RGB"), int)
    assert np.abs(before.mean(axis=2) - np.asarray(gradient, int)).max() <= 2
    assert not np.array_equal(before, after)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_with_130_and_leaves_nothing_half_written(number: signal.Signals) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1000, 1000)).astype(np.uint8)
    names = [f"{index}.png" for index in range(20)]
    for name in names:
        Image.fromarray(noise).save(name)
    command = [sys.executable, "-m", "photochrom", "colorize", *names, "-o", "colored"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # there is a first one
        process.send_signal(number)
        process.communicate()
    assert process.returncode == 130
    assert all(path.name.endswith("-color.png") for path in Path("colored").iterdir())
