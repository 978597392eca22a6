"""``grpc.reflection.v1alpha.ServerReflection``: the services and their messages, for ``grpcurl``."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection

from photochrom_serving.calls import Context
from photochrom_serving.drain import Drain
from photochrom_serving.errors import DrainingError
from photochrom_serving.status import refuse


class ReflectionService(reflection.aio.ReflectionServicer):  # type: ignore[misc, name-defined] # not in its stubs
    """The standard service. A stream that waits for its caller's next question ends with the drain."""

    def __init__(self, services: Sequence[str], drain: Drain) -> None:
        """:param services: the full names of the server's other services."""
        super().__init__((*services, reflection.SERVICE_NAME))
        self._drain = drain

    async def ServerReflectionInfo(  # noqa: N802 the protocol's name
        self, _: object, context: Context
    ) -> AsyncIterator[Any]:
        try:
            async for response in super().ServerReflectionInfo(self._questions(context), context):
                yield response
        except DrainingError as error:
            await refuse(context, error)

    async def _questions(self, context: Context) -> AsyncIterator[Any]:
        while True:
            question = await self._drain.interrupt(context.read())
            if question is grpc.aio.EOF:  # type: ignore[attr-defined] # not in its stubs
                return
            yield question
