"""What a video says beside its pixels stays said; codecs and containers are kept where they can be."""

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from photochrom import Colorizer
from photochrom_contract import lab
from photochrom_contract.v1 import colorizer_pb2 as messages
from tests.client import scripted
from tests.client.video import films
from tests.client.video.streaming import SIDE, Streaming

PAL: dict[str, Any] = {"context": {"sample_aspect_ratio": Fraction(16, 11)}}


@pytest.mark.parametrize(
    ("codec", "pixels", "suffix"),
    [
        ("libx264", "yuv420p", ".mp4"),
        ("libx264", "yuv422p10le", ".mov"),
        ("libx265", "yuv420p10le", ".mkv"),
        ("libvpx-vp9", "yuv420p", ".webm"),
        ("libvpx", "yuv420p", ".webm"),
        ("libsvtav1", "yuv420p", ".mp4"),
        ("ffv1", "yuv444p", ".mkv"),
        ("prores_ks", "yuv422p10le", ".mov"),
        ("mjpeg", "yuvj420p", ".mkv"),
    ],
)
def test_the_codec_its_samples_and_the_times_are_kept(
    codec: str, pixels: str, suffix: str, tmp_path: Path, colorizer: Colorizer
) -> None:
    luma = films.grey_frames(6) * np.uint16(4 if "10le" in pixels else 1)
    options = {"x265-params": "log-level=none"} if codec == "libx265" else None
    source = films.write(tmp_path / f"in{suffix}", luma, codec=codec, pixels=pixels, options=options)
    colored = colorizer.colorize_video(source, tmp_path / f"out{suffix}")
    before, after = films.read(source), films.read(tmp_path / f"out{suffix}")
    assert after.codec == before.codec == colored.codec
    assert after.frames[0].format.name.replace("yuvj", "yuv") == pixels.replace("yuvj", "yuv")
    assert after.times == before.times
    assert colored.notes == ()


@pytest.mark.parametrize(
    ("codec", "pixels", "suffix", "expected"),
    [
        ("mpeg4", "yuv420p", ".mp4", "h264"),
        ("mpeg2video", "yuv420p", ".mkv", "h264"),
        ("qtrle", "gray", ".mov", "h264"),
        ("libx264", "yuv420p", ".webm", "vp9"),
        ("ffv1", "gray10le", ".mp4", "h264"),
    ],
)
def test_a_codec_that_is_not_written_gives_way_and_that_is_said(
    codec: str, pixels: str, suffix: str, expected: str, *, tmp_path: Path, colorizer: Colorizer
) -> None:
    luma = films.grey_frames(6) * np.uint16(4 if pixels == "gray10le" else 1)
    source = films.write(
        tmp_path / ("in.mov" if codec == "qtrle" else "in.mkv"), luma, codec=codec, pixels=pixels
    )
    colored = colorizer.colorize_video(source, tmp_path / f"out{suffix}")
    assert colored.codec == expected
    before, after = films.read(source), films.read(tmp_path / f"out{suffix}")
    assert colored.notes == (f"its codec, {before.codec}, is not written to {suffix} here: {expected} is",)
    assert after.times == before.times


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are listed so on Linux only")
def test_an_av1_video_does_not_make_the_process_a_real_time_one(tmp_path: Path, colorizer: Colorizer) -> None:
    # Its encoder, run by root, gives itself and its caller the highest real-time priority: a server started
    # from there afterwards would starve its own callers.
    source = films.write(tmp_path / "in.mp4", films.grey_frames(6), codec="libsvtav1", pixels="yuv420p")
    colorizer.colorize_video(source, tmp_path / "out.mp4")
    threads = [int(thread.name) for thread in Path("/proc/self/task").iterdir()]
    assert {os.sched_getscheduler(thread) for thread in threads} == {os.SCHED_OTHER}


class TopRed(Streaming):
    """Whatever it is shown, it finds the upper half red."""

    def chroma(self, request: messages.ColorizeRequest) -> np.ndarray:
        chroma = np.zeros((2, SIDE, SIDE), np.float32)
        chroma[0, : SIDE // 2] = 50
        return chroma


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("turned", [90, 180, 270])
def test_rotation_is_kept_and_the_model_sees_frames_upright(turned: int, suffix: str, tmp_path: Path) -> None:
    luma = np.full((2, 48, 64), 120, np.uint8)
    source = films.write(tmp_path / f"in{suffix}", luma, codec="libx264", pixels="yuv420p", turned=turned)
    with scripted.serve(TopRed()) as target, Colorizer(target) as colorizer:
        colorizer.colorize_video(source, tmp_path / f"out{suffix}")
    after = films.read(tmp_path / f"out{suffix}")
    assert after.frames[0].rotation == films.read(source).frames[0].rotation != 0
    assert after.luma.shape == (2, 48, 64)
    shown = np.rot90(after.chroma[0, 1].astype(int), after.frames[0].rotation // 90)  # as a player turns it
    assert shown[:2].min() > shown[-2:].max() + 20


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mp4", "h264"), (".mp4", "vp9"), (".mkv", "h264"), (".mkv", "hevc")]
)
def test_the_shape_of_pixels_is_kept(suffix: str, codec: str, tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(tmp_path / "in.mkv", films.grey_frames(3), codec="libx264", pixels="yuv420p", **PAL)
    colored = colorizer.colorize_video(source, tmp_path / f"out{suffix}", codec=codec)
    assert films.read(tmp_path / f"out{suffix}").aspect == films.read(source).aspect == Fraction(16, 11)
    assert colored.notes == ()


def test_a_shape_of_pixels_that_is_not_written_is_said(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(tmp_path / "in.mkv", films.grey_frames(3), codec="libx264", pixels="yuv420p", **PAL)
    colored = colorizer.colorize_video(source, tmp_path / "out.mkv", codec="vp9")
    assert colored.notes == ("the shape of its pixels, 16:11, is not written with vp9 to .mkv",)


@pytest.mark.parametrize(("first", "order"), [("tff=1", 2), ("bff=1", 3)])
@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "h264"), (".mkv", "ffv1"), (".mov", "prores")])
def test_which_field_of_an_interlaced_frame_comes_first_is_kept(
    first: str, order: int, suffix: str, codec: str, *, tmp_path: Path, colorizer: Colorizer
) -> None:
    source = films.write(
        tmp_path / "in.mkv", films.grey_frames(3), codec="libx264", pixels="yuv420p",
        options={"x264-params": first},
    )  # fmt: skip
    colored = colorizer.colorize_video(source, tmp_path / f"out{suffix}", codec=codec)
    assert films.read(tmp_path / f"out{suffix}").stream.codec_context.field_order == order
    assert colored.notes == ()


def test_interlaced_frames_that_become_whole_ones_are_said(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(
        tmp_path / "in.mkv", films.grey_frames(3), codec="libx264", pixels="yuv420p",
        options={"x264-params": "tff=1"},
    )  # fmt: skip
    colored = colorizer.colorize_video(source, tmp_path / "out.mkv", codec="vp9")
    assert colored.notes == ("its frames are interlaced, which is not written with vp9",)


def test_metadata_and_chapters_are_kept_and_the_comment_says_what_colored_it(
    tmp_path: Path, colorizer: Colorizer
) -> None:
    plain = films.write(
        tmp_path / "plain.mp4", films.grey_frames(25), codec="libx264", pixels="yuv420p",
        metadata={"title": "The picnic", "comment": "From the attic"},
    )  # fmt: skip
    source = films.with_chapters(plain, tmp_path / "in.mp4", ["Leaving", "Arriving"])
    colored = colorizer.colorize_video(source, tmp_path / "out.mp4")
    with av.open(tmp_path / "out.mp4") as container:
        assert container.metadata["title"] == "The picnic"
        lines = container.metadata["comment"].splitlines()
        chapters = [
            (chapter["metadata"]["title"], chapter["start"] * Fraction(chapter["time_base"] or 0))
            for chapter in container.chapters()
        ]
    assert lines[0] == "From the attic"
    assert f"the model {colored.model} {colored.version} (SHA-256 " in lines[1]
    assert lines[1].endswith("/digitalsourcetype/algorithmicallyEnhanced")
    assert chapters == [("Leaving", 0), ("Arriving", Fraction(1, 2))]


def test_what_color_a_source_has_is_ignored_but_for_its_lightness(
    tmp_path: Path, colorizer: Colorizer
) -> None:
    source = films.write(
        tmp_path / "in.mkv", films.grey_frames(3), pixels="yuv420p", chroma=(150, 120), codec="ffv1"
    )
    colorizer.colorize_video(source, tmp_path / "out.mkv")
    before, after = (lab.rgb_to_lab(films.read(tmp_path / name).rgb) for name in ("in.mkv", "out.mkv"))
    assert np.abs(after[..., 0] - before[..., 0]).mean() < 0.3
    assert np.abs(after[..., 1:] - before[..., 1:]).mean() > 5


def test_a_transport_streams_clock_starts_at_its_own_beginning(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(
        tmp_path / "in.ts", films.grey_frames(25), codec="libx264", pixels="yuv420p",
        time_base=Fraction(1, 90_000), times=range(900_000, 900_000 + 25 * 3600, 3600),
    )  # fmt: skip
    colorizer.colorize_video(source, tmp_path / "out.mp4")
    before, after = films.read(source), films.read(tmp_path / "out.mp4")
    assert before.times[0] > 5
    shift = before.times[0] - after.times[0]
    assert after.times == [time - shift for time in before.times]
    assert after.times[0] < 1


def test_a_format_without_timestamps_gets_the_times_of_its_rate(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(
        tmp_path / "in.avi", films.grey_frames(20), codec="mpeg4", pixels="yuv420p", options={"bf": "2"}
    )
    colorizer.colorize_video(source, tmp_path / "out.mp4")
    times = films.read(tmp_path / "out.mp4").times
    assert times == [times[0] + Fraction(index, films.RATE) for index in range(20)]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (100, 2), (65, 49), (33, 7)])
def test_a_frame_may_have_any_size(width: int, height: int, tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(tmp_path / "in.mkv", films.grey_frames(3, width, height), pixels="gray")
    colorizer.colorize_video(source, tmp_path / "out.mkv")
    assert films.read(tmp_path / "out.mkv").luma.shape == (3, height, width)


def test_greys_of_16_bits_are_read_whichever_byte_is_first(tmp_path: Path, colorizer: Colorizer) -> None:
    luma = films.grey_frames(2).astype(np.uint16) << 8
    source = films.write(tmp_path / "in.mov", luma.byteswap(), codec="png", pixels="gray16be")
    colorizer.colorize_video(source, tmp_path / "out.mkv", codec="ffv1")
    before, after = luma / 65535, films.read(tmp_path / "out.mkv").rgb
    grey = lab.rgb_to_lab(np.repeat(before[..., None], 3, axis=-1))
    assert np.abs(lab.rgb_to_lab(after)[..., 0] - grey[..., 0]).mean() < 0.1


@pytest.mark.parametrize(
    ("width", "height", "sampling"), [(65, 49, "4:4:4"), (65, 48, "4:4:4"), (64, 49, "4:2:2")]
)
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_an_odd_size_takes_finer_chroma_and_that_is_said(
    codec: str, width: int, height: int, sampling: str, *, tmp_path: Path, colorizer: Colorizer
) -> None:
    source = films.write(tmp_path / "in.mkv", films.grey_frames(3, width, height))
    colored = colorizer.colorize_video(source, tmp_path / "out.mp4", codec=codec)
    assert films.read(tmp_path / "out.mp4").luma.shape == (3, height, width)
    said = f"its size, {width} x {height}, takes {sampling} chroma with {codec}, which not every player shows"
    assert colored.notes == (said,)


def test_the_486_lines_of_interlaced_ntsc_are_written(tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(
        tmp_path / "in.mkv", films.grey_frames(2, 720, 486), pixels="yuv420p", context={"field_order": 3}
    )
    colorizer.colorize_video(source, tmp_path / "out.mp4")
    after = films.read(tmp_path / "out.mp4")
    assert after.luma.shape == (2, 486, 720)
    assert after.stream.codec_context.field_order == 3


@pytest.mark.parametrize("full_range", [False, True])
def test_motion_jpeg_keeps_the_range(full_range: bool, tmp_path: Path, colorizer: Colorizer) -> None:
    source = films.write(
        tmp_path / "in.mkv", films.grey_frames(3), pixels="yuv420p",
        context={"color_range": 2 if full_range else 1},
    )  # fmt: skip
    colorizer.colorize_video(source, tmp_path / "out.mkv", codec="mjpeg")
    before, after = films.read(source), films.read(tmp_path / "out.mkv")
    difference = lab.rgb_to_lab(after.rgb)[..., 0] - lab.rgb_to_lab(before.rgb)[..., 0]
    assert np.abs(difference).mean() < 1
    assert after.frames[0].color_range == (2 if full_range else 1)


def test_bits_that_a_codec_does_not_keep_are_said(tmp_path: Path, colorizer: Colorizer) -> None:
    luma = films.grey_frames(2) * np.uint16(4)
    source = films.write(tmp_path / "in.mkv", luma, pixels="gray10le")
    colored = colorizer.colorize_video(source, tmp_path / "out.mkv", codec="vp8")
    assert colored.notes == ("of its 10 bits a sample, vp8 keeps 8",)


@pytest.mark.parametrize("pixels", ["rgb24", "rgba", "rgb48be", "ya8", "ya16be", "monob"])
def test_lightness_is_the_frames_own_in_pngs_too(pixels: str, tmp_path: Path, colorizer: Colorizer) -> None:
    luma = films.grey_frames(2)
    if pixels == "monob":
        luma = np.where(luma > 125, np.uint8(255), np.uint8(0))
    source = films.write_converted(tmp_path / "in.mov", luma, codec="png", pixels=pixels)
    colorizer.colorize_video(source, tmp_path / "out.mkv", codec="ffv1")
    grey = lab.rgb_to_lab(np.repeat(luma[..., None] / 255, 3, axis=-1))[..., 0]
    difference = lab.rgb_to_lab(films.read(tmp_path / "out.mkv").rgb)[..., 0] - grey
    assert np.abs(difference).mean() < 0.3
