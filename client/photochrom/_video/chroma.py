"""a* and b* to Cb and Cr."""

import numpy as np
import numpy.typing as npt

from photochrom._video.colorimetry import Colorimetry
from photochrom._video.luma import Plane

_BISECTIONS = 6  # to 1/64 of the chroma
_F_END = 6 / 29  # CIE 15:2004: where the cube gives way to the line
_SLOPE = 3 * _F_END**2


class ChromaEncoder:
    """Makes a stream's Cb and Cr of Lab colors; what the stream cannot show gets less chroma."""

    def __init__(self, colorimetry: Colorimetry) -> None:
        self._colorimetry = colorimetry
        self._rgb_of_xyz = np.linalg.inv(colorimetry.xyz_of_rgb).astype(np.float32)
        # Encoded R', G', B' of their linear light's cube root: f is a cube root, and so this is even.
        roots = np.linspace(0, 1, 4096)
        self._encoded = colorimetry.from_linear(roots**3).astype(np.float32)

    def encode(
        self, lightness: npt.NDArray[np.float32], chroma: npt.NDArray[np.float32]
    ) -> tuple[Plane, Plane]:
        """Cb and Cr, rounded to codes.

        :param lightness: L* ``(h, w)``, 0 to 100.
        :param chroma: a* and b* in CIE units, ``(2, h, w)``.
        """
        linear = self._linear(lightness, chroma)
        outside = ((linear < -1e-3) | (linear > 1.002)).any(axis=0)
        if outside.any():
            linear[:, outside] = self._linear(*self._within_gamut(lightness[outside], chroma[:, outside]))
        # A cube root by table would need one too; NumPy's cbrt is fast.
        roots = np.cbrt(np.clip(linear, 0, 1))
        red, green, blue = self._encoded[(roots * (len(self._encoded) - 1) + 0.5).astype(np.uint16)]
        k_r, k_g, k_b = self._colorimetry.luma_weights.astype(np.float32)
        luma = k_r * red + k_g * green + k_b * blue
        return self._codes((blue - luma) / (2 * (1 - k_b))), self._codes((red - luma) / (2 * (1 - k_r)))

    def _codes(self, unit: npt.NDArray[np.float32]) -> Plane:
        depth = self._colorimetry.depth
        codes = unit * np.float32(self._colorimetry.chroma_scale) + np.float32(
            self._colorimetry.neutral + 0.5
        )
        top = (1 << depth) - 1 if self._colorimetry.full_range else 240 << depth - 8
        bottom = 0 if self._colorimetry.full_range else 16 << depth - 8
        plane: Plane = np.clip(codes, bottom, top).astype(np.uint8 if depth == 8 else np.uint16)
        return plane

    def _linear(
        self, lightness: npt.NDArray[np.float32], chroma: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Linear R, G and B: ``(3, ...)``; outside 0 to 1 where the stream cannot show the color."""
        fy = (lightness + np.float32(16)) / np.float32(116)
        f = np.stack([fy + chroma[0] / np.float32(500), fy, fy - chroma[1] / np.float32(200)])
        xyz = np.where(f > _F_END, f * f * f, np.float32(_SLOPE) * (f - np.float32(4 / 29)))
        linear: npt.NDArray[np.float32] = np.tensordot(self._rgb_of_xyz, xyz, 1)
        return linear

    def _within_gamut(
        self, lightness: npt.NDArray[np.float32], chroma: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The same lightness and hue with the most chroma, up to theirs, that can be shown."""
        shown, unshown = np.zeros_like(lightness), np.ones_like(lightness)
        for _ in range(_BISECTIONS):
            scale = (shown + unshown) * np.float32(0.5)
            linear = self._linear(lightness, chroma * scale)
            within = ((linear >= -1e-3) & (linear <= 1.002)).all(axis=0)
            shown, unshown = np.where(within, scale, shown), np.where(within, unshown, scale)
        return lightness, chroma * shown
