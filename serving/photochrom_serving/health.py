"""``grpc.health.v1.Health``: serving once every model has loaded, not serving from the drain's begin on."""

from grpc_health.v1 import health, health_pb2

from photochrom_serving.drain import Drain
from photochrom_serving.errors import DrainingError
from photochrom_serving.status import Context

OVERALL = ""
"""The name under which callers ask for the server as a whole."""


class HealthService(health.aio.HealthServicer):  # type: ignore[name-defined,misc] # not in its stubs
    """The standard service, whose watchers are let go at the end of a drain instead of holding it up."""

    def __init__(self, drain: Drain) -> None:
        super().__init__()
        self._drain = drain

    async def serving(self, *services: str) -> None:
        """Report the server as a whole, and each of ``services``, as serving."""
        for service in (OVERALL, *services):
            await self.set(service, health_pb2.HealthCheckResponse.SERVING)

    async def List(  # noqa: N802
        self, _request: health_pb2.HealthListRequest, _context: Context
    ) -> health_pb2.HealthListResponse:
        statuses = {
            service: health_pb2.HealthCheckResponse(status=status)
            for service, status in self._server_status.items()
        }
        return health_pb2.HealthListResponse(statuses=statuses)

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Context) -> None:  # noqa: N802
        try:
            await self._drain.interrupt(super().Watch(request, context))
        except DrainingError:
            return  # it has told NOT_SERVING; its end tells that nothing more will come
