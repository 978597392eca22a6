"""What goes wrong with a video is one clear line, and no half-written file."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import photochrom
from photochrom import Colorizer
from tests.client.video import films


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def sound_alone(path: Path) -> None:
    films.write(path.with_suffix(".mkv"), films.grey_frames(2), sound=True)
    films.copy_sound(path.with_suffix(".mkv"), path)


SOURCES: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent.mp4": (lambda path: None, "no such file"),
    "folder.mp4": (lambda path: path.mkdir(), "is a folder"),
    "letter.mp4": (lambda path: path.write_text("Dear grandmother"), "is not a video"),
    "empty.mkv": (lambda path: path.write_bytes(b""), "is not a video"),
    "sound.wav": (sound_alone, "has no video stream: there is audio in it"),
    "cover.mp3": (films.sound_with_cover, "has no video stream: there is audio, cover picture in it"),
    "pipe.mkv": (os.mkfifo, "is no file: a video is read more than once"),
    "bright.mkv": (
        lambda path: films.write(
            path, films.grey_frames(2), pixels="yuv420p", context={"color_trc": 16, "colorspace": 9}
        ),
        "is of high dynamic range (PQ)",
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_is_no_video_is_told(name: str, tmp_path: Path, colorizer: Colorizer) -> None:
    make, message = SOURCES[name]
    make(tmp_path / name)
    before = files(tmp_path)
    with pytest.raises(photochrom.VideoError) as caught:
        colorizer.colorize_video(tmp_path / name, tmp_path / "out.mp4")
    assert str(caught.value).startswith(f"{tmp_path / name}: {message}")
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == before


DESTINATIONS = {
    "in.mkv": ({}, "is the video to color"),
    "link.mkv": ({}, "is the video to color"),
    "folder.mkv": ({}, "is a folder"),
    "out.avi": ({}, "its extension names no format for colored video; use one of .m4v .mkv .mov .mp4 .webm"),
    "out.webm": ({}, ".webm holds no pcm_s16le, which the source's stream 1 (audio) is: choose .mkv"),
    "a.mkv": ({"codec": "cinepak"}, "codec is cinepak, but must be one of av1, ffv1, h264"),
    "b.mp4": ({"codec": "ffv1"}, ".mp4 holds no ffv1 here; use one of av1, h264, hevc, vp9"),
    "c.mkv": ({"codec": "h264", "crf": 52}, "crf is 52, but for h264 must be within 0 to 51"),
    "d.mkv": ({"codec": "ffv1", "crf": 2}, "crf is 2, but ffv1 has no such measure"),
    "in.mkv/out.mkv": ({}, "cannot be written: "),
}


@pytest.mark.parametrize("name", DESTINATIONS)
def test_a_destination_that_does_not_do_is_told_before_anything_is_colored(
    name: str, tmp_path: Path, colorizer: Colorizer
) -> None:
    options, message = DESTINATIONS[name]
    source = films.write(tmp_path / "in.mkv", films.grey_frames(4), sound=True)
    (tmp_path / "link.mkv").symlink_to(source)
    (tmp_path / "folder.mkv").mkdir()
    before, content = files(tmp_path), source.read_bytes()
    with pytest.raises(photochrom.VideoError) as caught:
        colorizer.colorize_video(source, tmp_path / name, **options)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{tmp_path / name}: {message}")
    assert files(tmp_path) == before
    assert source.read_bytes() == content


def test_where_a_stream_can_go_instead_is_told(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(
        tmp_path / "in.mp4", films.grey_frames(25), codec="libx264", pixels="yuv420p", subtitles="mov_text"
    )
    with pytest.raises(
        photochrom.VideoError, match=r"\.mkv holds no mov_text, .*\(subtitle\) is: choose \.mov$"
    ):
        colorizer.colorize_video(source, tmp_path / "out.mkv")


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Four seconds, of which something in the middle is overwritten."""
    source = films.write(
        tmp_path / "in.mkv",
        films.grey_frames(100),
        codec="mpeg4",
        pixels="yuv420p",
        options={"g": "1"},
    )
    content = bytearray(source.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    source.write_bytes(content)
    return source


def test_damage_is_told_with_its_time_and_nothing_is_written(
    damaged: Path, tmp_path: Path, colorizer: Colorizer
) -> None:
    with pytest.raises(photochrom.VideoError, match=r"is damaged at 0:00:0[12]\.\d: .*--salvage"):
        colorizer.colorize_video(damaged, tmp_path / "out.mkv")
    assert files(tmp_path) == {"in.mkv"}


def test_salvage_goes_on_after_damage_and_notes_it(
    damaged: Path, tmp_path: Path, colorizer: Colorizer
) -> None:
    colored = colorizer.colorize_video(damaged, tmp_path / "out.mkv", salvage=True)
    assert any("is damaged at 0:00:0" in note for note in colored.notes)
    times = films.read(tmp_path / "out.mkv").times
    assert 90 <= len(times) == colored.frames <= 100
    assert times[-1] == films.read(damaged).times[-1]


@pytest.mark.parametrize("salvage", [False, True])
def test_a_file_that_is_cut_off_is_damaged_at_its_end(
    salvage: bool, tmp_path: Path, colorizer: Colorizer
) -> None:
    source = films.write(tmp_path / "in.mkv", films.grey_frames(100))
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])
    if salvage:
        colored = colorizer.colorize_video(source, tmp_path / "out.mkv", salvage=True)
        assert 40 <= colored.frames < 60
        assert "says that it lasts until 0:00:04.0" in colored.notes[-1]
    else:
        with pytest.raises(photochrom.VideoError, match=r"is damaged at 0:00:0[12]\.\d: it ends there"):
            colorizer.colorize_video(source, tmp_path / "out.mkv")
        assert not (tmp_path / "out.mkv").exists()


def test_salvage_goes_on_after_damage_of_the_first_frame(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(
        tmp_path / "in.mkv", films.grey_frames(20), codec="mpeg4", pixels="yuv420p", options={"g": "1"}
    )
    _, first = films.packets(source, "video")[0]
    source.write_bytes(source.read_bytes().replace(first, bytes(len(first))))
    with pytest.raises(photochrom.VideoError, match=r"is damaged at 0:00:00\.[01]: .*--salvage"):
        colorizer.colorize_video(source, tmp_path / "out.mkv")
    assert colorizer.colorize_video(source, tmp_path / "out.mkv", salvage=True).frames == 19


def test_a_gap_in_a_transport_stream_is_damage(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(tmp_path / "in.ts", films.grey_frames(100), codec="libx264", pixels="yuv420p")
    content = source.read_bytes()
    middle = len(content) // 2 // 188 * 188
    source.write_bytes(content[:middle] + content[middle + 8 * 188 :])  # without eight of its packets
    with pytest.raises(
        photochrom.VideoError, match=r"is damaged at 0:00:0[12]\.\d: something there is missing"
    ):
        colorizer.colorize_video(source, tmp_path / "out.mkv")
    colored = colorizer.colorize_video(source, tmp_path / "out.mkv", salvage=True)
    assert colored.frames < 100
    assert "something there is missing" in colored.notes[0]


def test_sound_that_lasts_longer_than_the_picture_is_no_damage(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(tmp_path / "in.mkv", films.grey_frames(25), sound=True, sound_seconds=3)
    assert colorizer.colorize_video(source, tmp_path / "out.mkv").frames == 25
    assert films.packets(tmp_path / "out.mkv", "audio") == films.packets(source, "audio")


def strung_together(path: Path, count: int, **how: Any) -> Path:
    """Two films of so many frames each: the clock starts anew in between."""
    films.write(path, films.grey_frames(count), pixels="yuv420p", **how)
    path.write_bytes(path.read_bytes() * 2)
    return path


def test_a_clock_that_goes_back_is_told_and_not_half_the_film_left_out(
    tmp_path: Path, colorizer: Colorizer
) -> None:
    source = strung_together(tmp_path / "in.mpg", 50, codec="mpeg2video")
    with pytest.raises(
        photochrom.VideoError, match=r"at 0:00:0[12]\.\d: its clock goes back there, to 0:00:00"
    ):
        colorizer.colorize_video(source, tmp_path / "out.mkv")


def test_salvage_leaves_out_sound_that_cannot_be_copied(tmp_path: Path, colorizer: Colorizer) -> None:
    source = strung_together(tmp_path / "in.ts", 50, codec="libx264", sound=True)
    colored = colorizer.colorize_video(source, tmp_path / "out.mkv", salvage=True)
    assert colored.frames == 50
    *_, clock, sound = colored.notes
    assert "its clock goes back there" in clock
    assert sound == "is damaged at 0:00:00.0: not all of its audio can be copied from there on"
    both, kept = films.packets(source, "audio"), films.packets(tmp_path / "out.mkv", "audio")
    assert len(both) // 2 <= len(kept) < len(both)


def test_a_size_that_changes_is_told_with_its_time(tmp_path: Path, colorizer: Colorizer) -> None:
    source = tmp_path / "in.mkv"
    films.join_of_sizes(source, [(64, 48), (48, 64)])
    with pytest.raises(
        photochrom.VideoError, match=r"changes its size from 64 x 48 to 48 x 64 at 0:00:00\.4"
    ):
        colorizer.colorize_video(source, tmp_path / "out.mkv")


def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    tiny_target: str, tmp_path: Path, colorizer: Colorizer
) -> None:
    random = np.random.default_rng(0)
    noise = random.integers(16, 235, (40, 48, 64)).astype(np.uint8)
    source = films.write(tmp_path / "in.mkv", noise)
    script = (
        "import resource, signal, sys; from photochrom import Colorizer, VideoError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))\n"
        "try: Colorizer(sys.argv[1]).colorize_video(sys.argv[2], sys.argv[3])\n"
        "except VideoError as error: print(error)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, tiny_target, source, tmp_path / "out.mkv"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == f"{tmp_path / 'out.mkv'}: cannot be written: File too large\n"
    assert files(tmp_path) == {"in.mkv"}
    assert colorizer.colorize_video(source, tmp_path / "out.mkv").frames == 40
    assert files(tmp_path) == {"in.mkv", "out.mkv"}


@pytest.mark.parametrize(("missing", "named"), [("av", "PyAV"), ("cv2", "OpenCV")])
def test_without_the_extra_it_says_what_to_install(missing: str, named: str, tmp_path: Path) -> None:
    script = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from photochrom._cli import main; sys.exit(main(['video', 'in.mp4', 'out.mp4']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert ended.returncode == 2
    expected = f"in.mp4: coloring a video takes {named}: pip install 'photochrom[video]'"
    assert ended.stderr == f"photochrom: {expected}\n"
