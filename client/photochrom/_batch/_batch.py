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
from photochrom._errors import PhotochromError, PictureError, ServerError
from photochrom._options import Options
from photochrom._photographs import Photograph
from photochrom._window import work_through

FOLDER: Final = ".photochrom"
"""Below the destination: the journal, and what is not finished."""

PIXELS: Final = 128_000_000
"""In memory at a time, whatever the photographs' sizes; one that has more is alone there."""


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
        pixels: int = PIXELS,
    ) -> None:
        """Open the destination, and move what an earlier run had finished but not put in its place.

        :param photographs: no two with the same place.
        :param colorizer: of ``version`` alone.
        :param window: how many photographs are in work at a time.
        :param patience: seconds to wait for a server that is gone or full before the batch ends.
        :param overwrite: whether to color what is colored already, and replace whatever is there but
            photographs.
        :param pixels: how many are in memory at a time; a photograph that has more is alone there.
        :raises PictureError: if the destination cannot be written, or another batch is writing there.
        """
        self._photographs = photographs
        self._copies = Copies(destination, destination / FOLDER / "staging", photographs, overwrite=overwrite)
        self._colorizer = colorizer
        self._window = window
        self._overwrite = overwrite
        self._stop = threading.Event()
        self._patience = Patience(patience, self._stop)
        self._room = Room(pixels)
        self._recipe = _recipe(options, version)
        self._journal = Journal(destination / FOLDER / "journal.jsonl")
        try:
            self._copies.recover(self._journal)
        except BaseException:
            self._journal.close()
            raise

    def run(self) -> Iterator[Result]:
        """Color the photographs; what becomes of each, as it becomes so.

        Trouble with the server that patience does not get over leaves that photograph and all that follow.
        Whatever else is wrong with a photograph costs it alone.

        :raises PictureError: if the journal cannot be written.
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
        except PhotochromError as error:
            if isinstance(error, ServerError) and self._patience.is_about_all(error):
                self.stop()
                return Result(item, State.LEFT, error)
            self._note_failure(item, digest, before, error)
            return Result(item, State.FAILED, error)
        except Exception as error:  # a mistake, ours or a library's: it costs this photograph, and no other
            unexpected = _unexpected(item, error)
            self._note_failure(item, digest, before, unexpected)
            return Result(item, State.FAILED, unexpected)
        return Result(item, State.COLORED)

    def _is_done(self, record: Record, digest: str) -> bool:
        same = record.source_sha256 == digest and record.recipe == self._recipe
        return same and self._copies.has(record)

    def _color(self, item: Item, digest: str, before: Record | None) -> Record:
        """Color a photograph into the staging folder, once its output is claimed."""
        with Photograph.open(item.source) as photograph:
            pixels = photograph.pixels
        with self._room.holding(pixels), Photograph.open(item.source) as photograph:
            output = _output(item, photograph.suffix())  # which decodes it if it has to
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


def _unexpected(item: Item, error: Exception) -> PictureError:
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    told = PictureError(
        str(item.source),
        f"cannot be colored, {kind} ({' '.join(str(error).split())}): "
        "please report it, with what PHOTOCHROM_DEBUG=1 in the environment shows",
    )
    told.__cause__ = error
    return told


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
