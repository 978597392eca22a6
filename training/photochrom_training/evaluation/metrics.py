"""Figures of colorization, on one photograph each: PSNR, chroma error, AuC, colorfulness."""

import math

import numpy as np
import numpy.typing as npt

RGB = npt.NDArray[np.uint8]
"""A picture ``(h, w, 3)``, 8-bit sRGB."""
Chroma = npt.NDArray[np.float32]
"""Planes ``(2, h, w)``: a* and b*, CIE units."""

AUC_THRESHOLDS = 150
"""AuC's largest threshold, in CIE units of chroma distance."""

_NEUTRAL_ROUNDING = 0.02
# sRGB's matrix, rounded as published, leaves neutral pixels this near to zero chroma; at threshold 0 the
# difference would count a grey pixel that was predicted grey as wrong.


def rgb_square_error(picture: RGB, truth: RGB) -> float:
    """Mean square difference over pixels and channels, on the scale 0 to 255."""
    return float(np.mean(np.square(picture.astype(np.float32) - truth, dtype=np.float32), dtype=np.float64))


def psnr(square_error: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean square error: ``20 log10(255 / sqrt(error))``.

    Equal pictures would have an infinite one, and with them a whole test set: an error is taken to be no
    less than that of rounding to 8 bits, 1/12, which is 58.9 dB.
    """
    return 20 * math.log10(255) - 10 * math.log10(max(square_error, 1 / 12))


def chroma_distance(chroma: Chroma, truth: Chroma) -> npt.NDArray[np.float32]:
    """Euclidean distance in the a*b* plane of each pixel: ``(h, w)``, CIE units."""
    return np.asarray(np.hypot(chroma[0] - truth[0], chroma[1] - truth[1]), np.float32)


def area_under_accuracy(
    distance: npt.NDArray[np.float32], weights: npt.NDArray[np.float32] | None = None
) -> float:
    """AuC of Zhang, Isola and Efros 2016, section 3.1, in percent.

    Acc(t) is the share of pixels whose chroma is off by no more than t; AuC is its mean over the
    thresholds t = 0, 1 ... 150.

    :param distance: of each pixel's chroma from the truth's, CIE units.
    :param weights: what each pixel counts, of ``distance``'s shape; all the same if not given.
    """
    # A pixel is accurate at every threshold from its distance, rounded up, on.
    passed = np.ceil(distance) * (distance > _NEUTRAL_ROUNDING)
    accurate = np.clip(AUC_THRESHOLDS + 1 - passed, 0, None) * (100 / (AUC_THRESHOLDS + 1))
    return float(np.average(accurate.astype(np.float64), weights=weights))


def colorfulness(picture: RGB) -> float:
    """Hasler and Süsstrunk 2003, *Measuring colourfulness in natural images*, section 6: 0 for grey.

    The opponents red-green and yellow-blue are signed: their mean is that of the signed values.
    """
    red, green, blue = np.moveaxis(picture.astype(np.float32), -1, 0)
    red_green = red - green
    yellow_blue = (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    mean = np.hypot(red_green.mean(), yellow_blue.mean())
    return float(spread + 0.3 * mean)


def root_mean_square(distance: npt.NDArray[np.float32]) -> float:
    """The root of the mean of the squares."""
    return math.sqrt(np.mean(np.square(distance), dtype=np.float64))
