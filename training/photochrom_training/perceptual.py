"""A loss that looks at the picture: how different it is from the truth to a network that has learned to see.

Source of the distance: LPIPS (:mod:`photochrom_training.evaluation.lpips`), by AlexNet. Evaluation reports
the same distance of pictures that training has not seen, and beside it figures that no training minimizes.
"""

import dataclasses
from typing import Any

import keras
from keras import ops

from photochrom_contract import lab
from photochrom_contract.tensors import CHROMA
from photochrom_training.evaluation.lpips import Lpips

Tensor = Any


@dataclasses.dataclass(frozen=True)
class PerceptualRegression:
    """The chroma's loss, plus ``weight`` times the LPIPS of the recombined pictures."""

    loss: keras.losses.Loss
    lpips: Lpips
    weight: float
    gain: float = 1.0
    """A factor on the truth that the chroma's loss sees: makes up for the greyness that regression learns."""

    def __call__(self, lightness: Tensor, truth: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """The loss of one batch."""
        chroma = outputs[CHROMA]
        ours, theirs = (self.lpips.see(recombine(lightness, planes)) for planes in (chroma, truth))
        distance = ops.mean(self.lpips.compare(ours, theirs))
        return self.loss(self.gain * truth, chroma) + self.weight * distance


def recombine(lightness: Tensor, chroma: Tensor) -> Tensor:
    """The pictures ``(n, h, w, 3)``, encoded sRGB, 0 to 1.

    :param lightness: L* ``(n, 1, h, w)``, 0 to 100.
    :param chroma: a*b* ``(n, 2, h', w')``, CIE units; stretched bilinearly.
    """
    height, width = ops.shape(lightness)[2:]
    stretched = ops.image.resize(
        ops.transpose(chroma, (0, 2, 3, 1)),
        (height, width),
        interpolation="bilinear",
        data_format="channels_last",
    )
    return lab.lab_to_rgb(ops.concatenate([ops.transpose(lightness, (0, 2, 3, 1)), stretched], axis=-1), ops)
