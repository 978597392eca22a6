"""What the numbers of a video mean: its Y'CbCr matrix, range, transfer function and primaries.

Sources: ITU-T H.273 (07/2024) for the code points and the matrices; IEC 61966-2-1 for the curve that
screens and frame grabbers apply to all of standard dynamic range, whatever the camera's was.
"""

import dataclasses
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from photochrom_contract import lab

Floats = npt.NDArray[np.floating]

UNSPECIFIED: Final = 2
"""H.273's code point, of matrix, transfer function and primaries alike."""

_MATRICES: Final[dict[int, tuple[float, float]]] = {  # MatrixCoefficients: K_R, K_B
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.470 B, G and BT.601, 625 lines
    6: (0.299, 0.114),  # BT.601, 525 lines
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020, non-constant luminance
}
_PRIMARIES: Final[dict[int, tuple[tuple[float, float], ...]]] = {  # ColourPrimaries: x, y of R, G, B
    1: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),  # BT.709, sRGB
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),  # BT.601, 625 lines
    6: ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),  # BT.601, 525 lines
    7: ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),  # SMPTE 240M
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),  # Display P3
}
_POWERS: Final = {4: 2.2, 5: 2.8, 8: 1.0}  # TransferCharacteristics that are a power; the rest is sRGB's
_HIGH_DYNAMIC_RANGE: Final = {16: "PQ", 18: "HLG"}
_WHITE: Final = (0.3127, 0.3290)  # D65


class UnsupportedColorError(ValueError):
    """A video whose numbers have a meaning that this package does not know."""


@dataclasses.dataclass(frozen=True)
class Colorimetry:
    """How a stream's Y'CbCr relates to light."""

    matrix: int
    """H.273 MatrixCoefficients."""
    transfer: int
    """H.273 TransferCharacteristics."""
    primaries: int
    """H.273 ColourPrimaries."""
    full_range: bool
    """Whether Y' takes all the codes, and not 16 to 235 (of 8 bits) only."""
    depth: int
    """Bits a sample."""

    def __post_init__(self) -> None:
        if self.transfer in _HIGH_DYNAMIC_RANGE:
            name = _HIGH_DYNAMIC_RANGE[self.transfer]
            raise UnsupportedColorError(f"is of high dynamic range ({name}): convert it to standard range")
        if self.matrix not in _MATRICES:
            raise UnsupportedColorError(
                f"has matrix coefficients {self.matrix}: convert it to BT.709 (which is 1)"
            )

    @classmethod
    def of(
        cls, matrix: int, transfer: int, primaries: int, *, full_range: bool, depth: int, height: int
    ) -> "Colorimetry":
        """Fill in what a stream does not say, as players do: BT.601 below 720 lines, else BT.709.

        :raises UnsupportedColorError: for high dynamic range, and for a matrix that is none of H.273's
            three-color ones.
        """
        guess = 6 if height < 720 else 1
        return cls(
            matrix=guess if matrix == UNSPECIFIED else matrix,
            transfer=transfer,
            primaries=primaries if primaries in _PRIMARIES else 1,
            full_range=full_range,
            depth=depth,
        )

    def to_unit(self, luma: Floats) -> Floats:
        """Codes of Y' to 0 (black) to 1 (white); outside where the codes are."""
        scale = 1 << self.depth - 8
        return luma / ((1 << self.depth) - 1) if self.full_range else (luma / scale - 16) / 219

    def from_unit(self, luma: Floats) -> Floats:
        """The inverse of :meth:`to_unit`, not rounded."""
        scale = 1 << self.depth - 8
        return luma * ((1 << self.depth) - 1) if self.full_range else (luma * 219 + 16) * scale

    @property
    def chroma_scale(self) -> float:
        """Codes that Cb and Cr take from one end to the other."""
        return float((1 << self.depth) - 1 if self.full_range else 224 << self.depth - 8)

    @property
    def neutral(self) -> int:
        """The code of Cb and Cr that means no color."""
        return 1 << self.depth - 1

    @property
    def from_chroma(self) -> npt.NDArray[np.float64]:
        """What Cb and Cr (-0.5 to 0.5) add to Y' in R', G' and B': ``(3, 2)``."""
        k_r, k_b = _MATRICES[self.matrix]
        k_g = 1 - k_r - k_b
        red, blue = 2 * (1 - k_r), 2 * (1 - k_b)
        return np.array([[0, red], [-blue * k_b / k_g, -red * k_r / k_g], [blue, 0]])

    @property
    def luma_weights(self) -> npt.NDArray[np.float64]:
        """Y' of R', G', B': ``(3,)``, of sum 1."""
        k_r, k_b = _MATRICES[self.matrix]
        return np.array([k_r, 1 - k_r - k_b, k_b])

    @property
    def xyz_of_rgb(self) -> npt.NDArray[np.float64]:
        """Linear RGB to XYZ relative to the white, so that ``(1, 1, 1)`` gives ``(1, 1, 1)``: ``(3, 3)``."""
        columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in _PRIMARIES[self.primaries]]).T
        x, y = _WHITE
        white = np.array([x / y, 1, (1 - x - y) / y])
        scaled: npt.NDArray[np.float64] = columns * np.linalg.solve(columns, white) / white[:, None]
        return scaled

    @property
    def to_linear(self) -> Callable[[Floats], Floats]:
        """R'G'B' to linear light; what lies outside 0 to 1 is clipped, as a screen does."""
        power = _POWERS.get(self.transfer)
        if power is None:
            return lambda encoded: lab.srgb_to_linear(np.clip(encoded, 0, 1))
        return lambda encoded: np.clip(encoded, 0, 1) ** power

    @property
    def from_linear(self) -> Callable[[Floats], Floats]:
        """The inverse of :attr:`to_linear`."""
        power = _POWERS.get(self.transfer)
        if power is None:
            return lambda linear: lab.linear_to_srgb(np.clip(linear, 0, 1))
        return lambda linear: np.clip(linear, 0, 1) ** (1 / power)
