"""``grpc.health.v1.Health``: of the server, of each service, and of each model, version and label.

Whoever watches is told of every change: a version that answers, one that is unloaded, the drain. A server
that is full is healthy: it says so call by call, and a restart would make it no emptier. One whose batches
all fail is not: see :mod:`photochrom_serving.pulse`.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from grpc_health.v1 import health_pb2, health_pb2_grpc

from photochrom_serving.calls import Context
from photochrom_serving.drain import Drain
from photochrom_serving.errors import NotFoundError
from photochrom_serving.pulse import Pulse
from photochrom_serving.servables import Servables
from photochrom_serving.status import refuse
from photochrom_serving.versions import State, Version

OVERALL = ""
"""The name under which callers ask for the server as a whole."""

_Status = health_pb2.HealthCheckResponse.ServingStatus


class HealthService(health_pb2_grpc.HealthServicer):  # type: ignore[misc] # not in its stubs
    """The standard service.

    Its names are the services' own, ``photochrom`` (serving if any version is), ``photochrom/1`` and
    ``photochrom:stable``.
    """

    def __init__(self, services: Sequence[str], servables: Servables, drain: Drain, pulse: Pulse) -> None:
        """:param services: the full names of the server's services."""
        self._services = services
        self._servables = servables
        self._drain = drain
        self._pulse = pulse
        self._serving: dict[str, bool] = {}
        self._changed = asyncio.Event()
        self._refresh()
        servables.listen(self._follow)

    async def Check(  # noqa: N802 the protocol's name
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> health_pb2.HealthCheckResponse:
        status = self._status(request.service)
        if status == _Status.SERVICE_UNKNOWN:
            await refuse(context, NotFoundError(request.service, f"there is no {request.service!r} here"))
        return health_pb2.HealthCheckResponse(status=status)

    async def List(  # noqa: N802
        self, _request: health_pb2.HealthListRequest, _context: Context
    ) -> health_pb2.HealthListResponse:
        statuses = {name: health_pb2.HealthCheckResponse(status=self._status(name)) for name in self._serving}
        return health_pb2.HealthListResponse(statuses=statuses)

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Context) -> None:  # noqa: N802
        told = None
        while True:
            changed, status = self._changed, self._status(request.service)
            if status != told:
                await context.write(health_pb2.HealthCheckResponse(status=status))
                told = status
            if self._drain.has_begun:
                return  # its end tells that nothing more will come
            await changed.wait()

    def tell(self) -> None:
        """Let those who watch know of a change, such as the drain."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _follow(self, _: Version) -> None:
        self._refresh()
        self.tell()

    def _refresh(self) -> None:
        serving = dict.fromkeys((OVERALL, *self._services), True)
        for name, versions in self._servables:
            serving[name] = any(version.state == State.AVAILABLE for version in versions)
            for version in versions:
                serving[str(version)] = version.state == State.AVAILABLE
                serving |= {f"{name}:{label}": True for label in version.labels}
        self._serving = serving

    def _status(self, name: str) -> Any:
        if name not in self._serving:
            return _Status.SERVICE_UNKNOWN
        serving = self._serving[name] and self._drain.ready and self._pulse.beats
        return _Status.SERVING if serving else _Status.NOT_SERVING
