"""Whether batches run at all: a GPU that is lost fails every one, and only a new process gets it back.

One batch that fails may be the batch's fault, so what counts is that several do in a row and that then no
model colors even a black photograph. Until one does again health says NOT_SERVING, and balancers go
elsewhere; if none does for a while, the process ends, for whoever supervises it to start another.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence

import numpy as np

from photochrom_serving import events
from photochrom_serving.batch_run import BatchRun
from photochrom_serving.errors import PredictionError
from photochrom_serving.versions import Servable

_SUSPICIOUS = 3
"""Failed batches in a row."""
_PAUSE_SECONDS = 2.0
"""From one try to the next."""
_PATIENCE_SECONDS = 60.0


class Pulse:
    """Watches the batches of one server, on its event loop."""

    def __init__(self) -> None:
        self.beats = True
        """Whether batches run, as far as is known."""
        self.lost = asyncio.Event()
        """Set when there is no hope left."""
        self._available: Callable[[], Sequence[Servable]] = tuple
        self._tell: Callable[[], None] = lambda: None
        self._failed = 0
        self._trying: asyncio.Task[None] | None = None

    def begin(self, available: Callable[[], Sequence[Servable]], tell: Callable[[], None]) -> None:
        """Know what to try, and whom to tell when :attr:`beats` changes."""
        self._available, self._tell = available, tell

    def watch(self, run: BatchRun) -> None:
        """Count a batch."""
        self._failed = self._failed + 1 if run.failed else 0
        if self._failed >= _SUSPICIOUS and not self._trying:
            self._trying = asyncio.get_running_loop().create_task(self._try())

    def stop(self) -> None:
        """Try nothing more."""
        if self._trying:
            self._trying.cancel()

    async def _try(self) -> None:
        start = time.monotonic()
        while not await self._runs():
            if self.beats:
                advice = "each of the last batches failed: batch_failed says how"
                events.error("not_serving", failed_batches=self._failed, advice=advice)
                self._change()
            if time.monotonic() - start > _PATIENCE_SECONDS:
                self.lost.set()
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        self._failed, self._trying = 0, None
        if not self.beats:
            events.info("serving_again", seconds=round(time.monotonic() - start, 3))
            self._change()

    async def _runs(self) -> bool:
        """Whether any model colors a black photograph, if there is one to ask."""
        servables = self._available()
        for servable in servables:
            size = servable.manifest.default_size
            with servable.hold(), contextlib.suppress(PredictionError):
                await servable.batcher.predict([np.zeros((size, size), np.uint8)], None)
                return True
        return not servables

    def _change(self) -> None:
        self.beats = not self.beats
        self._tell()
