"""The photographs that the proof runs on: from folders, tar archives and picture files."""

import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image, UnidentifiedImageError

from photochrom_contract import photograph
from photochrom_export.errors import InputError

ENOUGH: Final = 8
"""Photographs in a proof: each runs at every size, alone and in a batch, in both runtimes."""

MANY: Final = 64
"""Photographs to narrow a network by: one has some of the features that occur, all together most."""

_EXAMPLES: Final = Path("examples")

_SUFFIXES: Final = frozenset(
    suffix for suffix, name in Image.registered_extensions().items() if name in Image.OPEN
)
"""Of the files in folders and archives that are taken for photographs: whatever Pillow reads."""

_TAR_ERRORS: Final = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError)
"""What a damaged archive raises, depending on its compression."""

_Source = tuple[str, Callable[[], BinaryIO]]


def read(paths: Sequence[Path], most: int = ENOUGH) -> list[photograph.Lightness]:
    """L* of up to ``most`` photographs, spread evenly over all that ``paths`` hold.

    :param paths: folders (searched through), tar archives, picture files; none for ``examples/``.
    :returns: planes ``(h, w)`` float32, L* within 0 to 100, each of its photograph's size.
    :raises InputError: if a path does not exist, a file is no picture, or there is none at all.
    """
    if not paths and not _EXAMPLES.is_dir():
        raise InputError(
            "the parity proof needs photographs, and there is no folder examples/ here: "
            "give a folder, a tar archive or pictures with --photographs"
        )
    paths = paths or [_EXAMPLES]
    sources = [source for path in paths for source in _sources(path)]
    if not sources:
        raise InputError(f"no photographs in {', '.join(map(str, paths))}: the proof needs at least one")
    count = min(most, len(sources))
    return [_lightness(*sources[index * len(sources) // count]) for index in range(count)]


def _sources(path: Path) -> Iterator[_Source]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() in _SUFFIXES:
                yield str(file), lambda file=file: file.open("rb")  # type: ignore[misc]
    elif not path.exists():
        raise InputError(f"{path}: no such file or folder of photographs")
    elif tarfile.is_tarfile(path):
        yield from _members(path)
    else:
        yield str(path), lambda: path.open("rb")


def _members(path: Path) -> Iterator[_Source]:
    try:
        with tarfile.open(path) as archive:
            names = sorted(m.name for m in archive if m.isfile() and Path(m.name).suffix.lower() in _SUFFIXES)
    except _TAR_ERRORS as error:
        raise InputError(f"{path}: the archive is damaged: {error}") from error
    for name in names:
        yield f"{path}:{name}", lambda name=name: _member(path, name)  # type: ignore[misc]


def _member(path: Path, name: str) -> BinaryIO:
    try:
        with tarfile.open(path) as archive:
            file = archive.extractfile(name)
            assert file is not None
            return io.BytesIO(file.read())
    except _TAR_ERRORS as error:
        raise InputError(f"{path}: the archive is damaged at {name}: {error}") from error


def _lightness(name: str, open_file: Callable[[], BinaryIO]) -> photograph.Lightness:
    try:
        with open_file() as file, Image.open(file) as picture:
            return photograph.lightness_of(picture)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputError(f"{name}: not a readable picture: {error}") from error
