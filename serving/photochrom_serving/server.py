"""The server: its parts put together, its port, its drain."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2_grpc

from photochrom_contract.v1 import colorizer_pb2, colorizer_pb2_grpc
from photochrom_serving import call_log, connections, listening
from photochrom_serving.admission import Admission
from photochrom_serving.authentication import AuthenticationLayer
from photochrom_serving.calls import CallLayer
from photochrom_serving.control import ModelControl
from photochrom_serving.data_plane import DataPlane
from photochrom_serving.drain import Drain
from photochrom_serving.errors import SettingsError
from photochrom_serving.health import HealthService
from photochrom_serving.parsing import parsing
from photochrom_serving.photo_pool import PhotoPool
from photochrom_serving.pulse import Pulse
from photochrom_serving.reflection import ReflectionService
from photochrom_serving.routes import Routes
from photochrom_serving.servables import Servables
from photochrom_serving.service import ColorizerService
from photochrom_serving.settings import Settings
from photochrom_serving.shedding import Shedding
from photochrom_serving.sizing import SizingLayer
from photochrom_serving.tokens import Tokens

if TYPE_CHECKING:  # they take their time to import, and an embedded server does without
    from photochrom_serving.metrics import Metrics
    from photochrom_serving.tracing import Tracing

_COLORIZER = colorizer_pb2.DESCRIPTOR.services_by_name["Colorizer"].full_name
_HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

_UNWINDING_SECONDS = 1.0
_QUIETS = 8  # how many times as long as it should be quiet, it may be loud
_LAST_BATCH_SECONDS = 10.0

AddFaces = Callable[[Routes, DataPlane, ModelControl, Drain, Settings], Sequence[str]]
"""Serves other protocols over the data plane; returns the names of their services."""


class Server:
    """A gRPC server over loaded servables. Create, start and stop it in one event loop."""

    def __init__(
        self,
        settings: Settings,
        servables: Servables,
        add_faces: AddFaces | None = None,
        *,
        metrics: "Metrics | None" = None,
        tracing: "Tracing | None" = None,
        pulse: Pulse | None = None,
    ) -> None:
        """Put the parts together.

        :param add_faces: of the protocols beside Photochrom's own; an embedded server has none.
        :param metrics: what counts and measures; an embedded server has none.
        :param tracing: what makes spans of calls.
        :param pulse: what watches the batches of ``servables``; an embedded server ends with its program.
        """
        self._settings = settings
        self._servables = servables
        self.control = ModelControl(servables, settings)
        """Loads, unloads and labels models while the server runs."""
        self._drain = Drain()
        self._admission = Admission(settings.queue_limit, self._drain, settings.queue_bytes)
        if metrics:
            metrics.read(self._admission)
            servables.listen(metrics.follow)
        self._photo_pool = PhotoPool(settings.photo_workers, settings.photo_limit, self._drain)
        data_plane = DataPlane(servables, self._admission)
        service = ColorizerService(data_plane, self._photo_pool, self._drain, settings)
        watches = [
            call_log.log,
            *([metrics.count_call] if metrics else []),
            *([tracing.end] if tracing else []),
        ]
        self._calls = CallLayer(watches, tracing.begin if tracing else None)
        sizing = SizingLayer(settings.max_message_bytes)
        routes = Routes([self._calls, *_guards(settings), parsing, sizing])
        colorizer_pb2_grpc.add_ColorizerServicer_to_server(service, routes)  # type: ignore[no-untyped-call]
        services = [_COLORIZER]
        if add_faces:
            services += add_faces(routes, data_plane, self.control, self._drain, settings)
        self._pulse = pulse or Pulse()
        self._health = HealthService(services, servables, self._drain, self._pulse)
        self._pulse.begin(servables.loaded, self._health.tell)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, routes)
        reflected = ReflectionService((*services, _HEALTH), self._drain)
        reflection_pb2_grpc.add_ServerReflectionServicer_to_server(reflected, routes)
        self._server = grpc.aio.server(
            handlers=[Shedding(routes, self._admission)], options=connections.options(settings)
        )

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
        self.control.start()
        return address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"

    async def stop(self, grace: float, delay: float = 0.0, quiet: float = 0.0) -> bool:
        """Drain: report not serving, take nothing new, let what runs end within ``grace`` seconds.

        :param delay: seconds between the report and the rest.
        :param quiet: seconds without a new call before the connections are closed: gRPC cancels what
            comes just then, and only a call that is told UNAVAILABLE is tried elsewhere.
        :returns: whether everything ended in time.
        """
        self._drain.announce()
        self._health.tell()
        await asyncio.sleep(delay)
        end = time.monotonic() + grace
        self._drain.begin()
        self._pulse.stop()
        self._health.tell()
        self.control.stop()
        in_time = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._photo_pool.empty()
                await self._admission.empty()
                in_time = True  # though it may not become quiet
                await self._quiet(quiet)
        await self._server.stop(max(0.0, end - time.monotonic()))  # until the last answer is sent
        if not in_time:  # the calls cut off are cancelled now: let them notice
            tasks = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
            if tasks:
                await asyncio.wait(tasks, timeout=_UNWINDING_SECONDS)
        self._photo_pool.close()
        await self.control.close()
        self._servables.close()
        ended = asyncio.wrap_future(self._servables.device.ended)  # a batch nobody waits for may still run
        await asyncio.wait({ended}, timeout=_LAST_BATCH_SECONDS)
        return in_time

    async def _quiet(self, seconds: float) -> None:
        patience = time.monotonic() + _QUIETS * seconds
        while (now := time.monotonic()) < min(self._calls.last_began + seconds, patience):
            await asyncio.sleep(min(self._calls.last_began + seconds, patience) - now)


def _guards(settings: Settings) -> list[AuthenticationLayer]:
    tokens = Tokens(settings.tokens) if settings.tokens else None
    return [AuthenticationLayer(tokens)] if tokens or settings.tls_client_ca else []
