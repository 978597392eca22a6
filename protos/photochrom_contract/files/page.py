"""One picture of a file: its lightness, its transparency, what the model sees."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from photochrom_contract import photograph
from photochrom_contract.files import orientation

Chroma = npt.NDArray[np.floating]
"""A model's answer: ``(2, h', w')``, a* and b* in CIE units, upright."""


class Page(Protocol):
    """One picture of an original, as it is stored.

    Rows are of the stored picture: a viewer turns it as :attr:`orientation` says. Nothing is decoded
    before it is asked for.
    """

    @property
    def width(self) -> int:
        """In pixels, as stored."""

    @property
    def height(self) -> int:
        """In pixels, as stored."""

    @property
    def orientation(self) -> int:
        """EXIF's, 1 to 8."""

    @property
    def bits(self) -> int:
        """Of the colored copy's channels: 8, or 16 where the original has more than 8."""

    @property
    def has_alpha(self) -> bool:
        """Whether any of it may be transparent."""

    @property
    def duration(self) -> float:
        """Milliseconds that it is shown for, if it is one of an animation's frames; otherwise 0."""

    def lightness(self) -> photograph.Lightness:
        """L* of all of it, ``(h, w)`` float32, 0 to 100."""

    def alpha(self) -> npt.NDArray[Any] | None:
        """Its transparency, ``(h, w)`` uint8 (or uint16 where ``bits`` is 16), if it has any."""

    def plane(self, size: int) -> npt.NDArray[np.uint8]:
        """What the model sees: L* ``(size, size)`` in the wire's 256 steps, upright."""


def colored(page: Page, chroma: Chroma, saturation: float = 1.0) -> Iterator[npt.NDArray[Any]]:
    """The page's colored rows, as stored, from the top: strips ``(rows, w, 3)``, or 4 with alpha."""
    stored = np.ascontiguousarray(orientation.to_stored(chroma, page.orientation), np.float32)
    rgb = np.asarray(photograph.merge(page.lightness(), stored, saturation))
    alpha = page.alpha()
    yield rgb if alpha is None else np.dstack([rgb, alpha])
