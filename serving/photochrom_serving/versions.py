"""A model version in the server: the state it is in, and what answers while it is available."""

import asyncio
import contextlib
import dataclasses
import enum
from collections.abc import Iterator
from typing import Self

from photochrom_contract.manifest import Manifest
from photochrom_serving.batcher import Batcher
from photochrom_serving.repository import Candidate


class State(enum.Enum):
    """What a version is doing."""

    LOADING = "loading"
    """Being verified, loaded or warmed up."""
    AVAILABLE = "available"
    """Answers requests."""
    FAILED = "failed"
    """Could not be loaded; tried again when its folder changes."""
    UNLOADING = "unloading"
    """Finishing its last requests; takes no new ones."""
    UNLOADED = "unloaded"
    """Gone: the last thing that is told of a version. No listing has it."""


@dataclasses.dataclass(eq=False)
class Servable:
    """A loaded model version. Used, retired and closed in one event loop."""

    manifest: Manifest
    provider: str
    batcher: Batcher
    has_temperature: bool = False
    memory_bytes: int = 0
    """By how much the process grew when it was loaded; 0 where the system does not tell."""
    _users: int = dataclasses.field(default=0, init=False)
    _unused: asyncio.Event | None = dataclasses.field(default=None, init=False)

    @contextlib.contextmanager
    def hold(self) -> Iterator[Self]:
        """Keep it loaded for the time of a ``with`` block."""
        self._users += 1
        try:
            yield self
        finally:
            self._users -= 1
            if self._unused and not self._users:
                self._unused.set()

    async def retire(self) -> None:
        """Wait for the last user, then free the session and its threads."""
        try:
            if self._users:
                self._unused = asyncio.Event()
                await self._unused.wait()
        finally:
            self.batcher.close()


@dataclasses.dataclass(frozen=True)
class Version:
    """A version as it is at one moment."""

    candidate: Candidate
    """The folder that it was made of, or that was last refused."""
    state: State
    servable: Servable | None = None
    """While it is AVAILABLE or UNLOADING."""
    problem: str = ""
    """Why it FAILED; beside AVAILABLE, why what is in its folder now was refused in its place."""
    labels: tuple[str, ...] = ()
    """The labels that mean it, ascending."""

    @property
    def model(self) -> str:
        """The model's name."""
        return self.candidate.name

    @property
    def number(self) -> int:
        """The version's number."""
        return self.candidate.version

    def __str__(self) -> str:
        return str(self.candidate)
