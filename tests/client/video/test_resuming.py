"""A coloring that is cut off goes on where it was, and makes the same video."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from photochrom import Colorizer, VideoError, VideoProgress
from tests.client.video import films

FRAMES = 64  # two a second: parts end with frames 24 and 48, three blocks each


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of two scenes, the second one from frame 51 on."""
    luma = films.grey_frames(FRAMES)
    luma[51:] = 250 - luma[51:, :, ::-1]
    path = tmp_path_factory.mktemp("source") / "in.mkv"
    times = range(0, 500 * FRAMES, 500)
    return films.write(path, luma, times=times, time_base=Fraction(1, 1000))  # FFV1: exact


@pytest.fixture(scope="module")
def uninterrupted(source: Path, tiny_target: str, tmp_path_factory: pytest.TempPathFactory) -> films.Film:
    """What comes out at one go."""
    path = tmp_path_factory.mktemp("uninterrupted") / "out.mkv"
    with Colorizer(tiny_target) as colorizer:
        assert colorizer.colorize_video(source, path).resumed == 0
    return films.read(path)


def colorize_and_die(source: Path, destination: Path, target: str, frame: int) -> None:
    """Color in a process that kills itself when so many frames are colored: SIGKILL, no last words."""
    script = (
        "import os, signal, sys; from photochrom import Colorizer\n"
        "source, out, target, frame = sys.argv[1:]\n"
        "def die(state):\n"
        "    if state.frames == int(frame): os.kill(os.getpid(), signal.SIGKILL)\n"
        "with Colorizer(target) as colorizer: colorizer.colorize_video(source, out, progress=die)\n"
    )
    arguments = [str(source), str(destination), target, str(frame)]
    ended = subprocess.run([sys.executable, "-c", script, *arguments], check=False)
    assert ended.returncode == -signal.SIGKILL


def same(one: films.Film, other: films.Film) -> bool:
    return (
        one.times == other.times
        and np.array_equal(one.luma, other.luma)
        and np.array_equal(one.chroma, other.chroma)
    )


@pytest.mark.parametrize(("killed_at", "resumed"), [(40, 24), (FRAMES, 48)])
def test_after_kill_9_it_goes_on_from_the_last_whole_part(
    killed_at: int, resumed: int, source: Path, uninterrupted: films.Film, *, tiny_target: str, tmp_path: Path
) -> None:
    destination = tmp_path / "out.mkv"
    colorize_and_die(source, destination, tiny_target, killed_at)
    assert not destination.exists()
    seen: list[VideoProgress] = []
    with Colorizer(tiny_target) as colorizer:
        colored = colorizer.colorize_video(source, destination, progress=seen.append)
    assert (colored.frames, colored.resumed) == (FRAMES, resumed)
    assert [state.frames for state in seen] == list(range(resumed + 1, FRAMES + 1))
    assert same(films.read(destination), uninterrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mkv"]


def test_a_reordering_codec_keeps_the_order_over_the_parts(
    source: Path, colorizer: Colorizer, tmp_path: Path
) -> None:
    colorizer.colorize_video(source, tmp_path / "out.mp4", codec="h264")
    film = films.read(tmp_path / "out.mp4")
    assert film.times == films.read(source).times
    assert film.stream.has_b_frames


def colorize_half(colorizer: Colorizer, source: Path, destination: Path, *, salvage: bool = False) -> None:
    def stop(state: VideoProgress) -> None:
        if state.frames == 40:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        colorizer.colorize_video(source, destination, salvage=salvage, progress=stop)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A film that is damaged in its first part, and in its last."""
    return damage(tmp_path / "damaged.mkv", 1 / 8, 7 / 8)


def damage(path: Path, *places: float) -> Path:
    films.write(
        path,
        films.grey_frames(FRAMES),
        codec="mpeg4",
        pixels="yuv420p",
        options={"g": "1"},
        times=range(0, 500 * FRAMES, 500),
        time_base=Fraction(1, 1000),
    )
    content = bytearray(path.read_bytes())
    for start in (round(len(content) * place) for place in places):
        content[start : start + 200] = bytes(200)
    path.write_bytes(content)
    return path


def test_damage_before_the_part_that_it_goes_on_with_is_noted_too(
    damaged: Path, colorizer: Colorizer, tmp_path: Path
) -> None:
    whole = colorizer.colorize_video(damaged, tmp_path / "whole.mkv", salvage=True)
    assert len(whole.notes) >= 2

    colorize_half(colorizer, damaged, tmp_path / "out.mkv", salvage=True)
    colored = colorizer.colorize_video(damaged, tmp_path / "out.mkv", salvage=True)
    assert colored.resumed > 0
    assert colored.notes == whole.notes


def test_salvage_goes_on_behind_what_was_colored_before_the_damage(
    colorizer: Colorizer, tmp_path: Path
) -> None:
    damaged = damage(tmp_path / "damaged.mkv", 7 / 8)
    with pytest.raises(VideoError, match="is damaged at 0:00:3"):
        colorizer.colorize_video(damaged, tmp_path / "out.mkv")
    assert colorizer.colorize_video(damaged, tmp_path / "out.mkv", salvage=True).resumed > 0


def test_what_was_salvaged_is_an_error_for_who_does_not_salvage(colorizer: Colorizer, tmp_path: Path) -> None:
    damaged = damage(tmp_path / "damaged.mkv", 1 / 8)
    colorize_half(colorizer, damaged, tmp_path / "out.mkv", salvage=True)
    with pytest.raises(VideoError, match=r"is damaged at 0:00:0\d\.\d: .* \(salvage, --salvage"):
        colorizer.colorize_video(damaged, tmp_path / "out.mkv")
    assert not (tmp_path / "out.mkv").exists()


def test_a_kill_while_the_parts_are_joined_leaves_nothing_behind(
    source: Path, uninterrupted: films.Film, colorizer: Colorizer, tiny_target: str, tmp_path: Path
) -> None:
    destination = tmp_path / "out.mkv"
    colorizer.colorize_video(source, destination)
    most = destination.stat().st_size * 3 // 4  # more than any part has
    destination.unlink()
    script = (
        "import resource, signal, sys; from photochrom import Colorizer\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the kernel's kill, at a size\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))\n"
        "Colorizer(sys.argv[1]).colorize_video(sys.argv[2], sys.argv[3])\n"
    )
    arguments = [tiny_target, str(source), str(destination), str(most)]
    ended = subprocess.run([sys.executable, "-c", script, *arguments], check=False)
    assert ended.returncode == -signal.SIGXFSZ
    assert colorizer.colorize_video(source, destination).resumed == FRAMES
    assert same(films.read(destination), uninterrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mkv"]


def test_it_goes_on_in_a_format_without_timestamps(colorizer: Colorizer, tmp_path: Path) -> None:
    luma = films.grey_frames(300)  # twelve seconds
    source = films.write(tmp_path / "in.h264", luma, codec="libx264", pixels="yuv420p")
    whole = colorizer.colorize_video(source, tmp_path / "whole.mkv", codec="ffv1")

    def stop(state: VideoProgress) -> None:
        if state.frames == 290:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        colorizer.colorize_video(source, tmp_path / "out.mkv", codec="ffv1", progress=stop)
    colored = colorizer.colorize_video(source, tmp_path / "out.mkv", codec="ffv1")
    assert (colored.frames, colored.resumed) == (whole.frames, 256)
    assert same(films.read(tmp_path / "out.mkv"), films.read(tmp_path / "whole.mkv"))


def test_two_processes_do_not_color_into_one_file_at_once(
    source: Path, colorizer: Colorizer, tiny_target: str, tmp_path: Path
) -> None:
    def color_too(state: VideoProgress) -> None:
        if state.frames == 30:
            with Colorizer(tiny_target) as other, pytest.raises(VideoError, match="another process colors"):
                other.colorize_video(source, tmp_path / "out.mkv")

    assert colorizer.colorize_video(source, tmp_path / "out.mkv", progress=color_too).frames == FRAMES


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="Linux tells what a process has open")
def test_its_lock_is_on_a_file_open_for_writing_which_nfs_asks_for(
    source: Path, colorizer: Colorizer, tmp_path: Path
) -> None:
    lock, modes = tmp_path / ".out.mkv.photochrom" / "lock", set()

    def look(_: VideoProgress) -> None:
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # the list's own
                if link.readlink() == lock:
                    modes.add(fcntl.fcntl(int(link.name), fcntl.F_GETFL) & os.O_ACCMODE)

    colorizer.colorize_video(source, tmp_path / "out.mkv", progress=look)
    assert modes == {os.O_WRONLY}


def test_parts_of_other_settings_or_of_another_source_are_not_used(
    source: Path, colorizer: Colorizer, tiny_target: str, tmp_path: Path
) -> None:
    destination = tmp_path / "out.mkv"
    colorize_half(colorizer, source, destination)
    with Colorizer(tiny_target, saturation=0.5) as paler:
        assert paler.colorize_video(source, destination).resumed == 0
    colorize_half(colorizer, source, destination)
    other = tmp_path / "other.mkv"
    other.write_bytes(source.read_bytes())
    assert colorizer.colorize_video(other, destination).resumed == 0


def test_a_part_whose_file_is_gone_is_colored_again(
    source: Path, colorizer: Colorizer, uninterrupted: films.Film, tmp_path: Path
) -> None:
    destination = tmp_path / "out.mkv"
    colorize_half(colorizer, source, destination)
    (tmp_path / ".out.mkv.photochrom" / "00001.nut").unlink()
    assert colorizer.colorize_video(source, destination).resumed == 0
    assert same(films.read(destination), uninterrupted)


def test_a_journal_line_that_was_cut_off_counts_for_nothing(
    source: Path, colorizer: Colorizer, uninterrupted: films.Film, tmp_path: Path
) -> None:
    destination = tmp_path / "out.mkv"
    colorize_half(colorizer, source, destination)
    journal = tmp_path / ".out.mkv.photochrom" / "journal.jsonl"
    header, part = journal.read_text().splitlines()
    assert json.loads(part)["frames"] == 24
    journal.write_text(f"{header}\n{part[:-3]}")
    colorize_half(colorizer, source, destination)
    assert [json.loads(line) for line in journal.read_text().splitlines()][1] == json.loads(part)
    assert colorizer.colorize_video(source, destination).resumed == 24
    assert same(films.read(destination), uninterrupted)
