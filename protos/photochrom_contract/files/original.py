"""A photograph file that is open: its format and its pages."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

from PIL import Image

from photochrom_contract.files import heif, picture_original, tiff_original
from photochrom_contract.files.page import Page
from photochrom_contract.unreadable import reading


class Original(Protocol):
    """A photograph that is open for coloring.

    ::

        with open_original(path) as original:
            chroma = [predict(page.plane(256)) for page in original.pages]
            with open(destination, "wb") as file:
                encode(original, chroma, file, form, provenance=...)

    Pages are decoded when they are asked for, and the last one stays decoded: ask for them in order.
    Not for several threads at once. Whatever reads pixels raises UnreadableError.
    """

    @property
    def format(self) -> str:
        """As Pillow calls it: ``JPEG``, ``TIFF``; empty for a picture that came from no file."""

    @property
    def pages(self) -> Sequence[Page]:
        """One at least."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the first page as its header says: nothing is decoded for it."""

    @property
    def encoding(self) -> dict[str, Any]:
        """How it was compressed, as far as its colored copy follows that: see ``encoding``."""

    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_original(source: str | BinaryIO | Image.Image, formats: tuple[str, ...] | None = None) -> Original:
    """Open a file by its path, an open binary file, or a Pillow picture, which is left as it is.

    :param formats: the only ones that are tried, by Pillow's names; ``None`` for all.
    :raises UnreadableError: if it is no picture, or damaged.
    """
    with reading():
        if not isinstance(source, Image.Image) and (formats is None or "TIFF" in formats):
            tiff = tiff_original.open_tiff(source)
            if tiff is not None:
                return tiff
        heif.register()
        return picture_original.PictureOriginal.open(source, formats)
