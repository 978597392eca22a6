"""The batch itself: each photograph through its stages, in a window of threads."""

import dataclasses
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path, PurePath
from types import TracebackType
from typing import Final, Self

from photochrom._batch._copies import Copies
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
        photographs: Sequence[Item],
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

        :param photographs: no two with the same place.
        :param colorizer: of ``version`` alone.
        :param window: how many photographs are in work at a time.
        :param patience: seconds to wait for a server that is gone or full before the batch ends.
        :param overwrite: whether to color what is colored already, and replace whatever is there but
            photographs.
        :raises PictureError: if the destination cannot be written, or another batch is writing there.
        """
        self._photographs = photographs
        self._copies = Copies(destination, destination / FOLDER / "staging", photographs, overwrite=overwrite)
        self._colorizer = colorizer
        self._window = window
        self._overwrite = overwrite
        self._stop = threading.Event()
        self._patience = Patience(patience, self._stop)
        self._room = Room(_PIXELS)
        self._recipe = _recipe(options, version)
        self._journal = Journal(destination / FOLDER / "journal.jsonl")
        try:
            self._copies.recover(self._journal)
        except BaseException:
            self._journal.close()
            raise

    def run(self) -> Iterator[Result]:
        """Color the photographs; what becomes of each, as it becomes so.

        The first trouble with the server that patience does not get over leaves that photograph and all
        that follow.
        """
        yield from work_through(self._work_on, self._photographs, window=self._window, in_order=False)

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
        before = self._journal.latest(item.place)
        digest = ""
        try:
            stamp = Stamp.of(item.source)
            digest = _digest(item.source)
            if before is not None and not self._overwrite and self._is_done(before, digest):
                return Result(item, State.SKIPPED)
            record = self._color(item, digest, before)
            if Stamp.of(item.source) != stamp:
                raise PictureError(str(item.source), "was changed while it was read: color it again")
            self._journal.add(record)
            self._copies.put_in_place(record)
        except _AGAINST_ALL as error:
            self.stop()
            return Result(item, State.LEFT, error)
        except PhotochromError as error:
            self._note_failure(item, digest, before, error)
            return Result(item, State.FAILED, error)
        return Result(item, State.COLORED)

    def _is_done(self, record: Record, digest: str) -> bool:
        same = record.source_sha256 == digest and record.recipe == self._recipe
        return same and self._copies.has(record)

    def _color(self, item: Item, digest: str, before: Record | None) -> Record:
        """Color a photograph into the staging folder, once its output is claimed."""
        with Photograph.open(item.source) as photograph:
            pixels = photograph.pixels
            output = _output(item, photograph.suffix())
        replaced = self._copies.claim(output, item, digest, before)
        staged = self._copies.staged(output)
        for attempt in count():
            try:
                with self._room.holding(pixels):
                    self._colorizer.colorize_file(item.source, staged)
                break
            except PictureError as error:
                if error.source == str(staged):
                    raise PictureError(str(self._copies.path(output)), error.reason) from error
                raise
            except ServerError as error:
                if not self._patience.bears(error, attempt):
                    raise
        self._patience.answered()
        return Record(
            place=item.place,
            source=os.fspath(item.source.absolute()),
            source_sha256=digest,
            recipe=self._recipe,
            output=output,
            stamp=Stamp.of(staged),
            staged=staged.name,
            replaced=replaced,
        )

    def _note_failure(self, item: Item, digest: str, before: Record | None, error: PhotochromError) -> None:
        if before is not None and before.output:  # an earlier copy stays, and stays what it is
            known = dataclasses.replace(before, staged="", replaced=None)
        else:
            known = Record(place=item.place, source=os.fspath(item.source.absolute()), source_sha256=digest)
        self._journal.add(dataclasses.replace(known, error=type(error).__name__, cause=str(error)))


def _output(item: Item, suffix: str) -> str:
    """The copy's path: the photograph's, with another extension behind it if that does not hold color."""
    return item.place if PurePath(item.place).suffix == suffix else item.place + suffix


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
