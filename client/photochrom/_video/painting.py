"""Chroma onto a frame: the frame's own lightness, and Cb and Cr of the predicted color."""

from typing import Any

import numpy as np
from av.video.frame import VideoFrame

from photochrom._video.chroma import ChromaEncoder
from photochrom._video.colorimetry import Colorimetry
from photochrom._video.information import PixelFormat
from photochrom._video.luma import LumaTables, Plane
from photochrom._video.resampling import Floats, shrink, stretch


class Painter:
    """Makes the frames of one video."""

    def __init__(
        self, colorimetry: Colorimetry, tables: LumaTables, pixels: PixelFormat, saturation: float
    ) -> None:
        self._colorimetry = colorimetry
        self._tables = tables
        self._chroma = ChromaEncoder(colorimetry)
        self._pixels = pixels
        self._saturation = np.float32(saturation)

    def paint(self, luma: Plane, chroma: Floats) -> VideoFrame:
        """Color one frame.

        :param luma: the Y' of its greys ``(h, w)``.
        :param chroma: a* and b* in CIE units ``(h', w', 2)``, stretched over it.
        :returns: the frame in the pixel format that it is encoded in. Each pixel is as light as its grey,
            with the chroma as it is once rounded and subsampled.
        """
        height, width = luma.shape
        across, down = self._pixels.shifts
        size = (-(-width >> across), -(-height >> down))
        blue, red = self._chroma.encode(
            shrink(self._tables.lightness_of(luma), *size),
            stretch(chroma * self._saturation, *size).transpose(2, 0, 1),
        )
        full = (stretch(plane, width, height) for plane in (blue, red))
        frame = VideoFrame(width, height, self._pixels.name)
        for index, plane in enumerate((self._tables.from_grey(luma, *full), blue, red)):
            self._fill(frame.planes[index], plane)
        return frame

    def _fill(self, memory: Any, samples: Plane) -> None:
        depth, deeper = self._colorimetry.depth, self._pixels.depth
        kind = np.uint8 if deeper == 8 else np.uint16
        if deeper != depth:
            top = (1 << deeper) - 1
            full = self._colorimetry.full_range
            scale = top / ((1 << depth) - 1) if full else 2.0 ** (deeper - depth)
            samples = np.minimum(np.rint(samples * scale), top)
        rows = np.frombuffer(memory, kind).reshape(memory.height, -1)
        rows[:, : samples.shape[1]] = samples
