"""The server: its parts put together, its port, its life from start to drain."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from photochrom_contract.v1 import colorizer_pb2, colorizer_pb2_grpc
from photochrom_serving import calls, events, listening, table, tls
from photochrom_serving.admission import Admission
from photochrom_serving.batcher import to_all
from photochrom_serving.calls import CallInterceptor
from photochrom_serving.control import ModelControl
from photochrom_serving.data_plane import DataPlane
from photochrom_serving.drain import Drain
from photochrom_serving.errors import SettingsError
from photochrom_serving.exposition import exposed
from photochrom_serving.health import HealthService
from photochrom_serving.metrics import Metrics
from photochrom_serving.parsing import ParsingInterceptor
from photochrom_serving.servables import Servables
from photochrom_serving.service import ColorizerService
from photochrom_serving.settings import Settings

_COLORIZER = colorizer_pb2.DESCRIPTOR.services_by_name["Colorizer"].full_name
_HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

_UNWINDING_SECONDS = 1.0
_LAST_BATCH_SECONDS = 10.0

AddFaces = Callable[[grpc.aio.Server, DataPlane, ModelControl, Drain, Settings], Sequence[str]]
"""Adds services of other protocols over the data plane; returns their names."""


class Server:
    """A gRPC server over loaded servables. Create, start and stop it in one event loop."""

    def __init__(
        self,
        settings: Settings,
        servables: Servables,
        add_faces: AddFaces | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        """Put the parts together.

        :param add_faces: of the protocols beside Photochrom's own; an embedded server has none.
        :param metrics: what counts and measures; an embedded server has none.
        """
        self._settings = settings
        self._servables = servables
        self.control = ModelControl(servables, settings)
        """Loads, unloads and labels models while the server runs."""
        self._drain = Drain()
        self._admission = Admission(settings.queue_limit, self._drain, settings.queue_bytes)
        if metrics:
            metrics.read(self._admission.count)
            servables.listen(metrics.follow)
        self._photo_admission = Admission(settings.photo_limit, self._drain)
        data_plane = DataPlane(servables, self._admission)
        self._service = ColorizerService(data_plane, self._photo_admission, self._drain, settings)
        self._health = HealthService(self._drain)
        watches = [calls.log, metrics.count_call] if metrics else [calls.log]
        self._server = grpc.aio.server(
            interceptors=[CallInterceptor(watches), ParsingInterceptor()],
            options=[
                ("grpc.max_receive_message_length", settings.max_message_bytes),
                ("grpc.max_send_message_length", settings.max_message_bytes),
                ("grpc.so_reuseport", 0),  # a port that is taken is an error, not a port shared
            ],
        )
        colorizer_pb2_grpc.add_ColorizerServicer_to_server(self._service, self._server)  # type: ignore[no-untyped-call]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._services = [_COLORIZER]
        if add_faces:
            self._services += add_faces(self._server, data_plane, self.control, self._drain, settings)
        reflection.enable_server_reflection((*self._services, _HEALTH, reflection.SERVICE_NAME), self._server)

    async def start(self, address: str, credentials: grpc.ServerCredentials | None = None) -> str:
        """Listen on ``address``, ``host:port`` or ``unix:/path``; the address with the port that it got.

        :param credentials: for TLS.
        :raises SettingsError: if the address cannot be listened on.
        """
        try:
            if credentials:
                port = self._server.add_secure_port(address, credentials)
            else:
                port = self._server.add_insecure_port(address)
        except RuntimeError:
            raise SettingsError(f"cannot listen on {address}: {listening.problem(address)}") from None
        await self._server.start()
        await self._health.serving(*self._services)
        self.control.start()
        return address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"

    async def stop(self, grace: float) -> bool:
        """Drain: report not serving, take nothing new, let what runs end within ``grace`` seconds.

        :returns: whether everything ended in time.
        """
        end = time.monotonic() + grace
        await self._health.enter_graceful_shutdown()
        self._drain.begin()
        self.control.stop()
        in_time = True
        try:
            async with asyncio.timeout(grace):
                await self._photo_admission.empty()
                await self._admission.empty()
        except TimeoutError:
            in_time = False
        await self._server.stop(max(0.0, end - time.monotonic()))  # until the last answer is sent
        if not in_time:  # the calls cut off are cancelled now: let them notice
            tasks = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
            if tasks:
                await asyncio.wait(tasks, timeout=_UNWINDING_SECONDS)
        self._service.close()
        await self.control.close()
        self._servables.close()
        ended = asyncio.wrap_future(self._servables.device.ended)  # a batch nobody waits for may still run
        await asyncio.wait({ended}, timeout=_LAST_BATCH_SECONDS)
        return in_time


async def serve(settings: Settings) -> bool:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends the process at once.

    One that comes while the models load lets them load, and then nothing is served.

    :returns: whether a version is being loaded still, which nobody needs any more and nothing can cut short.
    :raises StartupError: if the server cannot start.
    """
    stopping: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    _listen_to_signals(stopping)
    with exposed(settings) as metrics:
        return await _serve(settings, metrics, stopping)


async def _serve(
    settings: Settings, metrics: Metrics | None, stopping: "asyncio.Future[signal.Signals]"
) -> bool:
    from photochrom_serving.protocols import Protocols  # here alone: see there

    start = time.monotonic()
    credentials = tls.credentials(settings)
    protocols = Protocols()
    watches = [protocols.statistics.watch, *([metrics.count_batch] if metrics else [])]
    servables = await asyncio.to_thread(Servables.load, settings, to_all(watches))
    await asyncio.sleep(0)  # lets the loop handle a signal that came before the load ended
    if stopping.done():
        servables.close()
        events.info("stopped", signal=stopping.result().name)
        return False
    if settings.table or sys.stdout.isatty():
        print(table.render(servables), end="", flush=True)
    server = Server(settings, servables, protocols.add_to, metrics)
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
    events.info("draining", signal=(await stopping).name, seconds=settings.drain_seconds)
    if await server.stop(settings.drain_seconds):
        events.info("stopped")
    else:
        events.warning("stopped", advice="calls were cut off; drain_seconds is shorter than they take")
    return server.control.is_working()


def _listen_to_signals(stopping: "asyncio.Future[signal.Signals]") -> None:
    def stop(received: signal.Signals) -> None:
        if stopping.done():
            events.warning("killed", signal=received.name)
            os._exit(128 + received)  # the runner thread may be in a batch: nothing gentler is at once
        stopping.set_result(received)

    for signal_ in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_, stop, signal_)
