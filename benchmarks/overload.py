"""Goodput under more load than the server can bear, over its goodput at its best.

Poisson arrivals at four times the peak, none repeated; the peak is measured before and after, for the
machine may change its speed. Health and resident memory are read while the load lasts.
"""

import argparse
import asyncio
import collections
import os
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from benchmarks import calls, load, report, subjects
from benchmarks.memory import resident_mib

_SERVING = health_pb2.HealthCheckResponse.SERVING
_CALLERS = 8


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=subjects.MODELS, help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    parser.add_argument("--size", type=int, default=256, help="of its planes, in pixels")
    parser.add_argument("--times", type=float, default=4.0, help="of the peak")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of one measurement")
    parser.add_argument("--photo", type=Path, default=subjects.ROOT / "examples" / "coffee.jpg")
    arguments = parser.parse_args()
    with subjects.photochrom(arguments.models) as (target, pid):
        text = asyncio.run(measure(target, pid, arguments))
    report.save("overload", text)


async def measure(target: str, pid: int, arguments: argparse.Namespace) -> str:
    """Rounds of peak, overload, peak, overload, ... and what they say, as markdown."""
    plane = subjects.plane_of(arguments.photo, arguments.size)
    rows: list[tuple[object, ...]] = []
    refused: collections.Counter[str] = collections.Counter()
    ratios = []
    async with grpc.aio.insecure_channel(target, calls.OPTIONS) as channel:
        call = calls.colorize(channel, plane, arguments.name)
        before = await load.closed_loop(call, _CALLERS, arguments.seconds)
        for number in range(arguments.rounds):
            rate = arguments.times * before.goodput
            under, (healthy, memory) = await asyncio.gather(
                load.open_loop(call, rate, arguments.seconds, seed=number), look(channel, pid)
            )
            after = await load.closed_loop(call, _CALLERS, arguments.seconds)
            ratio = under.goodput / ((before.goodput + after.goodput) / 2)
            ratios.append(ratio)
            refused.update(under.failures)
            rows.append(
                (
                    f"round {number + 1}",
                    f"{before.goodput:.0f}, {after.goodput:.0f}",
                    f"{rate:.0f}",
                    f"{under.goodput:.0f}",
                    f"{ratio:.2f}",
                    f"{under.percentile(99):.0f} ms",
                    "SERVING" if healthy else "NOT SERVING",
                    f"{memory:.0f} MiB",
                )
            )
            before = after
    head = ("", "peak before, after", "offered", "goodput", "ratio", "p99", "health", "resident")
    return (
        f"{report.machine()}\n\n{arguments.name} at {arguments.size} px, calls a second\n\n"
        f"{report.table(head, rows)}\nmedian ratio: {sorted(ratios)[len(ratios) // 2]:.2f}; "
        f"not answered: {dict(refused)}; cores: {os.cpu_count()}, the generator's among them\n"
    )


async def look(channel: grpc.aio.Channel, pid: int) -> tuple[bool, float]:
    """In the middle of the load: whether the server says that it serves, and its resident memory in MiB."""
    await asyncio.sleep(2)
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    return answer.status == _SERVING, resident_mib(pid)


if __name__ == "__main__":
    main()
