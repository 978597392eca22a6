"""The default model on a smaller encoder, EfficientNet-Lite0, for CPUs.

    photochrom-train photochrom-small --photographs DATA/train-*.tar --stage decoder --output runs/small1
    photochrom-train photochrom-small --photographs DATA/train-*.tar --start-from runs/small1

Everything else is as in ``photochrom``.
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
