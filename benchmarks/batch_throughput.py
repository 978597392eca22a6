"""How busy a batch keeps a server: photographs a second of ``photochrom batch`` against planes a second.

The server's saturation goodput is what it answers to callers that have their planes ready and always
enough calls under way. The batch reads, decodes, sends, merges, encodes and writes whole files. Both run
in turns against one server process that has cores of its own: what is asked is whether the client keeps
up, not how two programs share a core.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks import calls, load, report, subjects

_CALLERS = 16


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=subjects.MODELS, help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    parser.add_argument("--size", type=int, default=256, help="of the planes, in pixels")
    parser.add_argument("--side", type=int, default=256, help="of the photographs, in pixels")
    parser.add_argument("--count", type=int, default=1500, help="photographs in the folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server-cores", type=int, default=max(1, len(os.sched_getaffinity(0)) // 2))
    arguments = parser.parse_args()

    manifest = subjects.latest(arguments.models, arguments.name)
    plane = subjects.plane_of(subjects.ROOT / "examples" / "coffee.jpg", arguments.size)
    cores = sorted(os.sched_getaffinity(0))
    of_server, of_client = cores[: arguments.server_cores], cores[arguments.server_cores :]
    if not of_client:
        raise SystemExit("a server and a client need two cores")
    planes, photographs = list[float](), list[float]()
    os.sched_setaffinity(0, of_server)  # which the server inherits
    with (
        tempfile.TemporaryDirectory() as folder,
        subjects.photochrom(arguments.models, f"--threads={len(of_server)}") as (target, _),
    ):
        os.sched_setaffinity(0, of_client)
        album = Path(folder, "album")
        make_album(album, arguments.count, arguments.side)
        for _ in range(arguments.rounds):
            planes.append(asyncio.run(goodput(target, plane, arguments.name)))
            photographs.append(batch(target, album, Path(folder, "colored"), arguments.size, arguments.name))
    base = statistics.median(planes)
    rows = [
        (name, *(f"{rate:.1f}/s" for rate in (statistics.median(rates), min(rates))), f"{share:.0%}")
        for name, rates in (("planes that are ready", planes), ("`photochrom batch`", photographs))
        for share in (statistics.median(rates) / base,)
    ]
    head = ("", "median", "lowest", "of the goodput")
    side, version = f"{arguments.side} x {arguments.side}", f"{manifest.name} {manifest.version}"
    report.save(
        "batch_throughput",
        f"{report.machine()}\n\n{arguments.count} JPEGs of {side}, {version} at {arguments.size} px; "
        f"cores: {len(of_server)} for the server, {len(of_client)} for the client; "
        f"{arguments.rounds} rounds in turns\n\n{report.table(head, rows)}",
    )


def make_album(album: Path, count: int, side: int) -> None:
    """A folder of JPEGs, cut from the examples at places of their own."""
    album.mkdir()
    originals = [Image.open(path).convert("L") for path in sorted((subjects.ROOT / "examples").glob("*.jpg"))]
    chance = np.random.default_rng(0)
    for number in range(count):
        original = originals[number % len(originals)]
        x, y = (int(chance.integers(0, extent // 4)) for extent in original.size)
        box = (x, y, x + original.width * 3 // 4, y + original.height * 3 // 4)
        original.resize((side, side), box=box).save(album / f"{number:05}.jpg", quality=90)


async def goodput(target: str, plane: npt.NDArray[np.uint8], model: str) -> float:
    """Planes a second that the server answers to callers who do nothing else."""
    async with grpc.aio.insecure_channel(target, calls.OPTIONS) as channel:
        outcome = await load.closed_loop(calls.colorize(channel, plane, model), _CALLERS, 5.0)
    return outcome.goodput


def batch(target: str, album: Path, destination: Path, size: int, model: str) -> float:
    """Photographs a second of the command, its start and its end included."""
    shutil.rmtree(destination, ignore_errors=True)
    command = [sys.executable, "-m", "photochrom", "batch", str(album), str(destination)]
    command += ["--target", target, "--size", str(size), "--model", model]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return sum(1 for _ in album.iterdir()) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
