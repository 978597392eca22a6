"""The server inside another program: for a script that colors a photograph without a deployment."""

import asyncio
import atexit
import concurrent.futures
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from photochrom_serving.errors import SettingsError
from photochrom_serving.servables import Servables
from photochrom_serving.server import Server
from photochrom_serving.settings import Settings

_GRACE_SECONDS = 5.0


class EmbeddedServer:
    """A real server on the CPU, in a thread with an event loop of its own, for this machine only.

    It listens on a Unix socket in a folder that only this user may enter, or where there are none on a
    free loopback port. It is silent but for what goes through :mod:`logging`.
    """

    target: str
    """What a gRPC channel connects to."""

    def __init__(self, models: Path | None = None) -> None:
        """Start it; this returns when it is ready.

        :param models: the model repository; None for the one that came with the installation.
        :raises StartupError: if it cannot start.
        """
        try:
            self._settings = Settings(
                models=models, providers="cpu", warm_up=False, tls_certificate=None, tls_key=None
            )
        except ValidationError as error:
            raise SettingsError(f"the PHOTOCHROM_ environment variables do not do: {error}") from error
        self._folder = tempfile.TemporaryDirectory(prefix="photochrom-", ignore_cleanup_errors=True)
        self._ready: concurrent.futures.Future[str] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, name="photochrom embedded", daemon=True)
        self._thread.start()
        try:
            self.target = self._ready.result()
        except BaseException:
            self._thread.join()
            self._folder.cleanup()
            raise
        atexit.register(self.close)  # a daemon thread alone would be torn down in the middle of things

    def close(self) -> None:
        """Let calls in flight end, and stop. Closing twice does nothing."""
        atexit.unregister(self.close)
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        try:
            servables = Servables.load(self._settings)
            server = Server(self._settings, servables)
            target = await server.start(self._address())
        except BaseException as error:
            self._ready.set_exception(error)
            return
        self._ready.set_result(target)
        await self._closing.wait()
        await server.stop(_GRACE_SECONDS)

    def _address(self) -> str:
        # A socket file also stays clear of any proxy that the environment names for TCP.
        return f"unix:{self._folder.name}/socket" if hasattr(socket, "AF_UNIX") else "127.0.0.1:0"
