"""Resident memory of a server after 20,000 requests of mixed sizes, over that after 1,000."""

import argparse
import asyncio
import random
from pathlib import Path

import grpc

from benchmarks import calls, report, subjects

_CALLERS = 8


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=subjects.MODELS, help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    parser.add_argument("--requests", type=int, nargs="+", default=[1000, 5000, 10000, 20000])
    parser.add_argument("--photo", type=Path, default=subjects.ROOT / "examples" / "coffee.jpg")
    arguments = parser.parse_args()
    sizes = subjects.latest(arguments.models, arguments.name).sizes
    with subjects.photochrom(arguments.models) as (target, pid):
        resident = asyncio.run(measure(target, pid, sizes, arguments))
    first = resident[arguments.requests[0]]
    rows = [(count, f"{mib:.0f} MiB", f"{mib / first:.3f}") for count, mib in resident.items()]
    head = ("requests", "resident", f"over that after {arguments.requests[0]}")
    text = (
        f"{report.machine()}\n\n{arguments.name}, sizes {', '.join(map(str, sizes))}, {_CALLERS} callers\n\n"
    )
    report.save("memory", text + report.table(head, rows))


async def measure(
    target: str, pid: int, sizes: tuple[int, ...], arguments: argparse.Namespace
) -> dict[int, float]:
    """MiB after each number of requests, each of a size drawn at random."""
    draw = random.Random(0)
    resident: dict[int, float] = {}
    done = 0
    async with grpc.aio.insecure_channel(target, calls.OPTIONS) as channel:
        by_size = [
            calls.colorize(channel, subjects.plane_of(arguments.photo, size), arguments.name)
            for size in sizes
        ]

        async def caller(upto: int) -> None:
            nonlocal done
            while done < upto:
                done += 1
                await draw.choice(by_size)()

        for upto in arguments.requests:
            await asyncio.gather(*(caller(upto) for _ in range(_CALLERS)))
            resident[upto] = resident_mib(pid)
    return resident


def resident_mib(pid: int) -> float:
    """A process's resident memory, in MiB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


if __name__ == "__main__":
    main()
