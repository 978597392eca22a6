"""A photograph file that is open: its format, its pages, its metadata."""

from collections.abc import Sequence
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_contract import photograph
from photochrom_contract.files import orientation
from photochrom_contract.files.metadata import Metadata
from photochrom_contract.files.page import Page
from photochrom_contract.files.unreadable import reading


class Original:
    """A photograph that is open for coloring.

    ::

        with Original.open(path) as original:
            chroma = [predict(page.plane(256)) for page in original.pages]
            with open(destination, "wb") as file:
                encode(original, chroma, file, original.own_format, provenance=...)

    Pages are decoded when they are asked for, and the last one stays decoded: ask for them in order.
    Not for several threads at once.
    """

    def __init__(self, picture: Image.Image, *, owns_picture: bool) -> None:
        self._picture = picture
        self._owns_picture = owns_picture
        self._loaded: tuple[int, photograph.Prepared, int] | None = None
        self.format: str = picture.format or ""
        """As Pillow calls it: ``JPEG``, ``TIFF``; empty for a picture that came from no file."""
        self.pages: Sequence[Page] = [
            _PicturePage(self, index) for index in range(getattr(picture, "n_frames", 1))
        ]
        """One at least."""

    @classmethod
    def open(cls, source: str | BinaryIO | Image.Image, formats: tuple[str, ...] | None = None) -> Self:
        """Open a file by its path, an open binary file, or a Pillow picture, which is left as it is.

        :param formats: the only ones that are tried, by Pillow's names; ``None`` for all.
        :raises UnreadableError: if it is no picture, or damaged. So does everything that reads pixels later.
        """
        with reading():
            if isinstance(source, Image.Image):
                return cls(source, owns_picture=False)
            return cls(Image.open(source, formats=formats), owns_picture=True)

    @property
    def metadata(self) -> Metadata:
        """What it says beside its pixels."""
        self.load(0)
        with reading():
            return Metadata.of(self._picture)

    def load(self, index: int) -> tuple[photograph.Prepared, int]:
        """Decode a page: as stored, in sRGB, and its orientation."""
        loaded = self._loaded
        if loaded is None or loaded[0] != index:
            self._loaded = None  # before the next is decoded: one at a time in memory
            with reading():
                loaded = self._loaded = index, *self._decode(index)
        return loaded[1:]

    def _decode(self, index: int) -> tuple[photograph.Prepared, int]:
        if len(self.pages) > 1:
            self._picture.seek(index)
        self._picture.load()
        turn = self._picture.getexif().get(orientation.TAG)
        known = turn if isinstance(turn, int) and turn in range(1, 9) else orientation.AS_STORED
        return photograph.prepare(self._picture, upright=False), known

    def duration(self, index: int) -> float:
        """Of a page that is decoded."""
        self.load(index)
        return float(self._picture.info.get("duration", 0) or 0)

    def close(self) -> None:
        """Close the file."""
        self._loaded = None
        if self._owns_picture:
            self._picture.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _PicturePage:
    """A page that Pillow decodes, the whole of it at once."""

    def __init__(self, original: Original, index: int) -> None:
        self._original = original
        self._index = index

    @property
    def _prepared(self) -> photograph.Prepared:
        return self._original.load(self._index)[0]

    @property
    def width(self) -> int:
        return self._prepared.picture.width

    @property
    def height(self) -> int:
        return self._prepared.picture.height

    @property
    def orientation(self) -> int:
        return self._original.load(self._index)[1]

    @property
    def bits(self) -> int:
        return 8

    @property
    def has_alpha(self) -> bool:
        return self._prepared.alpha is not None

    @property
    def duration(self) -> float:
        return self._original.duration(self._index)

    def lightness(self) -> photograph.Lightness:
        return photograph.lightness_of(self._prepared.picture)

    def alpha(self) -> npt.NDArray[np.uint8] | None:
        alpha = self._prepared.alpha
        return None if alpha is None else np.asarray(alpha)

    def plane(self, size: int) -> npt.NDArray[np.uint8]:
        plane = photograph.reduce_lightness(self.lightness(), size)
        return np.ascontiguousarray(orientation.to_upright(plane, self.orientation))
