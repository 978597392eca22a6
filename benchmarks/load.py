"""The load generator: a closed loop of so many callers, or an open loop of Poisson arrivals.

A closed loop finds what a server can do at most; an open loop finds what its callers feel at a given
rate, for real callers do not wait for each other. There, latency counts from the moment at which a
call was due, so a server that stalls is charged for the calls that piled up meanwhile.
"""

import asyncio
import collections
import dataclasses
import time
from collections.abc import Awaitable, Callable

import grpc
import numpy as np
import numpy.typing as npt

Call = Callable[[], Awaitable[object]]
"""One call to the server under test; a failure is a :class:`grpc.aio.AioRpcError`."""

_MAX_UNDER_WAY = 4096


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of the calls that began after the warm-up."""

    seconds: float
    """From the end of the warm-up to the last answer."""
    latencies: npt.NDArray[np.float64]
    """Seconds, of each call that succeeded."""
    failures: collections.Counter[str]
    """By gRPC status code."""

    @property
    def goodput(self) -> float:
        """Successful calls a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, q: float) -> float:
        """Latency, in milliseconds, that ``q`` percent of the calls stay under."""
        return 1e3 * float(np.percentile(self.latencies, q)) if len(self.latencies) else float("nan")


class _Recorder:
    """Notes the calls that begin, or were due, once the warm-up is over."""

    def __init__(self, warm_up: float) -> None:
        self.begin = time.perf_counter() + warm_up
        self.latencies: list[float] = []
        self.failures: collections.Counter[str] = collections.Counter()

    async def run(self, call: Call, due: float) -> None:
        try:
            await call()
        except grpc.aio.AioRpcError as error:
            if due >= self.begin:
                self.failures[error.code().name] += 1
        else:
            if due >= self.begin:
                self.latencies.append(time.perf_counter() - due)

    def outcome(self) -> Outcome:
        return Outcome(time.perf_counter() - self.begin, np.array(self.latencies), self.failures)


async def closed_loop(call: Call, concurrency: int, seconds: float, warm_up: float = 1.0) -> Outcome:
    """``concurrency`` callers, each of which calls again as soon as it has its answer."""
    recorder = _Recorder(warm_up)
    end = recorder.begin + seconds

    async def caller() -> None:
        while (now := time.perf_counter()) < end:
            await recorder.run(call, now)

    await asyncio.gather(*(caller() for _ in range(concurrency)))
    return recorder.outcome()


async def open_loop(call: Call, rate: float, seconds: float, warm_up: float = 1.0, seed: int = 0) -> Outcome:
    """Calls that arrive as a Poisson process of ``rate`` a second, whatever becomes of them.

    :raises RuntimeError: if more calls are under way than this generator can hold: it would measure itself.
    """
    recorder = _Recorder(warm_up)
    gaps = np.random.default_rng(seed).exponential(1 / rate, int(rate * (warm_up + seconds) * 1.1) + 10)
    under_way: set[asyncio.Task[None]] = set()
    for due in time.perf_counter() + np.cumsum(gaps):
        if due >= recorder.begin + seconds:
            break
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        if len(under_way) >= _MAX_UNDER_WAY:
            raise RuntimeError(f"{len(under_way)} calls are under way: lower the rate or the deadline")
        task = asyncio.create_task(recorder.run(call, float(due)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    return recorder.outcome()
