"""Photographs of a test set: a tar shard, a folder, or one file."""

import dataclasses
import functools
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from photochrom_contract import lab, photograph

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Files of other names are passed over."""


class TestSetError(ValueError):
    """A test set that cannot be read; the message names the file."""

    __test__ = False  # pytest would take the class for a test


@dataclasses.dataclass(frozen=True)
class Photograph:
    """A photograph with its name in the test set; the planes are computed when first asked for."""

    name: str
    picture: Image.Image

    @functools.cached_property
    def rgb(self) -> npt.NDArray[np.uint8]:
        """``(h, w, 3)``, 8-bit sRGB."""
        return np.asarray(self.picture.convert("RGB"))

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
    """The names of the photographs under ``path``, in alphabetical order, each read when its turn comes."""

    __test__ = False

    path: Path
    names: tuple[str, ...]

    @classmethod
    def open(cls, path: Path, every: int = 1, limit: int | None = None) -> "TestSet":
        """List the photographs of a tar shard or a folder (at any depth), or take one file.

        :param every: keep the first of every so many, in alphabetical order.
        :param limit: then keep at most so many.
        :raises TestSetError: if there is no such path, or nothing in it.
        """
        try:
            if path.is_dir():
                files = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
            elif path.suffix == ".tar":
                with tarfile.open(path) as shard:
                    files = [member.name for member in shard if member.isfile()]
            else:
                path.stat()
                return cls(path.parent, (path.name,))
        except (OSError, tarfile.TarError) as error:
            raise TestSetError(f"{path}: cannot be read: {error}") from error
        names = sorted(file for file in files if Path(file).suffix.lower() in SUFFIXES)[::every][:limit]
        if not names:
            raise TestSetError(f"{path}: no photographs in it ({', '.join(sorted(SUFFIXES))})")
        return cls(path, tuple(names))

    def pick(self, count: int) -> "TestSet":
        """``count`` of the photographs, evenly spread over the set; all of them if it has no more."""
        places = np.linspace(0, len(self.names) - 1, min(count, len(self.names))).round().astype(int)
        return TestSet(self.path, tuple(self.names[place] for place in places))

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Photograph]:
        """Decode one photograph after the other, upright.

        :raises TestSetError: for a file that is no picture.
        """
        if self.path.is_dir():
            for name in self.names:
                yield _decode(name, self.path / name)
            return
        with tarfile.open(self.path) as shard:
            for name in self.names:
                member = shard.extractfile(name)
                assert member is not None  # only files were listed
                yield _decode(name, io.BytesIO(member.read()))


def _decode(name: str, file: Path | io.BytesIO) -> Photograph:
    try:
        with Image.open(file) as picture:
            return Photograph(name, ImageOps.exif_transpose(picture))
    except (OSError, UnidentifiedImageError, SyntaxError, Image.DecompressionBombError) as error:
        raise TestSetError(f"{name}: not a readable picture: {error}") from error
