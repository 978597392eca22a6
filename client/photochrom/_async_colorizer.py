"""The SDK for asyncio: the same dialogues as the Colorizer's, awaited."""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from PIL import Image

from photochrom._async_server import AsyncServer
from photochrom._coloring import Coloring
from photochrom._dialogue import Dialogue, Done, Response, advance
from photochrom._errors import PhotochromError, ServerError
from photochrom._identity import Identity, Pem
from photochrom._options import Options, Upsampling, check_patience, check_timeout
from photochrom._outcome import Outcome
from photochrom._photographs import Source
from photochrom._restart import PATIENCE
from photochrom._server import find_target
from photochrom._window import WINDOW, check_window
from photochrom_contract.files.provenance import Provenance

T = TypeVar("T")


class AsyncColorizer:
    """A :class:`Colorizer` for asyncio: a connection of one event loop, for any number of its tasks.

    >>> import asyncio
    >>> async def color() -> tuple[int, int]:
    ...     async with AsyncColorizer() as colorizer:
    ...         picture = await colorizer.colorize("astronaut.jpg")
    ...         return picture.size
    >>> asyncio.run(color())
    (512, 512)

    Decoding and merging run in the loop's default threads: the loop itself stays free.
    """

    def __init__(
        self,
        target: str | None = None,
        *,
        model: str = "",
        version: int | str = 0,
        size: int = 0,
        saturation: float = 1.0,
        temperature: float | None = None,
        upsampling: Upsampling = "guided",
        timeout: float = 60.0,
        patience: float = PATIENCE,
        root_certificates: Pem | None = None,
        client_certificate: Pem | None = None,
        token: str | None = None,
    ) -> None:
        """Choose the server and how it colors, by the parameters of a :class:`Colorizer`.

        :raises ValueError: for a value out of its range.
        """
        self._coloring = Coloring(Options(model, version, size, saturation, temperature, upsampling))
        check_timeout(timeout)
        check_patience(patience)
        self._find_target = partial(find_target, target)
        self._open = partial(AsyncServer, timeout=timeout, patience=patience)
        self._read_identity = partial(Identity.read, root_certificates, client_certificate, token)
        self._connecting = asyncio.Lock()
        self._server: AsyncServer | None = None
        self._closed = False

    async def colorize(self, photograph: Source) -> Image.Image:
        """Color a photograph, as :meth:`Colorizer.colorize` does, with its parameters and its errors."""
        return await self._run(self._coloring.colorize(photograph))

    async def colorize_file(self, photograph: Source, destination: str | os.PathLike[str]) -> Provenance:
        """Color a photograph into a file, as :meth:`Colorizer.colorize_file` does."""
        return await self._run(self._coloring.colorize_file(photograph, destination))

    def colorize_many(
        self, photographs: Iterable[Source], *, in_order: bool = True, window: int = WINDOW
    ) -> AsyncGenerator[Outcome, None]:
        """Color any number of photographs, several at a time, as :meth:`Colorizer.colorize_many` does.

        ``photographs`` is read in the event loop. A task that leaves early closes the iterator
        (:func:`contextlib.aclosing`), or what is under way goes on for nobody.

        :raises ValueError: for a window out of its range.
        """
        check_window(window)
        return self._work_through(iter(photographs), in_order=in_order, window=window)

    async def close(self) -> None:
        """End the calls that are under way, and the connection."""
        self._closed = True
        if self._server is not None:
            await self._server.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _work_through(
        self, iterator: Iterator[Source], *, in_order: bool, window: int
    ) -> AsyncGenerator[Outcome, None]:
        pending: dict[asyncio.Task[Outcome], None] = {}  # the oldest first
        try:
            while True:
                for photograph in itertools.islice(iterator, window - len(pending)):
                    pending[asyncio.create_task(self._outcome(photograph))] = None
                if not pending:
                    return
                oldest = next(iter(pending))
                waited = [oldest] if in_order else pending
                done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                task = next(iter(done))
                del pending[task]
                yield task.result()
                del task, oldest, waited, done  # or the outcome stays while the next one is waited for
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    async def _outcome(self, photograph: Source) -> Outcome:
        try:
            return Outcome(photograph, picture=await self.colorize(photograph))
        except PhotochromError as error:
            return Outcome(photograph, error=error)

    async def _run(self, dialogue: Dialogue[T]) -> T:
        reply: Response | ServerError | None = None
        # A dialogue decodes and merges between its requests: in a thread.
        while not isinstance(step := await asyncio.to_thread(advance, dialogue, reply), Done):
            try:
                reply = await (await self._connected()).call(step)
            except ServerError as error:
                reply = error
        return step.result

    async def _connected(self) -> AsyncServer:
        async with self._connecting:
            if self._server is None and not self._closed:
                target = await asyncio.to_thread(self._find_target)  # it may start a server here
                identity = await asyncio.to_thread(self._read_identity)
                self._server = self._open(target, identity=identity)
                self._coloring.server = self._server.name
            if self._server is None or self._closed:
                raise ValueError("the AsyncColorizer is closed")
            return self._server
