r"""The default model on a smaller encoder, EfficientNet-Lite0, for CPUs.

    photochrom-train photochrom-small --photographs DATA/train-*.tar --stage decoder --output runs/small1
    photochrom-train photochrom-small --photographs DATA/train-*.tar --start-from runs/small1 \
        --output runs/small2
    photochrom-train photochrom-small --photographs DATA/train-*.tar --stage color --epochs 12 \
        --start-from runs/small2 --vividness 0.945

Everything else is as in ``photochrom``.

``photochrom-small`` 3 is 12 epochs of the third stage (48 minutes on two cores), begun from six of the
second and from the weights of ``photochrom`` 1, of the same network: 192,000 views with the Huber loss
alone. Expect, on test-scenes (400 photographs, at 192 px), LPIPS 0.127 where grey has 0.208, PSNR 24.8 dB
where grey has 22.9, colorfulness 30 of 40.
"""

import dataclasses
import functools

from photochrom_training.configuration import Configuration
from photochrom_training.configurations import photochrom


def configuration(stage: str = "whole") -> Configuration:
    """State the case, with one of ``photochrom.STAGES``."""
    return dataclasses.replace(
        photochrom.configuration(stage),
        name="photochrom-small",
        description="Natural color for CPUs: EfficientNet-Lite0 U-Net, for likeness and color.",
        default_size=192,
        build=functools.partial(photochrom.build, "lite0", stage),
    )
