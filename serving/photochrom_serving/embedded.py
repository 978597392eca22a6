"""The server inside another program: for a script that colors a photograph without a deployment."""

import asyncio
import atexit
import concurrent.futures
import contextlib
import os
import socket
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from photochrom_serving.servables import Servables
from photochrom_serving.server import Server
from photochrom_serving.settings import Settings

_GRACE_SECONDS = 5.0

_SOCKET_PATH_BYTES = 103
"""The longest path of a Unix socket on every system: macOS has 104 bytes for it, Linux 108, with the zero."""


class _Settings(Settings):
    """Only what is given here: the environment's PHOTOCHROM_ variables are for a server of its own."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 pydantic-settings names the arguments
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class EmbeddedServer:
    """A real server on the CPU, in a thread with an event loop of its own, for this machine only.

    It listens on a Unix socket in a folder that only this user may enter, or on a free loopback port
    where there are no such sockets or the folder's path is too long for one. It is silent but for what
    goes through :mod:`logging`.
    """

    target: str
    """What a gRPC channel connects to."""

    def __init__(self, models: Path | None = None) -> None:
        """Start it; this returns when it is ready.

        :param models: the model repository; None for the one that came with the installation.
        :raises StartupError: if it cannot start.
        """
        self._settings = _Settings(models=models, model_control="none", versions="all", warm_up=False)
        self._folder = tempfile.TemporaryDirectory(prefix="photochrom-", ignore_cleanup_errors=True)
        self._loop, self._closing = asyncio.new_event_loop(), asyncio.Event()
        self._ready: concurrent.futures.Future[str] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, name="photochrom embedded", daemon=True)
        try:
            self._thread.start()
            self.target = self._ready.result()
        except BaseException:
            # An interrupt comes while a model loads, which nothing can cut short: let the thread find out
            # afterwards, and wait only for one that failed by itself and is at its end.
            self._ask_to_close()
            if self._ready.done():
                self._thread.join()
            raise
        atexit.register(self.close)  # a daemon thread alone would be torn down in the middle of things

    def close(self) -> None:
        """Let calls in flight end, and stop. Closing twice does nothing."""
        atexit.unregister(self.close)
        self._ask_to_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _ask_to_close(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the thread is at its end
            self._loop.call_soon_threadsafe(self._closing.set)

    def _run(self) -> None:
        with self._folder, asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
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
        path = f"{self._folder.name}/socket"
        fits = hasattr(socket, "AF_UNIX") and len(os.fsencode(path)) <= _SOCKET_PATH_BYTES
        return f"unix:{path}" if fits else "127.0.0.1:0"
