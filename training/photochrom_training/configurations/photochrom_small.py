"""The default model on a smaller encoder, EfficientNet-Lite0, for CPUs.

    photochrom-train photochrom-small --photographs DATA/train-*.tar --stage decoder --output runs/small1
    photochrom-train photochrom-small --photographs DATA/train-*.tar --start-from runs/small1

Everything else is as in ``photochrom``, whose third stage it has not had yet.

``photochrom-small`` 1 is six epochs of the second stage (27 minutes), begun from the weights of
``photochrom`` 1, of the same network: 192,000 views with the Huber loss alone. Expect, on every fourth
photograph of test-scenes (100, at 192 px), LPIPS 0.128 where grey has 0.206, PSNR 24.7 dB where grey has
23.0, colorfulness 28 of 40.
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
        description="Natural color for CPUs: EfficientNet-Lite0 U-Net, perceptual regression.",
        default_size=192,
        build=functools.partial(photochrom.build, "lite0", stage),
    )
