"""Photographs that are open for coloring: paths, bytes, files and pictures, with every failure named."""

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom._errors import PictureError
from photochrom._replacing import replacing
from photochrom_contract.files import encoding, formats
from photochrom_contract.files.original import Original, open_original
from photochrom_contract.files.page import Chroma
from photochrom_contract.files.provenance import Provenance
from photochrom_contract.unreadable import UnreadableError
from photochrom_contract.upsampling import Upsampling

Source = str | os.PathLike[str] | bytes | BinaryIO | Image.Image
"""A photograph: a path, an encoded picture as bytes or as an open file, or a Pillow picture."""


NO_CHROMA: Final = np.zeros((2, 1, 1), np.float32)
"""What gives a page in greys."""


class Photograph:
    """A photograph that is open: what the model sees of its pages, and its colored copy.

    ::

        with Photograph.open(source) as photograph:
            chroma = [server.colorize(photograph.plane(page, size)) for page in range(photograph.pages)]
            photograph.write(chroma, destination, provenance=...)

    Decoding is late: whatever is wrong with a page's pixels is raised where they are asked for. A file of
    one page is decoded once; one of many again for :meth:`write`, so that one is in memory at a time.
    Not for several threads at once; any thread may be the one.
    """

    def __init__(self, original: Original, name: str, path: Path | None) -> None:
        self._original = original
        self.name = name
        """What messages call it."""
        self._path = path
        self.format: str = original.format
        """Of the file, as Pillow calls it; empty for a picture that came from none."""
        self.pages: int = len(original.pages)
        """How many pictures it has: pages of a scan, frames of an animation."""

    @property
    def pixels(self) -> int:
        """That are in memory together while its colored copy is written, as its header says.

        They are one page's in a TIFF; every other format of several takes all of them at once.
        """
        width, height = self._original.size
        return width * height * (1 if self.format == "TIFF" else self.pages)

    @classmethod
    def open(cls, source: Source) -> Self:
        """Open a photograph; its pixels are not decoded yet.

        Pillow's own limit holds: more than twice ``PIL.Image.MAX_IMAGE_PIXELS`` (179 megapixels unless
        the application sets it otherwise) is taken for a decompression bomb.

        :raises PictureError: if there is no such file, or no picture in it.
        """
        name = name_of(source)
        path = Path(source) if isinstance(source, (str, os.PathLike)) else None
        check_is_file(source)
        with _naming(name):
            if isinstance(source, Image.Image):
                return cls(open_original(source), name, None)
            file = io.BytesIO(source) if isinstance(source, bytes) else source
            return cls(open_original(os.fspath(file) if isinstance(file, os.PathLike) else file), name, path)

    def plane(self, page: int, size: int) -> npt.NDArray[np.uint8]:
        """What the model sees of a page: L* ``(size, size)`` in the wire's 256 steps, upright.

        :raises PictureError: if the page is damaged.
        """
        with _naming(self.name):
            return self._original.pages[page].plane(size)

    def picture(
        self, page: int, chroma: Chroma, saturation: float = 1.0, upsampling: Upsampling = "guided"
    ) -> Image.Image:
        """A page in color: upright, in sRGB, mode ``RGB`` or ``RGBA``, of 8 bits a channel.

        :param chroma: ``(2, h', w')``, CIE units; ``NO_CHROMA`` gives the page in greys.
        :raises PictureError: if the page is damaged.
        """
        with _naming(self.name):
            return encoding.picture_of(self._original.pages[page], chroma, saturation, upsampling)

    def suffix(self) -> str:
        """The extension of its colored copy's name: its own if its format holds all that the copy has.

        :raises PictureError: if the first page had to be decoded for that, and is damaged.
        """
        written = formats.BY_NAME.get(self.format)
        # A BMP or a PPM that is read may have transparency, one that is written has none; no JPEG has any.
        matters = written is not None and not written.holds_alpha and self.format != "JPEG"
        with _naming(self.name):
            has_alpha = matters and self._original.pages[0].rows.has_alpha
        form = formats.of_original(self.format, has_alpha=has_alpha, has_pages=self.pages > 1)
        own = "" if self._path is None else self._path.suffix
        return own if own.lower() in form.suffixes else form.suffixes[0]

    def write(
        self,
        chroma: Sequence[Chroma],
        destination: str | os.PathLike[str],
        *,
        provenance: Provenance | None = None,
        saturation: float = 1.0,
        upsampling: Upsampling = "guided",
    ) -> None:
        """Write the colored copy: the whole file, on the disk, or none, over an older one of its name.

        :param chroma: one plane ``(2, h', w')`` a page, in order, upright.
        :param destination: its extension names the format, one of those in
            ``photochrom_contract.files.formats``.
        :param provenance: what the copy says of its colors.
        :raises PictureError: if it cannot be written, would replace the photograph itself, its extension
            names no format for full color, or a page is damaged.
        """
        path = Path(destination)
        form = format_of(path)
        if self._path is not None and _is_same_file(path, self._path):
            raise PictureError(os.fspath(path), "is the photograph itself: choose another output")
        with _naming(self.name), replacing(path) as file:
            encoding.encode(
                self._original,
                chroma,
                file,
                form,
                provenance=provenance,
                saturation=saturation,
                upsampling=upsampling,
            )

    def close(self) -> None:
        """Close the file."""
        self._original.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def format_of(destination: Path) -> formats.Format:
    """The format that an output's name asks for.

    :raises PictureError: if it holds no full color.
    """
    form = formats.of_path(destination)
    if form is None:
        known = " ".join(sorted(formats.BY_SUFFIX))
        raise PictureError(
            os.fspath(destination), f"its extension names no format for full color; use one of {known}"
        )
    return form


def name_of(source: Source) -> str:
    """What messages call a source."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, bytes):
        return f"the picture of {len(source)} bytes"
    name = getattr(source, "filename", None) or getattr(source, "name", None)
    return name if isinstance(name, str) else "the picture"


@contextlib.contextmanager
def _naming(name: str) -> Iterator[None]:
    """What cannot be read in the block, as an error that names it."""
    try:
        yield
    except UnreadableError as error:
        raise PictureError(name, str(error)) from error


def check_is_file(source: Source) -> None:
    """Of a path, whether there is a file.

    :raises PictureError: if there is none.
    """
    if not isinstance(source, (str, os.PathLike)):
        return
    name, path = name_of(source), Path(source)
    try:
        if path.is_dir():
            raise PictureError(name, "is a folder: name the photographs in it")
        if not path.exists():
            raise PictureError(name, "no such file")
        if not path.is_file():
            raise PictureError(name, "is not a file")
    except (OSError, RuntimeError, ValueError) as error:  # a long name, a null byte, links in a circle
        raise PictureError(name, str(error)) from error


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # there is none yet, or it will not be written anyway
        return False
