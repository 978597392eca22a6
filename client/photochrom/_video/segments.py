"""A colored video in parts: each encoded to a file of its own, beside the destination.

A part that is whole is written into a journal, with what coloring needs to go on after it. Whoever
finds the journal and wants the very same video goes on there; for anybody else it is cleared away.

::

    .NAME.photochrom/
        journal.jsonl     what is colored, and how; then a line for each part
        00001.nut         the first part
        00001.npz         the memory at the start of the part after it; none at a cut
        lock              held by whoever writes here
        joined            all of them in one file, as long as it is being written
"""

import contextlib
import dataclasses
import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from photochrom._errors import VideoError
from photochrom._video.coherence import Mean, Memory
from photochrom._video.durability import sync
from photochrom._video.encoders import Encoding
from photochrom._video.information import Information
from photochrom._video.part_writer import Part, Writer
from photochrom._video.problems import writing

if sys.platform != "win32":
    import fcntl

_JOURNAL: Final = "journal.jsonl"
_LOCK: Final = "lock"


class Parts:
    """The parts of one video, on disk."""

    def __init__(self, destination: Path, encoding: Encoding, information: Information) -> None:
        self._destination = destination
        self._encoding = encoding
        self._information = information
        self._folder = destination.with_name(f".{destination.name}.photochrom")
        self.joined = self._folder / "joined"
        self._locked: int | None = None
        self.whole: list[Part] = []
        self.memory: Memory | None = None
        """What the part after the last whole one starts with."""

    def open(self, wanted: dict[str, Any]) -> None:
        """Take up what is there of the same video, or else start anew; until :meth:`close`, alone.

        :param wanted: what is colored, and how; JSON, the same for the same video.
        :raises VideoError: if the folder cannot be written, or another process writes there.
        """
        with writing(self._destination):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock()
            self.joined.unlink(missing_ok=True)
            header, *lines = self._lines() or [None]
            parts = [Part(**line) for line in lines] if header == wanted else []
            if header != wanted or not all(self.file(part).exists() for part in parts):
                for file in self._folder.iterdir():
                    if file.name != _LOCK:
                        file.unlink()
                parts = []
            self.whole = parts
            self.memory = self._recall()
            # Anew, for a line may have been cut off when the last run was.
            journal = self._folder / _JOURNAL
            fresh = journal.with_suffix(".new")
            lines = [wanted, *map(dataclasses.asdict, parts)]
            fresh.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
            sync(fresh)
            fresh.replace(journal)

    def close(self) -> None:
        """Let others write here; without a whole part there is nothing to keep."""
        if len(self._lines()) == 1:  # and not self.whole: an interrupt may have come in between
            self.clear()
        if self._locked is not None:
            os.close(self._locked)
            self._locked = None
            with contextlib.suppress(OSError):
                self._folder.rmdir()  # if it is cleared: NFS keeps a file that is open, and so its folder

    def begin(self) -> Writer:
        """Begin the next part; when it is written, it is to be handed to :meth:`add`.

        :raises VideoError: if it cannot be written.
        """
        number = len(self.whole) + 1
        return Writer(self._destination, self._file(number), number, self._encoding, self._information)

    def add(self, part: Part, memory: Memory | None) -> None:
        """Note that a part is whole, and what coloring needs to go on after it."""
        with writing(self._destination):
            sync(self._file(part.number))
            if memory is not None:
                buffer = io.BytesIO()
                np.savez(buffer, plane=memory.plane, chroma=memory.past.chroma, count=memory.past.count)
                self._memory_file(part.number).write_bytes(buffer.getvalue())
                sync(self._memory_file(part.number))
            self._append(dataclasses.asdict(part))
        self._memory_file(part.number - 1).unlink(missing_ok=True)
        self.whole.append(part)
        self.memory = memory

    def file(self, part: Part) -> Path:
        """Where a part is."""
        return self._file(part.number)

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _lock(self) -> None:
        """Keep other processes out; the lock ends with this one, however that ends."""
        if sys.platform == "win32":
            return
        # A file open for writing: NFS grants an exclusive lock on nothing else.
        self._locked = os.open(self._folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._locked)
            reason = "another process colors the same: wait for it, or choose another destination"
            raise VideoError(str(self._destination), reason) from error

    def _recall(self) -> Memory | None:
        if not self.whole:
            return None
        file = self._memory_file(self.whole[-1].number)
        if not file.exists():
            return None
        with np.load(file, allow_pickle=False) as saved:
            return Memory(saved["plane"], Mean(saved["chroma"], saved["count"]))

    def _lines(self) -> list[Any]:
        """The journal's lines, as far as they are whole."""
        try:
            text = (self._folder / _JOURNAL).read_text("utf-8")
        except FileNotFoundError:
            return []
        try:
            return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        except ValueError:  # no journal of ours
            return []

    def _append(self, line: dict[str, Any]) -> None:
        with (self._folder / _JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")
            journal.flush()
            os.fsync(journal.fileno())

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:05}.{self._encoding.segments}"

    def _memory_file(self, number: int) -> Path:
        return self._folder / f"{number:05}.npz"
