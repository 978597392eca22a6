"""``photochrom video``: what it writes, what it says, how it ends."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from photochrom._cli import main
from tests.client import scripted
from tests.client.terminal import shown_on_a_terminal
from tests.client.video import films
from tests.client.video.streaming import Streaming


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, tiny_target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOTOCHROM_TARGET", tiny_target)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return films.write(tmp_path / "film.mp4", films.grey_frames(10), codec="libx264", pixels="yuv420p")


def test_the_colored_video_is_written_and_named(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["video", "film.mp4", "deep/down/color.mp4"]) == 0
    assert capsys.readouterr() == ("deep/down/color.mp4\n", "")
    assert films.read(Path("deep/down/color.mp4")).times == films.read(film).times


def test_who_watches_sees_how_far_it_is(tmp_path: Path) -> None:
    films.write(tmp_path / "longer.mkv", films.grey_frames(60))
    shown = shown_on_a_terminal("video", "longer.mkv", "color.mkv")
    assert "longer.mkv" in shown
    assert "60 frames" in shown
    assert "100 %" in shown
    assert shown.endswith("color.mkv\r\n")


def test_an_older_output_is_replaced(film: Path) -> None:
    Path("color.mp4").write_text("old")
    assert main(["video", "film.mp4", "color.mp4"]) == 0
    assert len(films.read(Path("color.mp4")).times) == 10


def test_what_is_otherwise_than_in_the_source_is_said(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["video", "film.mp4", "color.webm"]) == 0
    said = "photochrom: film.mp4: its codec, h264, is not written to .webm here: vp9 is\n"
    assert capsys.readouterr() == ("color.webm\n", said)


def test_json_tells_what_was_made(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["video", "film.mp4", "color.mkv", "--codec", "ffv1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "path": "color.mkv",
        "frames": 10,
        "resumed": 0,
        "duration": 0.4,
        "codec": "ffv1",
        "model": "photochrom",
        "version": 1,
        "notes": [],
    }


def test_a_bad_video_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["video", "absent.mp4", "color.mp4"]) == 2
    assert capsys.readouterr() == ("", "photochrom: absent.mp4: no such file\n")


def test_no_server_is_status_3_and_no_file(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["video", "film.mp4", "color.mp4", "--target", "127.0.0.1:1", "--timeout", "1"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("photochrom: 127.0.0.1:1: ")
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def has_a_part(journal: Path) -> bool:
    return journal.exists() and journal.read_text().count("\n") > 1


def test_an_interrupt_ends_it_with_130_and_the_same_command_goes_on(tmp_path: Path) -> None:
    frames = 80  # two a second: a part has 24
    times = range(0, frames * 500, 500)
    films.write(tmp_path / "film.mkv", films.grey_frames(frames), times=times, time_base=films.MILLISECONDS)
    journal = tmp_path / ".color.mkv.photochrom" / "journal.jsonl"
    service = Streaming()
    service.limit = frames - 1  # so that it cannot end, and a part is whole however much is still on its way
    with scripted.serve(service) as target:
        command = [sys.executable, "-m", "photochrom", "video", "film.mkv", "color.mkv", "--target", target]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            while process.poll() is None and not has_a_part(journal):
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate()
        interrupted = "photochrom: film.mkv: interrupted: the same command goes on where it was\n"
        assert (process.returncode, said) == (130, interrupted)
        service.limit = None
        ended = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    made = json.loads(ended.stdout)
    assert made["frames"] == frames
    assert made["resumed"] in (24, 48, 72)
