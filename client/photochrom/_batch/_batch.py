"""The batch itself: each photograph through its stages, in a window of threads."""

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from photochrom._batch._journal import Journal, Record, Stamp
from photochrom._batch._patience import Patience
from photochrom._batch._result import Result, State
from photochrom._batch._room import Room
from photochrom._batch._walk import Item
from photochrom._colorizer import Colorizer
from photochrom._dialogue import ModelVersion
from photochrom._errors import (
    AuthenticationError,
    BusyError,
    DeadlineError,
    InvalidRequestError,
    ModelNotFoundError,
    PhotochromError,
    PictureError,
    ServerError,
    UnreachableError,
)
from photochrom._options import Options
from photochrom._photographs import Photograph
from photochrom._window import work_through

FOLDER: Final = ".photochrom"
"""Below the destination: the journal, and what is not finished."""

_PIXELS: Final = 128_000_000
"""In work at a time: what bounds memory, whatever the photographs' sizes."""

_AGAINST_ALL: Final = (
    AuthenticationError,
    BusyError,
    DeadlineError,
    InvalidRequestError,
    ModelNotFoundError,
    UnreachableError,
)
"""What a server has against one photograph and would have against all, once patience is spent."""


class Batch:
    """Colors photographs into one destination, and knows what is there already."""

    def __init__(
        self,
        destination: Path,
        colorizer: Colorizer,
        options: Options,
        version: ModelVersion,
        *,
        window: int,
        patience: float,
        overwrite: bool = False,
    ) -> None:
        """Open the destination, and move what an earlier run had finished but not put in its place.

        :param colorizer: of ``version`` alone.
        :param window: how many photographs are in work at a time.
        :param patience: seconds to wait for a server that is gone or full before the batch ends.
        :param overwrite: whether to color what is colored already, and replace files that no batch wrote.
        :raises PictureError: if the destination cannot be written, or another batch is writing there.
        """
        self._destination = destination
        self._staging = destination / FOLDER / "staging"
        self._colorizer = colorizer
        self._window = window
        self._overwrite = overwrite
        self._stop = threading.Event()
        self._patience = Patience(patience, self._stop)
        self._room = Room(_PIXELS)
        self._recipe = _recipe(options, version)
        self._claiming, self._claimed = threading.Lock(), set[Path]()
        self._journal = Journal(destination / FOLDER / "journal.jsonl")
        try:
            self._recover()
        except BaseException:
            self._journal.close()
            raise

    def run(self, items: Iterable[Item]) -> Iterator[Result]:
        """Color photographs; what becomes of each, as it becomes so.

        The first trouble with the server that patience does not get over leaves that photograph and all
        that follow.
        """
        yield from work_through(self._work_on, items, window=self._window, in_order=False)

    def stop(self) -> None:
        """Finish what is in work, and leave the rest."""
        self._stop.set()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _work_on(self, item: Item) -> Result:
        if self._stop.is_set():
            return Result(item, State.LEFT)
        before = self._journal.latest.get(item.place)
        digest = ""
        try:
            stamp = Stamp.of(item.source)
            digest = _digest(item.source)
            if before is not None and not self._overwrite and self._is_done(before, digest):
                return Result(item, State.SKIPPED, self._destination / before.output)
            record, output = self._color(item, digest, before)
            if Stamp.of(item.source) != stamp:
                raise PictureError(str(item.source), "was changed while it was read: color it again")
            self._journal.add(record)
            self._put_in_place(record)
        except _AGAINST_ALL as error:
            self.stop()
            return Result(item, State.LEFT, error=error)
        except PhotochromError as error:
            self._note_failure(item, digest, before, error)
            return Result(item, State.FAILED, error=error)
        return Result(item, State.COLORED, output)

    def _color(self, item: Item, digest: str, before: Record | None) -> tuple[Record, Path]:
        staged = self._staging
        for attempt in count():
            try:
                with Photograph.open(item.source) as photograph:
                    output = self._output(item, photograph.suffix())
                    pixels = photograph.pixels
                self._claim(output, before, first=attempt == 0)
                staged = self._staging / f"{secrets.token_hex(8)}{output.suffix}"
                with self._room.holding(pixels):
                    self._colorizer.colorize_file(item.source, staged)
            except PictureError as error:
                if error.source == str(staged):
                    raise PictureError(str(output), error.reason) from error
                raise
            except ServerError as error:
                if not self._patience.bears(error, attempt):
                    raise
            else:
                break
        self._patience.answered()
        record = Record(
            place=item.place,
            source=os.fspath(item.source),
            source_sha256=digest,
            recipe=self._recipe,
            output=output.relative_to(self._destination).as_posix(),
            stamp=Stamp.of(staged),
            staged=staged.name,
        )
        return record, output

    def _output(self, item: Item, suffix: str) -> Path:
        """Its name, with another extension behind it if its format does not hold color: none meet."""
        own = self._destination / item.relative
        return own if own.suffix == suffix else own.with_name(own.name + suffix)

    def _claim(self, output: Path, before: Record | None, *, first: bool) -> None:
        with self._claiming:
            if first and output in self._claimed:
                raise PictureError(str(output), "is the output of two photographs: rename one")
            self._claimed.add(output)
        there = Stamp.of(output)
        if there is None or self._overwrite or (before is not None and self._is_ours(before)):
            return
        raise PictureError(
            str(output), "is there already, and not as this batch wrote it: move it away, or --overwrite it"
        )

    def _is_done(self, record: Record, digest: str) -> bool:
        same = record.source_sha256 == digest and record.recipe == self._recipe
        return same and not record.error and self._is_ours(record)

    def _is_ours(self, record: Record) -> bool:
        return bool(record.output) and Stamp.of(self._destination / record.output) == record.stamp

    def _put_in_place(self, record: Record) -> None:
        output = self._destination / record.output
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            (self._staging / record.staged).replace(output)
        except OSError as error:
            raise PictureError(str(output), f"cannot be written: {error.strerror}") from error

    def _note_failure(self, item: Item, digest: str, before: Record | None, error: PhotochromError) -> None:
        self._journal.add(
            Record(
                place=item.place,
                source=os.fspath(item.source),
                source_sha256=digest,
                # An older copy stays, and stays ours.
                output=before.output if before else "",
                stamp=before.stamp if before else None,
                error=type(error).__name__,
                cause=str(error),
            )
        )

    def _recover(self) -> None:
        """Move what is finished from the staging folder to its place, and empty it."""
        try:
            self._staging.mkdir(exist_ok=True)
            staged = {path.name: path for path in self._staging.iterdir()}
            for record in self._journal.latest.values():
                path = staged.get(record.staged)
                if path is not None and record.stamp == Stamp.of(path):
                    self._put_in_place(record)
                    del staged[record.staged]
            for path in staged.values():
                path.unlink()
        except OSError as error:
            raise PictureError(str(self._staging), f"cannot be written: {error.strerror}") from error


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""  # opening it as a photograph says what is wrong


def _recipe(options: Options, version: ModelVersion) -> str:
    made_with = {
        "model_sha256": version.sha256,
        "size": options.size or version.default_size,
        "saturation": options.saturation,
        "temperature": options.temperature,
        "upsampling": options.upsampling,
    }
    return hashlib.sha256(json.dumps(made_with, sort_keys=True).encode()).hexdigest()
