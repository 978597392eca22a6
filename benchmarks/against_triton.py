"""Photochrom beside Triton Inference Server: the same ONNX file, the same protocol, the same calls.

Triton comes with PyTriton, in an environment of its own with the versions of ``peers/constraints.txt``;
it batches dynamically and runs ONNX Runtime with the options of Photochrom's sessions, as one session
with all the threads or as one session a core: what is better for it in this run is what counts. Both
speak the Open Inference Protocol. The two take turns within a round, so that whatever else the machine
does meets both alike.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
from pathlib import Path

import grpc
import matplotlib as mpl
import numpy as np

from benchmarks import calls, load, report, subjects

_CALLERS = (1, 2, 4, 8, 16)
_SHARE = 0.7  # of the lower peak: what both are offered when their latencies are compared


def main() -> None:
    """Measure, and write a table and a plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("triton_python", type=Path, help="the Python of an environment with PyTriton")
    parser.add_argument("--models", type=Path, default=subjects.MODELS, help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    parser.add_argument("--size", type=int, default=256, help="of its planes, in pixels")
    parser.add_argument("--photo", type=Path, default=subjects.ROOT / "examples" / "coffee.jpg")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one measurement at saturation")
    parser.add_argument("--open-seconds", type=float, default=6.0, help="of one measurement at a given rate")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    model = subjects.model_file(arguments.models, subjects.latest(arguments.models, arguments.name))
    with contextlib.ExitStack() as stack:
        target, _ = stack.enter_context(subjects.photochrom(arguments.models))
        targets = {"Photochrom": target}
        for instances, threads in {(1, cores), (cores, 1)}:
            python = arguments.triton_python
            name = f"Triton, {instances} x {threads} threads"
            targets[name] = stack.enter_context(
                subjects.triton(python, model, arguments.name, instances, threads)
            )
        asyncio.run(measure(targets, arguments))


async def measure(targets: dict[str, str], arguments: argparse.Namespace) -> None:
    """Saturation by callers, then latency at one rate for the two that were best."""
    plane = subjects.plane_of(arguments.photo, arguments.size)
    async with contextlib.AsyncExitStack() as stack:
        servers: dict[str, load.Call] = {}
        for name, target in targets.items():
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(target, calls.OPTIONS))
            servers[name] = calls.infer(channel, plane, arguments.name)
        goodput = await saturate(servers, arguments)
        peaks = {name: max(by_callers.items(), key=_median_of) for name, by_callers in goodput.items()}
        ours = peaks["Photochrom"]
        peer, theirs = max(
            ((n, p) for n, p in peaks.items() if n != "Photochrom"), key=lambda x: _median_of(x[1])
        )
        rate = _SHARE * min(_median_of(ours), _median_of(theirs))
        outcomes = await offer({name: servers[name] for name in ("Photochrom", peer)}, rate, arguments)
    ratio = statistics.median(a / b for a, b in zip(ours[1], theirs[1], strict=True))
    tails = {name: [outcome.percentile(99) for outcome in each] for name, each in outcomes.items()}
    tail_ratio = statistics.median(a / b for a, b in zip(tails["Photochrom"], tails[peer], strict=True))
    text = [f"{report.machine()}\n\n{arguments.name} at {arguments.size} px, Open Inference Protocol, "]
    text += [f"{arguments.rounds} rounds in turns; photographs a second, median\n\n"]
    rows = [
        (name, *(f"{statistics.median(by_callers[callers]):.1f}" for callers in _CALLERS))
        for name, by_callers in goodput.items()
    ]
    text.append(report.table(("callers", *_CALLERS), rows))
    text.append(f"\nPhotochrom ({ours[0]} callers) over {peer} ({theirs[0]} callers): {ratio:.2f}\n")
    text.append(
        f"\nPoisson arrivals, {rate:.0f} a second (70 % of the lower peak); ms, median of the rounds\n\n"
    )
    rows = [
        (name, *(f"{statistics.median(o.percentile(q) for o in each):.1f}" for q in (50, 90, 99)))
        for name, each in outcomes.items()
    ]
    text.append(report.table(("", "p50", "p90", "p99"), rows))
    text.append(f"\np99, Photochrom over {peer}, round by round, median: {tail_ratio:.2f}\n")
    report.save("against_triton", "".join(text))
    plot(goodput, outcomes)


async def saturate(
    servers: dict[str, load.Call], arguments: argparse.Namespace
) -> dict[str, dict[int, list[float]]]:
    """Photographs a second, by server and number of callers, of every round."""
    goodput: dict[str, dict[int, list[float]]] = {name: {n: [] for n in _CALLERS} for name in servers}
    for _ in range(arguments.rounds):
        for callers in _CALLERS:
            for name, call in servers.items():
                outcome = await load.closed_loop(call, callers, arguments.seconds, 0.3)
                assert not outcome.failures, (name, outcome.failures)
                goodput[name][callers].append(outcome.goodput)
    return goodput


async def offer(
    servers: dict[str, load.Call], rate: float, arguments: argparse.Namespace
) -> dict[str, list[load.Outcome]]:
    """What became of the same Poisson arrivals at each server, of every round."""
    outcomes: dict[str, list[load.Outcome]] = {name: [] for name in servers}
    for number in range(arguments.rounds):
        for name, call in servers.items():
            outcome = await load.open_loop(call, rate, arguments.open_seconds, 1.0, number)
            assert not outcome.failures, (name, outcome.failures)  # a refusal would better the tail
            outcomes[name].append(outcome)
    return outcomes


def plot(goodput: dict[str, dict[int, list[float]]], outcomes: dict[str, list[load.Outcome]]) -> None:
    """Goodput by callers, and the latencies' distribution, as ``against_triton.png``."""
    mpl.use("agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name, by_callers in goodput.items():
        left.plot(list(by_callers), [statistics.median(v) for v in by_callers.values()], "o-", label=name)
    left.set(xlabel="callers", ylabel="photographs a second", xscale="log", ylim=(0, None))
    left.set_xticks(_CALLERS, list(map(str, _CALLERS)))
    left.legend()
    shares = np.linspace(0, 100, 400)
    for name, each in outcomes.items():
        latencies = np.concatenate([outcome.latencies for outcome in each])
        right.plot(1e3 * np.percentile(latencies, shares), shares, label=name)
    right.set(xlabel="latency at 70 % of the lower peak, ms", ylabel="calls under it, %", xscale="log")
    right.legend()
    figure.savefig(report.RESULTS / "against_triton.png", dpi=100)
    pyplot.close(figure)


def _median_of(peak: tuple[int, list[float]]) -> float:
    return statistics.median(peak[1])


if __name__ == "__main__":
    main()
