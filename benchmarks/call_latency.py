"""What a call costs over the bare ONNX Runtime session, and what the command costs: ``make bench``.

A real server process and a bare session with the server's own options run the same model on the same
plane in turns of ten, so that whatever else the machine does meets both alike.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import numpy as np
from PIL import Image

from benchmarks import report, subjects
from photochrom import Colorizer
from photochrom_contract import tensors
from photochrom_contract.v1 import colorizer_pb2 as messages
from photochrom_contract.v1.colorizer_pb2_grpc import ColorizerStub
from photochrom_serving import cores


def main() -> None:
    """Measure, and write two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, default=subjects.MODELS, help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    parser.add_argument("--size", type=int, default=0, help="of the plane; 0: the model's default")
    parser.add_argument("--photo", type=Path, default=subjects.ROOT / "examples" / "coffee.jpg")
    parser.add_argument("--threads", type=int, default=cores.available(), help="of the bare session")
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()

    manifest = subjects.latest(arguments.models, arguments.name)
    plane = subjects.plane_of(arguments.photo, arguments.size or manifest.default_size)
    run = subjects.bare_session(subjects.model_file(arguments.models, manifest), arguments.threads)
    batch = tensors.lightness_to_tensor(plane[np.newaxis])
    text = f"{report.machine()}\n\n{arguments.name} {manifest.version} at {plane.shape[0]} px, "
    text += f"{arguments.rounds} rounds in turns of ten\n\n"
    with subjects.photochrom(arguments.models) as (target, _), grpc.insecure_channel(target) as channel:
        call = remote_call(channel, plane, messages.ModelSpec(name=arguments.name))
        text += latency(
            in_turns({"bare session": lambda: run(batch), "Colorize call": call}, arguments.rounds)
        )
        size = " x ".join(map(str, Image.open(arguments.photo).size))
        text += f"\n{arguments.photo.name}, {size} px\n\n" + command(
            arguments.photo, target, arguments.models
        )
    report.save("call_latency", text)


def remote_call(channel: grpc.Channel, plane: np.ndarray, model: messages.ModelSpec) -> Callable[[], object]:
    """``Colorize`` of the plane, its bytes made and its answer read again each time."""
    stub = ColorizerStub(channel)  # type: ignore[no-untyped-call]  # generated
    height, width = plane.shape

    def call() -> object:
        data = tensors.lightness_to_bytes(plane)
        lightness = messages.LightnessPlane(width=width, height=height, data=data)
        chroma = stub.Colorize(messages.ColorizeRequest(model=model, lightness=lightness)).chroma
        return tensors.chroma_from_bytes(chroma.data, chroma.width, chroma.height)

    return call


def seconds_of(action: Callable[[], object]) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def in_turns(actions: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """The median seconds of every action in every round: ten runs, after two from cold caches.

    One caller calls again and again; in single turns, each would find the caches full of the other's weights.
    """
    measured: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            seconds = [seconds_of(action) for _ in range(12)]
            measured[name].append(statistics.median(seconds[2:]))
    return measured


def latency(seconds: dict[str, list[float]]) -> str:
    """Medians side by side, and each one's distance to the first, round by round."""
    base = next(iter(seconds.values()))
    rows = []
    for name, values in seconds.items():
        over = statistics.median(value - bare for value, bare in zip(values, base, strict=True))
        median, high = statistics.median(values), statistics.quantiles(values, n=10)[-1]
        ratio = f"{median / statistics.median(base):.2f}"
        rows.append((name, f"{median * 1e3:.1f} ms", f"{high * 1e3:.1f} ms", f"{over * 1e3:+.2f} ms", ratio))
    head = ("", "median", "90th percentile", "over the session, round by round", "ratio of medians")
    return report.table(head, rows)


def command(photo: Path, target: str, models: Path) -> str:
    """The command with and without a server, and the SDK with a connection."""
    variables = {**os.environ, "PHOTOCHROM_MODELS": str(models)}
    variables.pop("PHOTOCHROM_TARGET", None)
    with tempfile.TemporaryDirectory() as folder, Colorizer(target) as colorizer:
        words = [sys.executable, "-m", "photochrom", "colorize", str(photo), "-o", f"{folder}/colored.jpg"]

        def colorize(*more: str) -> None:
            subprocess.run([*words, *more], check=True, env=variables, stdout=subprocess.DEVNULL)

        rows = []
        for name, action in {
            "cold: the command, which starts the embedded server": colorize,
            "warm: the command, with a server that runs": lambda: colorize("--target", target),
            "warm: a Colorizer that is connected": lambda: colorizer.colorize(photo),
        }.items():
            values = [seconds_of(action) for _ in range(5)]
            rows.append((name, f"{statistics.median(values):.2f} s", f"{values[0]:.2f} s"))
    return report.table(("", "median of 5", "first"), rows)


if __name__ == "__main__":
    main()
