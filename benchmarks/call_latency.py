"""What a call costs over the bare ONNX Runtime session, and what the command costs: ``make bench``.

A real server process and a bare session with the server's own options run the same model on the same
plane in turns, so that whatever else the machine does meets both alike. Writes markdown.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
import onnxruntime
from PIL import Image

from photochrom import Colorizer
from photochrom_contract import photograph, tensors
from photochrom_contract.manifest import MODEL_FILE, Manifest
from photochrom_contract.v1 import colorizer_pb2 as messages
from photochrom_contract.v1.colorizer_pb2_grpc import ColorizerStub

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    parser.add_argument("--version", type=int, default=1, help="its version")
    parser.add_argument("--photo", type=Path, default=ROOT / "examples" / "coffee.jpg")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the session, in both")
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()

    folder = arguments.models / arguments.name / str(arguments.version)
    size = Manifest.read(folder).default_size
    plane = photograph.reduce_lightness(photograph.lightness_of(Image.open(arguments.photo)), size)
    run = bare_session(folder / MODEL_FILE, plane, arguments.threads)
    with server(arguments.models, arguments.threads) as target, grpc.insecure_channel(target) as channel:
        call = remote_call(channel, plane, messages.ModelSpec(name=arguments.name, version=arguments.version))
        seconds = in_turns({"bare session": run, "Colorize call": call}, arguments.rounds)
        print(
            f"\n{arguments.name} {arguments.version} at {size} px, CPU, {arguments.threads} threads, ", end=""
        )
        print(f"{arguments.rounds} rounds in turns\n")
        print_latency(seconds)
        print(f"\n{arguments.photo.name}, {' x '.join(map(str, Image.open(arguments.photo).size))} px\n")
        print_command(arguments.photo, target, arguments.models)


def bare_session(model: Path, plane: np.ndarray, threads: int) -> Callable[[], object]:
    """The model's session, with the options that the server gives its own."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    batch = tensors.lightness_to_tensor(plane[np.newaxis])
    return lambda: session.run([tensors.CHROMA], {tensors.LIGHTNESS: batch})


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


@contextmanager
def server(models: Path, threads: int) -> Iterator[str]:
    """A server process of its own on a free port; its target."""
    command = [sys.executable, "-m", "photochrom_serving"]
    command += [f"--models={models}", "--port=0", f"--threads={threads}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                event = json.loads(line)
                if event["event"] == "ready":
                    # It logs on, and would wait for a reader once the pipe is full.
                    threading.Thread(target=process.stderr.read, daemon=True).start()
                    yield event["address"]
                    return
            raise SystemExit("the server did not start: run photochrom-serve to see why")
        finally:
            process.terminate()


def seconds_of(action: Callable[[], object]) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def in_turns(actions: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every run of every action, one of each a round, the first round for warming up."""
    measured = [{name: seconds_of(action) for name, action in actions.items()} for _ in range(rounds + 1)]
    return {name: [each[name] for each in measured[1:]] for name in actions}


def print_latency(seconds: dict[str, list[float]]) -> None:
    """Medians side by side, and the second one's distance to the first."""
    base = statistics.median(next(iter(seconds.values())))
    print("| | median | 90th percentile | over the session | ratio |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, values in seconds.items():
        median, high = statistics.median(values), statistics.quantiles(values, n=10)[-1]
        print(f"| {name} | {median * 1e3:.1f} ms | {high * 1e3:.1f} ms ", end="")
        print(f"| {(median - base) * 1e3:+.1f} ms | {median / base:.2f} |")


def print_command(photo: Path, target: str, models: Path) -> None:
    """The command with and without a server, and the SDK with a connection."""
    variables = {**os.environ, "PHOTOCHROM_MODELS": str(models)}
    variables.pop("PHOTOCHROM_TARGET", None)
    with tempfile.TemporaryDirectory() as folder, Colorizer(target) as colorizer:
        command = [sys.executable, "-m", "photochrom", "colorize", str(photo), "-o", f"{folder}/colored.jpg"]

        def colorize(*more: str) -> None:
            subprocess.run([*command, *more], check=True, env=variables, stdout=subprocess.DEVNULL)

        print("| | median of 5 | first |")
        print("| --- | ---: | ---: |")
        for name, action in {
            "cold: the command, which starts the embedded server": colorize,
            "warm: the command, with a server that runs": lambda: colorize("--target", target),
            "warm: a Colorizer that is connected": lambda: colorizer.colorize(photo),
        }.items():
            values = [seconds_of(action) for _ in range(5)]
            print(f"| {name} | {statistics.median(values):.2f} s | {values[0]:.2f} s |")


if __name__ == "__main__":
    main()
