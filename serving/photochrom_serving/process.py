"""The server as a process of its own: from its settings to its exit."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from photochrom_serving import events, listening, table, tls
from photochrom_serving.batcher import to_all
from photochrom_serving.exposition import exposed
from photochrom_serving.metrics import Metrics
from photochrom_serving.pulse import Pulse
from photochrom_serving.servables import Servables
from photochrom_serving.server import Server
from photochrom_serving.settings import Settings

_QUIET_SECONDS = 0.25
_LOST = 1

if TYPE_CHECKING:
    from photochrom_serving.tracing import Tracing


async def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends the process at once.

    One that comes while the models load lets them load, and then nothing is served. Threads may be at
    something still that nobody needs any more and nothing can cut short.

    :returns: the exit status: 0, or 1 if it has ended because no batch ran any more.
    :raises StartupError: if the server cannot start.
    """
    stopping: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    _listen_to_signals(stopping)
    with exposed(settings) as metrics, traced(settings) as tracing:
        return await _serve(settings, metrics, tracing, stopping)


@contextlib.contextmanager
def traced(settings: Settings) -> Iterator["Tracing | None"]:
    """Spans for the time of a ``with`` block, if the setting asks for them."""
    if not settings.tracing:
        yield None
        return
    from photochrom_serving.tracing import Tracing

    with contextlib.closing(Tracing()) as tracing:
        yield tracing


async def _serve(
    settings: Settings,
    metrics: Metrics | None,
    tracing: "Tracing | None",
    stopping: "asyncio.Future[signal.Signals]",
) -> int:
    from photochrom_serving.protocols import Protocols  # here alone: see there

    start = time.monotonic()
    credentials = tls.credentials(settings)
    protocols, pulse = Protocols(), Pulse()
    watches = [protocols.statistics.watch, pulse.watch, *([metrics.count_batch] if metrics else [])]
    servables = await asyncio.to_thread(Servables.load, settings, to_all(watches))
    await asyncio.sleep(0)  # lets the loop handle a signal that came before the load ended
    if stopping.done():
        servables.close()
        events.info("stopped", signal=stopping.result().name)
        return 0
    if settings.table or sys.stdout.isatty():
        print(table.render(servables), end="", flush=True)
    server = Server(settings, servables, protocols.add_to, metrics=metrics, tracing=tracing, pulse=pulse)
    address = await server.start(listening.address(settings.host, settings.port), credentials)
    events.info(
        "ready",
        address=address,
        tls=credentials is not None,
        models=servables.available(),
        default_model=servables.default_model,
        providers=settings.providers,
        seconds=round(time.monotonic() - start, 3),
    )
    lost = asyncio.ensure_future(pulse.lost.wait())
    ends: set[asyncio.Future[Any]] = {stopping, lost}
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        events.error("device_lost", advice="this process ends, for another one to be started")
        await server.stop(0)
        return _LOST
    lost.cancel()
    events.info(
        "draining",
        signal=stopping.result().name,
        delay_seconds=settings.drain_delay_seconds,
        seconds=settings.drain_seconds,
    )
    if await server.stop(settings.drain_seconds, settings.drain_delay_seconds, _QUIET_SECONDS):
        events.info("stopped")
    else:
        events.warning("stopped", advice="calls were cut off; drain_seconds is shorter than they take")
    return 0


def _listen_to_signals(stopping: "asyncio.Future[signal.Signals]") -> None:
    def stop(received: signal.Signals) -> None:
        if stopping.done():
            events.warning("killed", signal=received.name)
            os._exit(128 + received)  # the runner thread may be in a batch: nothing gentler is at once
        stopping.set_result(received)

    for signal_ in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_, stop, signal_)
