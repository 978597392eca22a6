"""The ``photochrom`` command: what it writes, what it says, how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import grpc
import numpy as np
import pytest
from PIL import Image

from photochrom._cli import main
from tests.client import scripted


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _with_the_target(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_TARGET", target)


def test_the_colored_picture_lies_beside_the_photograph(
    photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = photo.read_bytes()
    assert main(["colorize", "photo.jpg"]) == 0
    assert capsys.readouterr() == ("photo-color.jpg\n", "")
    assert _files(photo.parent) == {"photo.jpg", "photo-color.jpg"}
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
        ("scan.pgm", "L", "scan-color.png"),
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
    assert _files(tmp_path / "album") == {"one-color.png", "two-color.png"}


def test_one_photograph_goes_into_a_folder_too(photo: Path, tmp_path: Path) -> None:
    assert main(["colorize", "photo.jpg", "-o", "album"]) == 0
    assert _files(tmp_path / "album") == {"photo-color.jpg"}


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
    assert _files(photo.parent) == {"photo.jpg", "two.png"}


def test_a_folder_may_be_named_like_a_file(photo: Path, gradient: Image.Image, tmp_path: Path) -> None:
    gradient.save("two.png")
    (tmp_path / "single.png").mkdir()
    assert main(["colorize", "photo.jpg", "two.png", "-o", "single.png"]) == 0
    assert _files(tmp_path / "single.png") == {"photo-color.jpg", "two-color.png"}


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
    before = _files(tmp_path)
    assert main(["colorize", name, "-o", "out.png", "--compare"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"photochrom: {name}: {BAD[name][1]}")
    assert captured.err.count("\n") == 1
    assert _files(tmp_path) == before


@pytest.mark.usefixtures("bad_files")
def test_among_several_a_bad_picture_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["colorize", "absent.jpg", "photo.jpg", "letter.jpg", "-o", "album"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "album/photo-color.jpg\n"
    assert [line.split(": ")[1] for line in captured.err.splitlines()] == ["absent.jpg", "letter.jpg"]
    assert _files(tmp_path / "album") == {"photo-color.jpg"}


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
    before = {name: (tmp_path / name).read_bytes() for name in _files(tmp_path)}
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
    assert _files(tmp_path) == {"scan.gif", "scan.png", "scan-color.png"}


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
    assert _files(tmp_path) == {"taken.jpg"}


@pytest.mark.parametrize("command", [["colorize", "photo.jpg"], ["models"], ["health"]])
@pytest.mark.parametrize("target", ["127.0.0.1:1", "no-such-host.invalid:8500", "http://localhost:8500"])
def test_no_server_is_one_line_with_the_target_and_status_3(
    command: list[str], target: str, photo: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--target", target]) == 3
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("photochrom: ")
    assert f" {target}: " in captured.err
    assert captured.err.count("\n") == 1
    assert _files(tmp_path) == {"photo.jpg"}


def test_trouble_with_tls_is_one_line_whatever_grpc_logs(target: str, photo: Path) -> None:
    # gRPC's C core writes past sys.stderr, and learns at its import not to: hence a new process.
    ended = subprocess.run(
        [sys.executable, "-m", "photochrom", "colorize", photo, "--target", f"grpcs://{target}"],
        capture_output=True,
        text=True,
        check=False,
        env={key: value for key, value in os.environ.items() if key != "GRPC_VERBOSITY"},
    )
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert f"grpcs://{target}: " in ended.stderr


def test_what_the_server_refuses_is_status_3(
    photo: Path, service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    service.failures = [(grpc.StatusCode.INTERNAL, "it broke")]
    assert main(["colorize", "photo.jpg"]) == 3
    assert "INTERNAL (it broke)" in capsys.readouterr().err


@pytest.mark.parametrize(
    "code",
    [grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED],
)
def test_a_photograph_that_a_busy_server_does_not_get_to_does_not_stop_the_others(
    code: grpc.StatusCode,
    gradient: Image.Image,
    service: scripted.Colorizer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("one.png", "two.png"):
        gradient.save(name)
    service.failures = [(code, "busy")] * (1 if code is grpc.StatusCode.DEADLINE_EXCEEDED else 5)
    assert main(["colorize", "one.png", "two.png", "absent.png"]) == 3
    captured = capsys.readouterr()
    assert captured.out == "two-color.png\n"
    assert [line.split(": ")[1] for line in captured.err.splitlines()] == ["one.png", "absent.png"]


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED]
)
def test_what_the_server_has_against_all_ends_the_command(
    code: grpc.StatusCode,
    gradient: Image.Image,
    service: scripted.Colorizer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("one.png", "two.png"):
        gradient.save(name)
    service.failures = [(code, "no")]
    assert main(["colorize", "absent.png", "one.png", "two.png"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split(": ")[1] for line in captured.err.splitlines()] == ["absent.png", "one.png"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["colorize"],
        ["colorize", "photo.jpg", "--size", "5000"],
        ["colorize", "photo.jpg", "--saturation", "3"],
        ["colorize", "photo.jpg", "--saturation", "nan"],
        ["colorize", "photo.jpg", "--version", str(2**64)],
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


def test_models_as_a_table_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["MODEL", "VERSION", "STATE", "SIZES", "DESCRIPTION"]
    assert line.split(maxsplit=4) == ["scripted*", "3", "available", "64*", "Says one color"]
    assert main(["models", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["model"], row["version"], row["default"], row["default_size"]) == ("scripted", 3, True, 64)


def test_the_default_is_the_version_that_answers(
    service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    service.versions += [service.failed(4, "its digest is another")]
    assert main(["models"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["scripted*", "3", "available"],
        ["scripted", "4", "failed"],
    ]
    assert "its digest is another" in lines[1]


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "photochrom 0.1.0\n"
