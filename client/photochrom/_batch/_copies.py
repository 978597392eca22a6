"""The colored copies in a destination: what may be written there, and how it takes its place."""

import os
import secrets
import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath

from photochrom._batch._journal import Journal, Record, Stamp
from photochrom._batch._walk import Item, identity
from photochrom._errors import PictureError


class Copies:
    """Guards what is in a destination.

    A file is replaced only if all of this holds:

    - It is none of the photographs, whatever name or link leads to it.
    - The batch wrote it, as the copy of the same photograph; or the caller wants all overwritten.
    - It is still the same when its successor is finished.
    """

    def __init__(
        self, destination: Path, staging: Path, photographs: Sequence[Item], *, overwrite: bool
    ) -> None:
        """Name the destination.

        :param staging: where copies are written first: a folder on the same disk.
        :param photographs: all of the batch.
        :param overwrite: whether to replace copies of other photographs, and files that no batch wrote.
        """
        self._destination = destination
        self._staging = staging
        self._photographs = photographs
        self._numbers: dict[int, set[int]] | None = None
        self._overwrite = overwrite
        self._claimed = set[str]()
        self._claiming, self._placing = threading.Lock(), threading.Lock()

    def path(self, output: str) -> Path:
        """The file of an output, which is a path below the destination."""
        return self._destination / output

    def staged(self, output: str) -> Path:
        """A new file's path in the staging folder, for what is to become ``output``."""
        return self._staging / f"{secrets.token_hex(8)}{PurePath(output).suffix}"

    def has(self, record: Record) -> bool:
        """Whether the copy of a record is where it belongs, as it was written."""
        return bool(record.output) and Stamp.of(self.path(record.output)) == record.stamp

    def claim(self, output: str, item: Item, digest: str, before: Record | None) -> Stamp | None:
        """Take an output for a photograph; the stamp of the file that the copy will replace.

        :param digest: of the photograph's file.
        :param before: what the journal has of this place.
        :raises PictureError: if another photograph has it, or what is there must stay.
        """
        path = self.path(output)
        with self._claiming:
            if output in self._claimed:
                raise PictureError(str(path), "is the output of two photographs: rename one")
            self._claimed.add(output)
            if not os.path.lexists(path):
                return None
            if self._is_photograph(path, item):
                raise PictureError(str(path), "is one of the photographs: choose another destination")
        there = Stamp.of(path)
        if self._overwrite:
            return there
        if there is None or before is None or before.output != output or before.stamp != there:
            raise _foreign(path)
        if before.source_sha256 != digest and identity(Path(before.source)) != identity(item.source):
            raise PictureError(str(path), f"is the copy of {before.source}: move it away, or --overwrite it")
        return there

    def put_in_place(self, record: Record) -> None:
        """Move a copy from the staging folder to its place.

        :raises PictureError: if it cannot be, or there is by now another file than the one that was to be
            replaced.
        """
        path = self.path(record.output)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._placing:  # two names may be one to a file system that ignores case
                if not self._may_take_place(record):
                    raise _foreign(path)
                (self._staging / record.staged).replace(path)
        except OSError as error:
            raise PictureError(str(path), f"cannot be written: {error.strerror}") from error

    def recover(self, journal: Journal) -> None:
        """Move what is finished from the staging folder to its place, and empty it.

        :raises PictureError: if that cannot be.
        """
        try:
            self._staging.mkdir(exist_ok=True)
            staged = {path.name: path for path in self._staging.iterdir()}
            for record in journal.records() if staged else ():
                path = staged.get(record.staged)
                if path is not None and record.stamp == Stamp.of(path) and self._may_take_place(record):
                    self.put_in_place(record)
                    del staged[record.staged]
            for path in staged.values():
                path.unlink()
        except OSError as error:
            raise PictureError(str(self._staging), f"cannot be written: {error.strerror}") from error

    def _may_take_place(self, record: Record) -> bool:
        return Stamp.of(self.path(record.output)) in (None, record.replaced)

    def _is_photograph(self, path: Path, item: Item) -> bool:
        if self._numbers is None:  # looked up when a file is to be replaced for the first time: often never
            self._numbers = defaultdict(set)
            for device, number in filter(None, (identity(each.source) for each in self._photographs)):
                self._numbers[device].add(number)
        itself = identity(path)
        if itself is None:
            return False
        device, number = itself
        # The item's own file is looked up again: it may have been written anew meanwhile.
        return itself == identity(item.source) or number in self._numbers.get(device, ())


def _foreign(path: Path) -> PictureError:
    return PictureError(
        str(path), "is there already, and not as this batch wrote it: move it away, or --overwrite it"
    )
