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
    """What became of the calls in a window of time, after the warm-up."""

    goodput: float
    """Answers a second within the window, also to calls that began before it."""
    latencies: npt.NDArray[np.float64]
    """Seconds, of each call that was due within the window and succeeded, whenever it ended."""
    failures: collections.Counter[str]
    """Of the calls that were due within the window, by gRPC status code."""

    def percentile(self, q: float) -> float:
        """Latency, in milliseconds, that ``q`` percent of the calls stay under."""
        return 1e3 * float(np.percentile(self.latencies, q)) if len(self.latencies) else float("nan")


class _Window:
    """The time that counts."""

    def __init__(self, warm_up: float, seconds: float) -> None:
        self.begin = time.perf_counter() + warm_up
        self.end = self.begin + seconds
        self._answers = 0
        self._latencies: list[float] = []
        self._failures: collections.Counter[str] = collections.Counter()

    async def run(self, call: Call, due: float) -> None:
        counts = due >= self.begin
        try:
            await call()
        except grpc.aio.AioRpcError as error:
            self._failures[error.code().name] += counts
            return
        now = time.perf_counter()
        self._answers += self.begin <= now < self.end
        if counts:
            self._latencies.append(now - due)

    def outcome(self) -> Outcome:
        goodput = self._answers / (self.end - self.begin)
        return Outcome(goodput, np.array(self._latencies), +self._failures)


async def closed_loop(call: Call, concurrency: int, seconds: float, warm_up: float = 1.0) -> Outcome:
    """``concurrency`` callers, each of which calls again as soon as it has its answer."""
    window = _Window(warm_up, seconds)

    async def caller() -> None:
        while (now := time.perf_counter()) < window.end:
            await window.run(call, now)

    await asyncio.gather(*(caller() for _ in range(concurrency)))
    return window.outcome()


async def open_loop(call: Call, rate: float, seconds: float, warm_up: float = 1.0, seed: int = 0) -> Outcome:
    """Calls that arrive as a Poisson process of ``rate`` a second, whatever becomes of them.

    :raises RuntimeError: if more calls are under way than this generator can hold: it would measure itself.
    """
    window = _Window(warm_up, seconds)
    draw = np.random.default_rng(seed)
    under_way: set[asyncio.Task[None]] = set()
    due = time.perf_counter()
    while (due := due + draw.exponential(1 / rate)) < window.end:
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        if len(under_way) >= _MAX_UNDER_WAY:
            raise RuntimeError(f"{len(under_way)} calls are under way: lower the rate or the deadline")
        task = asyncio.create_task(window.run(call, due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    return window.outcome()
