"""The journal of a batch: what became of each photograph, safe from whatever ends the program.

A file of JSON lines: a header, then a :class:`Record` an outcome, the later for the same photograph
counting. Lines are only ever added, each in one write, and on the disk before :meth:`Journal.add` returns;
threads that add at the same time share one ``fsync``. A line that was cut off is no record.
"""

import dataclasses
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from photochrom._errors import PictureError

if sys.platform != "win32":
    import fcntl

_HEADER: Final = {"journal": "photochrom batch", "format": 1}


class Stamp(NamedTuple):
    """What tells a file from every other that may take its place; a move within its disk keeps it."""

    bytes: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> Self | None:
        """The stamp of a file; None if there is none."""
        try:
            status = path.stat()
        except OSError:
            return None
        return cls(status.st_size, status.st_mtime_ns)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What became of one photograph."""

    place: str
    """The photograph's path below the destination: what the records of one photograph share."""
    source: str
    """The photograph's own absolute path, when it was colored; one that is not is of an early version."""
    source_sha256: str = ""
    """Of the photograph's file, when it was colored; empty if that could not be read."""
    recipe: str = ""
    """A digest of what else the result depends on: the model's file, and the knobs."""
    output: str = ""
    """The colored copy's path below the destination; empty if there is none."""
    stamp: Stamp | None = None
    """The colored copy's."""
    staged: str = ""
    """The name of the colored copy in the staging folder, until it takes its place."""
    replaced: Stamp | None = None
    """Of what the colored copy takes the place of."""
    error: str = ""
    """The name of the error's class, if it failed; what else is told is then of an earlier copy, if any."""
    cause: str = ""
    """Its message."""


class Journal:
    """An open journal; one process at a time has it. Any number of threads may add to it at once."""

    def __init__(self, path: Path) -> None:
        """Open or begin it.

        :raises PictureError: if another process has it open, it is no journal, or it cannot be written.
        """
        self._path = path
        self._reading, self._writing, self._syncing = (threading.Lock() for _ in range(3))
        self._written = self._synced = 0
        self._broken: OSError | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            self._lines = path.open("rb")
        except OSError as error:
            raise PictureError(str(path), f"cannot be written: {error.strerror}") from error
        try:
            self._lock()
            self._places = self._read()  # where each last record begins; it stays on the disk
        except BaseException:
            self.close()
            raise

    def add(self, record: Record) -> None:
        """Add a record; it is on the disk when this returns.

        :raises PictureError: if the disk does not take it.
        """
        self._write(dataclasses.asdict(record))

    def latest(self, place: str) -> Record | None:
        """The last record of a photograph when the journal was opened."""
        offset = self._places.get(place)
        if offset is None:
            return None
        with self._reading:
            self._lines.seek(offset)
            return _record_of(self._lines.readline())

    def records(self) -> Iterator[Record]:
        """The last record of each photograph when the journal was opened."""
        return filter(None, map(self.latest, self._places))

    def close(self) -> None:
        """Close it, and let others have it."""
        self._lines.close()
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, value: dict[str, Any]) -> None:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        try:
            with self._writing:
                if self._broken:  # nothing may continue a line that was cut off
                    raise self._broken
                while line:  # a disk that is nearly full may take a part
                    line = line[os.write(self._file, line) :]
                self._written += 1
                own = self._written
            with self._syncing:
                if self._synced < own:  # else a thread that came later has seen to this line as well
                    reached = self._written
                    os.fsync(self._file)
                    self._synced = reached
        except OSError as error:
            self._broken = error
            raise PictureError(str(self._path), f"cannot be written: {error.strerror}") from error

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PictureError(str(self._path), "another batch is writing here: wait for it") from error

    def _read(self) -> dict[str, int]:
        places: dict[str, int] = {}
        offset = 0
        for line in self._lines:
            if not line.endswith(b"\n"):  # cut off: what is added next must not continue that line
                os.ftruncate(self._file, offset)
                break
            if not offset and _parse(line) != _HEADER:
                raise PictureError(
                    str(self._path), "is not the journal of a batch that this version can resume"
                )
            if record := _record_of(line):
                places[record.place] = offset
            offset += len(line)
        if not offset:
            self._write(_HEADER)
        return places


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _record_of(line: bytes) -> Record | None:
    value = _parse(line)
    if value is None:
        return None
    try:
        value |= {name: Stamp(*stamp) for name in ("stamp", "replaced") if (stamp := value.get(name))}
        record = Record(**value)
        leads_out = any(_leads_out(path) for path in (record.place, record.output))
    except (AttributeError, TypeError):  # other members, or values of another type
        return None
    return None if leads_out else record


def _leads_out(path: str) -> bool:
    """Whether a path below the destination is none: an early version had such."""
    return path.startswith("/") or ".." in path.split("/")
