"""Photographs of a test set: tar shards, folders, or single files."""

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_contract import lab, photograph, raster
from photochrom_training import photographs
from photochrom_training.photographs import PhotographsError


@dataclasses.dataclass(frozen=True)
class Photograph:
    """A photograph with its name in the test set; the planes are computed when first asked for."""

    name: str
    picture: Image.Image

    @functools.cached_property
    def rgb(self) -> npt.NDArray[np.uint8]:
        """``(h, w, 3)``, 8-bit sRGB, which its color profile is converted to."""
        return np.asarray(raster.srgb_of(self.picture))

    @functools.cached_property
    def lightness(self) -> photograph.Lightness:
        """L*: ``(h, w)`` float32, 0 to 100."""
        return photograph.lightness_of(self.picture)

    @functools.cached_property
    def lab(self) -> npt.NDArray[np.float32]:
        """CIE L*a*b*: ``(h, w, 3)`` float32."""
        return np.asarray(lab.rgb_to_lab(self.rgb.astype(np.float32) / 255), np.float32)

    @functools.cached_property
    def chroma(self) -> npt.NDArray[np.float32]:
        """a* and b*: ``(2, h, w)`` float32, CIE units."""
        return np.ascontiguousarray(np.moveaxis(self.lab[..., 1:], -1, 0))


@dataclasses.dataclass(frozen=True)
class TestSet:
    """Photographs in alphabetical order of their names, each decoded when its turn comes."""

    __test__ = False  # pytest would take the class for a test

    entries: tuple[photographs.Photograph, ...]

    @classmethod
    def open(cls, path: Path, every: int = 1, limit: int | None = None) -> "TestSet":
        """List the photographs of a tar shard or a folder (at any depth), or take one file.

        :param every: keep the first of every so many, in alphabetical order.
        :param limit: then keep at most so many.
        :raises PhotographsError: if there is no such path, or nothing in it.
        """
        # Of two members of one name, a shard's last is what unpacking it would leave.
        named = {entry.name: entry for entry in photographs.index([path])}
        entries = [named[name] for name in sorted(named)]
        return cls(tuple(entries[::every][:limit]))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the photographs, in order."""
        return tuple(entry.name for entry in self.entries)

    def pick(self, count: int) -> "TestSet":
        """``count`` of the photographs, evenly spread over the set; all of them if it has no more."""
        places = np.linspace(0, len(self.entries) - 1, min(count, len(self.entries))).round().astype(int)
        return TestSet(tuple(self.entries[place] for place in places))

    def named(self, names: Sequence[str]) -> "TestSet":
        """The photographs of these names, in the names' order."""
        entries = {entry.name: entry for entry in self.entries}
        return TestSet(tuple(entries[name] for name in names))

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Photograph]:
        """Decode one photograph after the other, upright.

        :raises PhotographsError: for a file that is no picture.
        """
        for entry in self.entries:
            try:
                one = Photograph(entry.name, entry.read())
                _ = one.rgb  # whose numbers may not say what is white
            except OSError as error:
                raise PhotographsError(f"not a readable picture: {error}") from error
            except ValueError as error:
                raise PhotographsError(f"not a readable picture: {entry}: {error}") from error
            yield one
