"""The calls that the client makes, on asyncio, with every failure as one of Photochrom's errors."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio

from photochrom import _channel, _status
from photochrom._dialogue import Request, Response
from photochrom._target import Target
from photochrom_contract.v1 import colorizer_pb2 as messages
from photochrom_contract.v1.colorizer_pb2_grpc import ColorizerStub


class AsyncServer:
    """An open channel to one server, in one event loop. Any number of tasks may call it at once."""

    def __init__(self, target: Target, *, timeout: float, root_certificates: bytes | None = None) -> None:
        """Open the channel; it connects with the first call.

        :param timeout: for each call, in seconds, its retries included.
        :param root_certificates: PEM certificates to trust in place of gRPC's own list.
        """
        self.name = target.text
        self._timeout = timeout
        self._closed = False
        self._channel = _channel.open_async_channel(target, root_certificates)
        stub = ColorizerStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        self._methods: dict[type[Request], Callable[..., Any]] = {
            messages.ColorizeRequest: stub.Colorize,
            messages.ListModelsRequest: stub.ListModels,
        }

    async def call(self, request: Request) -> Response:
        """Ask for colors, or for the list of models.

        :raises ServerError: if the answer does not come.
        """
        try:
            response: Response = await self._methods[type(request)](request, timeout=self._timeout)
        except grpc.RpcError as status:
            self._check_is_open()
            # Not chained: a status repeats the message, at ten times its length.
            raise _status.error_of(status, self.name, self._timeout) from None
        except (asyncio.CancelledError, grpc.aio.UsageError):  # how a channel ends its calls when it closes
            self._check_is_open()
            raise
        return response

    async def close(self) -> None:
        """End the calls that are under way, and the connection."""
        self._closed = True
        await self._channel.close(grace=None)

    def _check_is_open(self) -> None:
        if self._closed:
            raise ValueError(f"the connection to {self.name} was closed during the call") from None
