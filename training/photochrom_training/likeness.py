"""What a person asks of a colored picture, as something to minimize: like the truth, and not grey.

Regression on a*b* answers doubt with grey, and a gain on all of its answers makes up for that where it
knows and where it guesses alike. Here each picture's error is counted on a logarithmic scale, as PSNR does,
and color is worth something of its own: it goes where it costs the least likeness.
"""

import dataclasses
import math
from typing import Any

from keras import ops

from photochrom_contract.tensors import CHROMA
from photochrom_training.evaluation.lpips import Lpips
from photochrom_training.perceptual import recombine

Tensor = Any

_ALIKE = 20.0
"""Mean square error, of bytes, from which on a picture can hardly become more alike: a PSNR of 35 dB."""

_SLOPE_AT_GREY = 1.0
"""Added within roots, whose slope at nothing has to be a number; of bytes, squared."""


@dataclasses.dataclass(frozen=True)
class Likeness:
    """The negative PSNR of the pictures at the chroma's size, less their colorfulness, plus their LPIPS."""

    chroma_stride: int
    """The lightness plane's side over the chroma plane's."""
    colorfulness: float
    """What a unit of Hasler and Süsstrunk's measure is worth, in dB."""
    lpips: Lpips
    distance: float
    """What an LPIPS of 1 costs, in dB."""
    looked_at: int
    """How many photographs of a batch LPIPS is measured of: of all, it takes half as long as the rest."""

    def __call__(self, lightness: Tensor, truth: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """The loss of one batch, in dB."""
        chroma = outputs[CHROMA]
        small = ops.average_pool(
            ops.transpose(lightness, (0, 2, 3, 1)),
            self.chroma_stride,
            self.chroma_stride,
            data_format="channels_last",
        )
        small = ops.transpose(small, (0, 3, 1, 2))
        ours, theirs = (255 * recombine(small, planes) for planes in (chroma, truth))
        error = ops.mean(ops.square(ours - theirs), axis=(1, 2, 3))
        likeness = -10 / math.log(10) * ops.mean(ops.log(error + _ALIKE))
        few = slice(self.looked_at)
        seen = (self.lpips.see(recombine(lightness[few], planes[few])) for planes in (chroma, truth))
        distance = ops.mean(self.lpips.compare(*seen))
        return self.distance * distance - likeness - self.colorfulness * ops.mean(_colorfulness(ours))


def _colorfulness(rgb: Tensor) -> Tensor:
    """The measure of ``evaluation.metrics``, of pictures ``(n, h, w, 3)``, 0 to 255: ``(n,)``."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    opponents = ops.stack([red - green, (red + green) / 2 - blue], axis=-1)
    spread = ops.sum(ops.var(opponents, axis=(1, 2)), axis=-1)
    mean = ops.sum(ops.square(ops.mean(opponents, axis=(1, 2))), axis=-1)
    return ops.sqrt(spread + _SLOPE_AT_GREY) + 0.3 * ops.sqrt(mean + _SLOPE_AT_GREY)
