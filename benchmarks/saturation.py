"""What the server gives at most, over what the bare session beneath it gives in its best batches.

The same on the CPU and on a GPU (``--providers cuda``). Session and server run the same model on the
same plane in turns, so that whatever else the machine does meets both alike; the load generator runs on
the same cores. Then, at half of the peak, Poisson arrivals: what a caller feels.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import matplotlib as mpl
import numpy as np
import numpy.typing as npt

from benchmarks import calls, load, report, subjects
from photochrom_contract import tensors
from photochrom_serving import cores

_BATCH_SIZES = (1, 2, 4, 8)
_CALLERS = (2, 4, 8, 16)

Rates = dict[int, list[float]]
"""Photographs a second of every round, by batch size (session) or by number of callers (server)."""


def main() -> None:
    """Measure each size, and write tables and a plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=subjects.MODELS, help="the model repository")
    parser.add_argument("--name", default="photochrom", help="the model")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256], help="of the planes, in pixels")
    parser.add_argument("--providers", default="cpu", help="as photochrom-serve takes it")
    parser.add_argument("--photo", type=Path, default=subjects.ROOT / "examples" / "coffee.jpg")
    parser.add_argument("--threads", type=int, default=cores.available(), help="of the bare session (CPU)")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=0.5, help="of one measurement at saturation")
    parser.add_argument("--open-seconds", type=float, default=10.0, help="at half of the peak")
    arguments = parser.parse_args()

    manifest = subjects.latest(arguments.models, arguments.name)
    model = subjects.model_file(arguments.models, manifest)
    run = subjects.bare_session(model, arguments.threads, arguments.providers)
    text = [report.machine() + "\n"]
    measured = {}
    with subjects.photochrom(arguments.models, f"--providers={arguments.providers}") as (target, _):
        for size in arguments.sizes:
            plane = subjects.plane_of(arguments.photo, size)
            bare, served, half = asyncio.run(measure(target, run, plane, arguments))
            measured[size] = (bare, served)
            text.append(f"\n{arguments.name} {manifest.version} at {size} px, {arguments.providers}, ")
            text.append(f"{arguments.rounds} rounds in turns\n\n{describe(bare, served)}")
            text.append(f"\nat half of the peak: p50 {half.percentile(50):.1f} ms, ")
            text.append(f"p99 {half.percentile(99):.1f} ms\n")
    report.save("saturation", "".join(text))
    plot(measured)


async def measure(
    target: str,
    run: Callable[[npt.NDArray[np.float32]], object],
    plane: npt.NDArray[np.uint8],
    arguments: argparse.Namespace,
) -> tuple[Rates, Rates, load.Outcome]:
    """Rates of the session and of the server, and what became of arrivals at half the server's peak."""
    bare: Rates = {size: [] for size in _BATCH_SIZES}
    served: Rates = {callers: [] for callers in _CALLERS}
    async with grpc.aio.insecure_channel(target, calls.OPTIONS) as channel:
        call = calls.colorize(channel, plane, arguments.name)
        for _ in range(arguments.rounds):
            for size, callers in zip(_BATCH_SIZES, _CALLERS, strict=True):
                bare[size].append(await asyncio.to_thread(session_rate, run, plane, size, arguments.seconds))
                outcome = await load.closed_loop(call, callers, arguments.seconds, 0.3)
                assert not outcome.failures, outcome.failures
                served[callers].append(outcome.goodput)
        peak = statistics.median(served[best(served)])
        half = await load.open_loop(call, peak / 2, arguments.open_seconds)
        assert not half.failures, half.failures  # a refusal would better the tail
        return bare, served, half


def session_rate(
    run: Callable[[npt.NDArray[np.float32]], object], plane: npt.NDArray[np.uint8], size: int, seconds: float
) -> float:
    """Photographs a second that batches of ``size`` give, one after the other."""
    batch = tensors.lightness_to_tensor(np.stack([plane] * size))
    run(batch)
    start, batches = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        run(batch)
        batches += 1
    return size * batches / (time.perf_counter() - start)


def best(rates: Rates) -> int:
    """The batch size, or the number of callers, with the highest median."""
    return max(rates, key=lambda key: statistics.median(rates[key]))


def describe(bare: Rates, served: Rates) -> str:
    """A table, and the ratio of the two at their best."""
    rows = [(f"bare session, batches of {size}", *_spread(rates)) for size, rates in bare.items()]
    rows += [(f"server, {callers} callers", *_spread(rates)) for callers, rates in served.items()]
    batch, callers = best(bare), best(served)
    ratio = statistics.median(s / b for s, b in zip(served[callers], bare[batch], strict=True))
    head = ("photographs a second", "median", "least", "most")
    pair = f"server ({callers} callers) over session (batches of {batch})"
    return report.table(head, rows) + f"\n{pair}, median of the rounds: {ratio:.3f}\n"


def plot(measured: dict[int, tuple[Rates, Rates]]) -> None:
    """Photographs a second by batch size and by callers, as ``saturation.png``."""
    mpl.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, len(measured), figsize=(5 * len(measured), 4), layout="constrained", squeeze=False
    )
    for axis, (size, (bare, served)) in zip(axes[0], measured.items(), strict=True):
        for label, rates in (("bare session, by batch size", bare), ("server, by callers", served)):
            axis.plot(
                list(rates), [statistics.median(values) for values in rates.values()], "o-", label=label
            )
        axis.set(title=f"{size} px", ylabel="photographs a second", xscale="log", ylim=(0, None))
        axis.set_xticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
        axis.legend()
    figure.savefig(report.RESULTS / "saturation.png", dpi=100)
    pyplot.close(figure)


def _spread(values: list[float]) -> tuple[str, str, str]:
    return f"{statistics.median(values):.1f}", f"{min(values):.1f}", f"{max(values):.1f}"


if __name__ == "__main__":
    main()
