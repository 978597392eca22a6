"""The a*b* plane in 313 bins, as Colorful Image Colorization (arXiv 1603.08511) classifies colors.

The bins are those that sRGB can show, on a grid of 10 CIE units (section 2.1); their table lies with the
evaluator's prior, which has a share for each.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from photochrom_training.batches import open_colored
from photochrom_training.evaluation import chroma_prior, test_set
from photochrom_training.photographs import Photograph

CENTERS = chroma_prior.load()[0]
"""a* and b* of each bin ``(313, 2)``, CIE units."""

SMOOTHING = 5.0
"""The standard deviation, in CIE units, of the Gaussians that smooth a prior and soften a truth."""


def prior(photographs: Sequence[Photograph], most: int = 2000) -> npt.NDArray[np.float64]:
    """The bins' shares ``(313,)`` in photographs, smoothed over neighboring bins.

    :param most: of the photographs, evenly spread, that are looked at.
    """
    picked = [
        photographs[i] for i in np.linspace(0, len(photographs) - 1, min(most, len(photographs)), dtype=int)
    ]
    seen = ((str(one), open_colored(one)[0]) for one in picked)
    shares, _ = chroma_prior.measure(
        test_set.Photograph(name, picture) for name, picture in seen if picture is not None
    )
    return smooth(shares)


def smooth(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Spread each bin's share over its neighbors by a Gaussian; the sum stays 1."""
    square = np.square(CENTERS[:, None] - CENTERS[None]).sum(-1)
    near = np.exp(-square / (2 * SMOOTHING**2))
    return np.asarray(shares @ (near / near.sum(1, keepdims=True)), np.float64)


def rebalancing(smoothed: npt.NDArray[np.float64], uniform: float = 0.5) -> npt.NDArray[np.float32]:
    """What a pixel of each bin counts ``(313,)``: 1 on average, more for rare colors (equation 4).

    :param uniform: lambda, how much of a uniform distribution is mixed with the prior, 0 to 1.
    """
    weights = 1 / ((1 - uniform) * smoothed + uniform / len(smoothed))
    return np.asarray(weights / (smoothed * weights).sum(), np.float32)
