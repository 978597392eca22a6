"""Which photographs a batch is about, and where each one's colored copy belongs."""

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Final

from photochrom._errors import PictureError

PHOTOGRAPHS: Final = tuple(
    f"*.{suffix}"
    for suffix in (
        *("avif", "bmp", "gif", "heic", "heif", "j2k", "jp2", "jpe", "jpeg", "jpg", "jpx", "pbm"),
        *("pgm", "png", "pnm", "ppm", "tga", "tif", "tiff", "webp"),
    )
)
"""The files of a folder that are taken unless the caller includes others."""


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """A photograph, and its place below the destination. All of a folder share what names the folder."""

    folder: Path
    name: str
    below: PurePath
    """The folder's path from the source that was walked, behind that source's name if there are several."""

    @property
    def source(self) -> Path:
        """The photograph's file."""
        return self.folder / self.name

    @property
    def place(self) -> str:
        """The copy's path below the destination, but for the extension; the same on every system."""
        return (self.below / self.name).as_posix()


@dataclasses.dataclass(frozen=True)
class Filter:
    """Which files of a folder are photographs to color.

    Patterns are the shell's, without regard to case. One with a slash is held against the path from the
    folder that is walked, in which ``*`` matches slashes too; one without, against the file's name and,
    for those that exclude, against the name of every folder on the way.
    """

    include: Sequence[str] = ()
    """At least one must match; without any, :data:`PHOTOGRAPHS`."""
    exclude: Sequence[str] = ()
    """None may match."""
    hidden: bool = False
    """Whether names that begin with a dot count."""

    def takes(self, relative: PurePath) -> bool:
        """Whether a file is one of them."""
        return self.enters(relative) and _matches(relative, self.include or PHOTOGRAPHS)

    def enters(self, relative: PurePath) -> bool:
        """Whether a folder is walked."""
        return (self.hidden or not relative.name.startswith(".")) and not _matches(relative, self.exclude)


def walk(
    sources: Sequence[Path],
    destination: Path,
    chosen: Filter,
    unreadable: Callable[[PictureError], None],
) -> Iterator[Item]:
    """The photographs of files and folders, a folder's in the order of their names.

    A file that is named is taken, whatever it is called. One folder's tree is mirrored in the
    destination; of several, each in a folder of its own name. Links are followed, but no folder is
    walked twice, so a loop ends; the destination is not walked.

    :param unreadable: told of each folder below a source that cannot be read; the others go on.
    :raises PictureError: for a source that does not exist or is the destination, and for two that would
        share a place.
    """
    several = sum(source.is_dir() for source in sources) > 1
    places: dict[PurePath, Path] = {}
    own = identity(destination)
    for source in sources:
        below = PurePath(_name(source)) if several or not source.is_dir() else PurePath()
        if not source.exists():
            raise PictureError(str(source), "no such file or folder")
        if identity(source) == own:
            raise PictureError(str(source), "is the destination too: choose another")
        if (other := places.setdefault(below, source)) is not source:
            raise _sharing(source, other, destination)
    seen = {own} if own else set()
    for below, source in places.items():
        if not source.is_dir():
            yield Item(source.parent, source.name, PurePath())
            continue
        for item in _walk_folder(source, below, chosen, seen, unreadable):
            named = None if item.below.parts else places.get(PurePath(item.name))
            if named is not None:  # a file that is named, beside a folder that has one of its name
                raise _sharing(item.source, named, destination)
            yield item


def _walk_folder(
    folder: Path,
    below: PurePath,
    chosen: Filter,
    seen: set[tuple[int, int]],
    unreadable: Callable[[PictureError], None],
) -> Iterator[Item]:
    # Folders before links to folders: what has a place of its own is found there.
    waiting, links = [PurePath()], list[PurePath]()
    while waiting or links:
        relative = waiting.pop() if waiting else links.pop()
        itself = identity(folder / relative)
        if itself is None or itself in seen:
            continue
        seen.add(itself)
        within = list[PurePath]()
        here, place = folder / relative, below / relative
        try:
            entries = _entries(here)
        except OSError as error:
            unreadable(PictureError(str(here), f"cannot be read: {error.strerror}"))
            continue
        for entry in entries:
            path = relative / entry.name
            if _is_folder(entry):
                if chosen.enters(path):
                    (links if entry.is_symlink() else within).append(path)
            elif chosen.takes(path):
                yield Item(here, entry.name, place)
        waiting += reversed(within)


def _entries(folder: Path) -> Iterable[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle: to be told as a picture that is none
        return False


def identity(path: Path) -> tuple[int, int] | None:
    """What a file or folder is, whatever leads to it: its device and number there; None if it is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _name(source: Path) -> str:
    own = "" if source.name == ".." else source.name  # which is the way out of the destination, and no name
    return own or source.resolve().name or "root"


def _sharing(source: Path, other: Path, destination: Path) -> PictureError:
    return PictureError(str(source), f"would share a place in {destination} with {other}: rename one")


def _matches(relative: PurePath, patterns: Sequence[str]) -> bool:
    name, path = relative.name.lower(), relative.as_posix().lower()
    return any(fnmatchcase(path if "/" in pattern else name, pattern.lower()) for pattern in patterns)
