"""Photographs to learn from, in folders and tar shards, read one at a time.

An index holds where each photograph lies, not the photograph: a million of them cost 0.2 GB in shards
and 0.6 GB in folders. What cannot be read is skipped and counted; what has no color teaches no color and is
dropped.
"""

import dataclasses
import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from photochrom_contract import raster

SUFFIXES = frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in Image.OPEN)
"""Of the files in folders and shards that are taken for photographs: whatever Pillow reads."""

_TONED_ACROSS, _TONED_ALONG = 3.0, 12.0
"""A toned photograph's opponent colors form a short line: its standard deviations, in RGB steps."""


class PhotographsError(ValueError):
    """No photographs where some were promised; the message names the place."""


@dataclasses.dataclass(frozen=True, slots=True)
class Photograph:
    """Where the bytes of one encoded photograph lie: ``size`` bytes of ``file`` from ``offset``."""

    file: Path
    offset: int
    size: int
    name: str
    """``label/name.ext`` inside its folder or shard."""

    @property
    def label(self) -> str:
        """The name of the folder that it lies in, in its folder or shard; nothing if in none."""
        return PurePosixPath(self.name).parent.name

    def __str__(self) -> str:
        """Its path, or inside a shard the shard's path and its name."""
        inside = not self.file.as_posix().endswith(self.name)
        return f"{self.file}:{self.name}" if inside else str(self.file)

    def read(self) -> Image.Image:
        """Decode it, upright, in whatever mode it is.

        :raises OSError: if it is not a readable picture.
        """
        with self.file.open("rb") as file:
            file.seek(self.offset)
            data = io.BytesIO(file.read(self.size))
        try:
            with Image.open(data) as picture:
                picture.load()
                ImageOps.exif_transpose(picture, in_place=True)  # a copy would not know a TIFF's tags
                return picture
        except Exception as error:  # Pillow lets out whatever its decoders meet
            raise OSError(f"{self}: {error}") from error

    def read_colors(self) -> Image.Image:
        """Decode it, upright, in 8-bit sRGB, mode RGB.

        :raises OSError: if it is not a readable picture, or has numbers that do not say what is white.
        """
        picture = self.read()
        try:
            return raster.srgb_of(picture)
        except ValueError as error:
            raise OSError(f"{self}: {error}") from error


def index(places: Iterable[Path]) -> list[Photograph]:
    """Find the photographs in folders (searched to any depth), tar shards and single files, in order.

    :raises PhotographsError: for a place that does not exist or holds no photograph.
    """
    found: list[Photograph] = []
    for place in places:
        if place.is_dir():
            here = list(_in_folder(place))
        elif place.is_file() and place.suffix.lower() in SUFFIXES:
            here = [Photograph(place, 0, place.stat().st_size, place.name)]
        elif place.is_file():
            here = list(_in_shard(place))
        else:
            raise PhotographsError(f"{place}: no such file or folder")
        if not here:
            raise PhotographsError(f"{place}: holds no photograph that Pillow reads")
        found.extend(here)
    return found


def with_labels(photographs: Sequence[Photograph], labels: Iterable[str]) -> list[Photograph]:
    """Those with one of the labels.

    :raises PhotographsError: for a label that none of them has.
    """
    known = {photograph.label for photograph in photographs} - {""}
    wanted = set(labels)
    if unknown := sorted(wanted - known):
        there = ", ".join(sorted(known)) or "none: photographs lie in no folders"
        raise PhotographsError(f"no photograph is labelled {unknown[0]!r}; the labels are: {there}")
    return [photograph for photograph in photographs if photograph.label in wanted]


def split(
    photographs: Sequence[Photograph], validation_share: float
) -> tuple[list[Photograph], list[Photograph]]:
    """Part photographs: (training, validation), both in the order given.

    A photograph's name decides, by its hash, and no seed: with the same share, a run that goes on from
    another's weights holds out what that one had not learned from, and so it does when photographs are added.

    :raises PhotographsError: for fewer than two of different names.
    """
    draws = [_draw(photograph.name) for photograph in photographs]
    different = sorted({*draws})
    if len(different) < 2:
        raise PhotographsError(
            f"{len(photographs)} photographs with {len(different)} different names are too few: "
            "one to learn from, one held out"
        )
    limit = min(max(validation_share, different[0]), different[-2])  # at least one on either side
    training = [one for one, draw in zip(photographs, draws, strict=True) if draw > limit]
    return training, [one for one, draw in zip(photographs, draws, strict=True) if draw <= limit]


def is_toned(rgb: npt.NDArray[np.uint8]) -> bool:
    """Whether a photograph ``(h, w, 3)`` is grey, or one hue throughout, as sepia is.

    Its opponent colors R - G and (R + G) / 2 - B form a short and thin line.
    """
    red, green, blue = (rgb[::4, ::4, i].astype(np.float32).ravel() for i in range(3))
    if red.size < 2:
        return True
    opponents = np.stack([red - green, (red + green) / 2 - blue])
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(opponents)), 0))
    return bool(spread[0] < _TONED_ACROSS and spread[1] < _TONED_ALONG)


def _draw(name: str) -> float:
    """A number from 0 to 1, by chance but always the same for a name."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _in_folder(folder: Path) -> Iterator[Photograph]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            yield Photograph(path, 0, path.stat().st_size, path.relative_to(folder).as_posix())


def _in_shard(shard: Path) -> Iterator[Photograph]:
    try:
        with shard.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                archive.members.clear()  # type: ignore[attr-defined]  # they would outweigh the index
                path = PurePosixPath(member.name)
                if member.isfile() and path.suffix.lower() in SUFFIXES:
                    # Without the ./ of a whole folder's shard: the name is the same in the folder
                    yield Photograph(shard, member.offset_data, member.size, path.as_posix())
            file.seek(archive.offset)
            if {*file.read(tarfile.RECORDSIZE)} != {0}:  # tarfile itself takes a damaged header for the end
                raise tarfile.ReadError(f"at byte {archive.offset} is neither a member nor the end")
    except tarfile.TarError as error:
        message = "neither a picture that Pillow reads nor a whole, uncompressed tar file"
        raise PhotographsError(f"{shard}: {message}: {error}") from error
