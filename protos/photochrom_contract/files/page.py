"""One picture of a file: what the model sees of it, and its rows with color."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from photochrom_contract import fast_lab, reduction, strips, tensors
from photochrom_contract.files import orientation
from photochrom_contract.files.metadata import Metadata
from photochrom_contract.upsampling import ChromaField, Upsampling

Chroma = npt.NDArray[np.floating]
"""A model's answer: ``(2, h', w')``, a* and b* in CIE units, upright."""


class Rows(Protocol):
    """Pixels that can be had a few rows at a time, as they are stored. For any number of threads."""

    @property
    def height(self) -> int:
        """In pixels."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def orientation(self) -> int:
        """EXIF's, 1 to 8."""

    @property
    def bits(self) -> int:
        """Of a channel: 8 or 16."""

    @property
    def has_alpha(self) -> bool:
        """Whether any of it may be transparent."""

    def lightness(self, rows: slice) -> fast_lab.Plane:
        """L* ``(rows, width)``, 0 to 100; perhaps in the thread's scratch memory."""

    def alpha(self, rows: slice) -> npt.NDArray[Any] | None:
        """Transparency ``(rows, width)``, uint8 or uint16 as ``bits`` says, if there is any."""


class Page:
    """One picture of an original, as it is stored: a viewer turns it as its rows' orientation says."""

    def __init__(
        self,
        rows: Rows,
        metadata: Callable[[], Metadata] = Metadata,
        duration: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Nothing is decoded before it is asked for.

        :param metadata: what the file says of it beside its pixels.
        :param duration: milliseconds that it is shown for, if it is one of an animation's frames.
        """
        self.rows = rows
        self.metadata = metadata
        self.duration = duration
        self._reduced: fast_lab.Plane | None = None

    def plane(self, size: int) -> npt.NDArray[np.uint8]:
        """What the model sees: L* ``(size, size)`` in the wire's 256 steps, upright."""
        reduced = self._reduce(size, size)
        if self._reduced is None or len(self._reduced) < size:
            self._reduced = reduced  # the chroma's guide is made of it: the pixels need not be read again
        plane = tensors.lightness_to_plane(orientation.to_upright(reduced, self.rows.orientation))
        return np.ascontiguousarray(plane)

    def colored(
        self,
        chroma: Chroma,
        saturation: float = 1.0,
        upsampling: Upsampling = "guided",
        *,
        strip_rows: int = 0,
    ) -> Iterator[npt.NDArray[Any]]:
        """The rows in color, as stored, from the top: strips ``(rows, width, 3)``, or 4 with alpha.

        :param chroma: the model's answer for the whole page, upright.
        :param saturation: a factor on the chroma; 0 gives grey.
        :param strip_rows: in each strip but the last; 0 for as many as are quick.
        :returns: sRGB of uint8, or uint16 where the page has more than 8 bits.
        """
        height, width = self.rows.height, self.rows.width
        stored = orientation.to_stored(np.asarray(chroma, np.float32), self.rows.orientation)
        guide = self._guide(stored.shape[1], stored.shape[2])
        field = ChromaField(stored * np.float32(saturation), guide, height, width, upsampling)
        kind = np.uint16 if self.rows.bits > 8 else np.uint8

        def color(rows: slice) -> npt.NDArray[Any]:
            alpha = self.rows.alpha(rows)
            lightness = self.rows.lightness(rows)
            pixels = np.empty((*lightness.shape, 3 if alpha is None else 4), kind)
            a, b = field.rows(rows, lightness)
            fast_lab.encode_srgb(lightness, a, b, pixels[..., :3])
            if alpha is not None:
                pixels[..., 3] = alpha
            return pixels

        pixels = strip_rows * width or strips.STRIP_PIXELS
        return strips.in_order(color, strips.rows_of(height, width, pixels))

    def _guide(self, rows: int, columns: int) -> fast_lab.Plane:
        """L* reduced to the chroma's size, as stored."""
        known = self._reduced
        if known is not None and len(known) % rows == 0 and len(known) % columns == 0:
            return reduction.reduce(known.__getitem__, len(known), len(known), rows, columns)
        return self._reduce(rows, columns)

    def _reduce(self, rows: int, columns: int) -> fast_lab.Plane:
        return reduction.reduce(self.rows.lightness, self.rows.height, self.rows.width, rows, columns)
