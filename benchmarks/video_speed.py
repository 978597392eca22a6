"""Frames a second of ``colorize_video``, against the bare session's, and its memory for short and long.

A server process and the client share the machine, as on a desk: the model, optical flow, H.264 decoding
and encoding all take their part of the cores. The bare session runs batches of eight, in turns with the
video. Writes markdown.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import skimage.data
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from benchmarks import report, subjects
from photochrom_contract import tensors

_RATE = 25


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=subjects.MODELS, help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--frames", type=int, default=200, help="of the video whose speed is measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--long", type=int, default=1000, help="frames of the video whose memory is measured")
    arguments = parser.parse_args()
    manifest = subjects.latest(arguments.models, arguments.name)
    threads = len(os.sched_getaffinity(0))
    bare = subjects.bare_session(subjects.model_file(arguments.models, manifest), threads)
    plane = subjects.plane_of(subjects.ROOT / "examples" / "coffee.jpg", manifest.default_size)
    batch = tensors.lightness_to_tensor(np.stack([plane] * 8))
    size = (arguments.width, arguments.height)
    with tempfile.TemporaryDirectory() as name, subjects.photochrom(arguments.models) as (target, _):
        folder = Path(name)
        film = write_film(folder / "film.mp4", arguments.frames, size)
        rates: dict[str, list[float]] = {"bare": [], "video": []}
        for _ in range(arguments.rounds):
            start = time.perf_counter()
            for _ in range(arguments.frames // 8):
                bare(batch)
            rates["bare"].append(arguments.frames // 8 * 8 / (time.perf_counter() - start))
            seconds, _ = colorize(film, folder / "out.mp4", target, arguments.name)
            rates["video"].append(arguments.frames / seconds)
        _, short_memory = colorize(film, folder / "out.mp4", target, arguments.name)
        long_film = write_film(folder / "long.mp4", arguments.long, size)
        _, long_memory = colorize(long_film, folder / "out.mp4", target, arguments.name)
    session, video = (statistics.median(rates[key]) for key in ("bare", "video"))
    rows = [
        (f"bare session, {manifest.default_size} px, batches of 8", f"{session:.1f}", "1.00"),
        (
            f"colorize_video, {size[0]} x {size[1]}, H.264 in, out",
            f"{video:.1f}",
            f"{video / session:.2f}",
        ),
    ]
    memory = [
        (f"{arguments.frames} frames", f"{short_memory:.0f} MiB", "1.00"),
        (f"{arguments.long} frames", f"{long_memory:.0f} MiB", f"{long_memory / short_memory:.2f}"),
    ]
    text = (
        f"{report.machine()}\n\n{arguments.name}, medians of {arguments.rounds} rounds in turns\n\n"
        + report.table(("", "frames a second", "ratio"), rows)
        + "\nThe client's peak memory, without the server's:\n\n"
        + report.table(("video of", "resident", "ratio"), memory)
    )
    report.save("video_speed", text)


def colorize(source: Path, destination: Path, target: str, model: str) -> tuple[float, float]:
    """Color a video in a process of its own: the seconds it took, and its peak memory in MiB."""
    code = (
        "import sys, time; from photochrom import Colorizer; from PIL import Image\n"
        "with Colorizer(sys.argv[3], model=sys.argv[4]) as colorizer:\n"
        "    colorizer.colorize(Image.new('L', (64, 64)))\n"
        "    start = time.perf_counter(); colorizer.colorize_video(sys.argv[1], sys.argv[2])\n"
        "    print(time.perf_counter() - start)\n"
        "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, str(source), str(destination), target, model]
    seconds, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    unit = 1 if sys.platform == "darwin" else 1024
    return float(seconds), int(peak) * unit / 2**20


def write_film(path: Path, frames: int, size: tuple[int, int]) -> Path:
    """A camera that moves over two photographs in turn, three seconds each, in black and white."""
    width, height = size
    wide = (width + 160, height + 90)
    photographs = [
        np.asarray(Image.fromarray(getattr(skimage.data, name)()).convert("L").resize(wide))
        for name in ("coffee", "astronaut")
    ]
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=_RATE, options={"crf": "18", "preset": "fast"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            scene, step = divmod(index, 3 * _RATE)
            photograph = photographs[scene % 2]
            cut = np.ascontiguousarray(photograph[step : step + height, 2 * step : 2 * step + width])
            frame = VideoFrame.from_ndarray(cut, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, _RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    main()
