"""The calls that the client makes, on asyncio, with every failure as one of Photochrom's errors."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio

from photochrom import _channel, _restart, _status
from photochrom._dialogue import Request, Response
from photochrom._identity import Identity
from photochrom._target import Target
from photochrom_contract.v1 import colorizer_pb2 as messages
from photochrom_contract.v1.colorizer_pb2_grpc import ColorizerStub


class AsyncServer:
    """An open channel to one server, in one event loop. Any number of tasks may call it at once."""

    def __init__(
        self,
        target: Target,
        *,
        timeout: float,
        patience: float = _restart.PATIENCE,
        identity: Identity = Identity(),
    ) -> None:
        """Open the channel; it connects with the first call.

        :param timeout: for each call, in seconds, its retries included.
        :param patience: seconds, within the timeout, to wait for the server once it has answered and is gone.
        :param identity: who the client is to the server, and whom it trusts.
        :raises TargetError: if a token would go over the network in the clear.
        """
        self.name = target.text
        self._timeout = timeout
        self._patience = patience
        self._closed = False
        self._has_answered = False
        self._metadata = identity.metadata(target)
        self._channel = _channel.open_async_channel(target, identity)
        stub = ColorizerStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        self._methods: dict[type[Request], Callable[..., Any]] = {
            messages.ColorizeRequest: stub.Colorize,
            messages.ListModelsRequest: stub.ListModels,
        }

    async def call(self, request: Request) -> Response:
        """Ask for colors, or for the list of models.

        :raises ServerError: if the answer does not come.
        """
        method = self._methods[type(request)]
        end = time.monotonic() + self._timeout
        pauses = _restart.pauses(self._patience)
        while True:
            try:
                left = max(0.0, end - time.monotonic())
                response: Response = await method(request, timeout=left, metadata=self._metadata)
            except grpc.RpcError as status:
                self._check_is_open()
                if self._has_answered and _restart.is_worth_a_try(status):
                    pause = next(pauses, math.inf)
                    if time.monotonic() + pause < end:
                        await asyncio.sleep(pause)
                        continue
                # Not chained: a status repeats the message, at ten times its length.
                raise _status.error_of(status, self.name, self._timeout) from None
            except (asyncio.CancelledError, grpc.aio.UsageError):  # how a channel that closes ends its calls
                self._check_is_open()
                raise
            self._has_answered = True
            return response

    async def close(self) -> None:
        """End the calls that are under way, and the connection."""
        self._closed = True
        await self._channel.close(grace=None)

    def _check_is_open(self) -> None:
        if self._closed:
            raise ValueError(f"the connection to {self.name} was closed during the call") from None
