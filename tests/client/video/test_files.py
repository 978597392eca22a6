"""A video in, the same video out: what a file keeps."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from photochrom import Colorizer
from photochrom_contract import lab
from tests.client.video import films


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".webm"])
def test_every_frame_comes_out_at_its_time_and_in_color(
    suffix: str, tmp_path: Path, colorizer: Colorizer
) -> None:
    source = films.write(tmp_path / "in.mkv", films.grey_frames(30))
    colored = colorizer.colorize_video(source, tmp_path / f"out{suffix}")
    before, after = films.read(source), films.read(tmp_path / f"out{suffix}")
    assert colored.frames == len(after.times) == 30
    assert after.times == before.times
    assert after.stream.average_rate == films.RATE
    assert np.ptp(after.chroma, axis=(2, 3)).max() > 10


@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", [1, 6, 9])
def test_lightness_is_the_frames_own(
    depth: int, full_range: bool, matrix: int, tmp_path: Path, colorizer: Colorizer
) -> None:
    pixels = "yuv420p" if depth == 8 else "yuv420p10le"
    luma = films.grey_frames(3) * np.uint16(1 << depth - 8)
    context = {"colorspace": matrix, "color_range": 2 if full_range else 1}
    source = films.write(tmp_path / "in.mkv", luma, pixels=pixels, context=context)
    colorizer.colorize_video(source, tmp_path / "out.mkv")  # FFV1 loses nothing
    before, after = films.read(source), films.read(tmp_path / "out.mkv")
    difference = np.abs(lab.rgb_to_lab(after.rgb)[..., 0] - lab.rgb_to_lab(before.rgb)[..., 0])
    assert difference.mean() < (0.25 if depth == 8 else 0.1)  # a code of 8 bits is about 0.46 L*
    assert np.quantile(difference, 0.99) < 1
    assert after.frames[0].colorspace == matrix
    assert after.frames[0].color_range == (2 if full_range else 1)


def test_sound_and_subtitles_are_copied_packet_by_packet(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(tmp_path / "in.mkv", films.grey_frames(25), sound=True, subtitles="subrip")
    colorizer.colorize_video(source, tmp_path / "out.mkv")
    for kind in ("audio", "subtitle"):
        assert films.packets(tmp_path / "out.mkv", kind) == films.packets(source, kind)


def test_sound_in_mp4_stays_where_it_was_beside_the_picture(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(
        tmp_path / "in.mp4", films.grey_frames(25), codec="libx264", pixels="yuv420p", sound=True
    )
    for suffix in (".mp4", ".mkv"):
        destination = tmp_path / f"out{suffix}"
        colorizer.colorize_video(source, destination)
        before, after = films.packets(source, "audio"), films.packets(destination, "audio")
        assert [sound for _, sound in after] == [sound for _, sound in before]
        shift = films.read(destination).times[0] - films.read(source).times[0]  # Matroska starts at 0
        assert max(abs(b[0] + shift - a[0]) for a, b in zip(after, before, strict=True)) < Fraction(1, 1000)


def test_a_variable_frame_rate_stays_as_it_is(tmp_path: Path, colorizer: Colorizer) -> None:
    times = list(np.cumsum([5, 3, 40, 1, 1, 90, 2, 7] * 4))
    source = films.write(
        tmp_path / "in.mp4",
        films.grey_frames(len(times)),
        codec="libx264",
        pixels="yuv420p",
        times=times,
        time_base=Fraction(1, 600),
        options={"bf": "0"},
    )
    colorizer.colorize_video(source, tmp_path / "out.mp4")
    assert films.read(tmp_path / "out.mp4").times == films.read(source).times


@pytest.mark.parametrize(
    "name", ["Berlin: Die Sinfonie.mkv", "-o.mkv", "film%03d.mkv", "Kinder \udcfcben.mkv"]
)
def test_a_file_may_have_any_name(
    name: str, tmp_path: Path, colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    films.write(tmp_path / "in.mkv", films.grey_frames(3)).rename(name)
    colorizer.colorize_video(name, f"color/{name}")
    colorizer.colorize_video(name, f"{name}-color.mkv")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, f"{name}-color.mkv", "color"])
