"""The switch that a stopping server turns once: what runs may end, nothing new begins."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from photochrom_serving.errors import DrainingError

T = TypeVar("T")


class Drain:
    """Whether the server is stopping."""

    def __init__(self) -> None:
        self.ready = True
        """Whether balancers should send calls here; False from a while before the beginning on."""
        self._begun = asyncio.Event()

    def announce(self) -> None:
        """Be ready no more, though what still comes is answered."""
        self.ready = False

    def begin(self) -> None:
        """Turn the switch."""
        self.ready = False
        self._begun.set()

    @property
    def has_begun(self) -> bool:
        """Whether the switch is turned."""
        return self._begun.is_set()

    def refusal(self) -> DrainingError | None:
        """What new work is told once the server is stopping; None before."""
        if not self.has_begun:
            return None
        return DrainingError("the server is stopping; send the call to another one, or try again soon")

    def check(self) -> None:
        """Let new work pass while the server is not stopping.

        :raises DrainingError: once it is.
        """
        refusal = self.refusal()
        if refusal:
            raise refusal

    async def interrupt(self, waiting: Coroutine[Any, Any, T]) -> T:
        """Await something that might take forever, such as a caller's next message.

        :raises DrainingError: as soon as the server is stopping.
        """
        wait = asyncio.ensure_future(waiting)
        begun = asyncio.ensure_future(self._begun.wait())
        try:
            await asyncio.wait({wait, begun}, return_when=asyncio.FIRST_COMPLETED)
            if wait.done():
                return wait.result()
            self.check()
            raise AssertionError("asyncio.wait returned before anything was done")
        finally:
            wait.cancel()
            begun.cancel()
