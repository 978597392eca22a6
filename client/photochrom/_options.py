"""How to color: the knobs, of one name and one meaning in the SDK, the command and the protocol.

===============  =======================================================  ====================
knob             meaning                                                  range
===============  =======================================================  ====================
``model``        the model's name; empty for the server's default         text
``version``      its version; a label, as ``"stable"``; 0 for the latest  0 to 2^64 - 1, text
``size``         the side of the square that the model sees, in pixels;   0 to 1024
                 0 for the model's default
``saturation``   a factor on the predicted chroma; 0 gives grey           0 to 2
``temperature``  of the annealed mean: near 0 vivid and spotty, 1 smooth  above 0, at most 10
                 and pale; None for the model's own
``upsampling``   how the model's chroma is stretched over the photograph  guided, bilinear
===============  =======================================================  ====================
"""

import dataclasses
import re
from typing import Final, Literal, get_args

Upsampling = Literal["guided", "bilinear"]
"""Along the photograph's edges, or by interpolation alone: the contract's ``upsampling.Upsampling``."""

MAX_VERSION: Final = 2**64 - 1
"""The highest version of a model: the protocol's field is a uint64."""

MAX_SIZE: Final = 1024
"""The contract's ``tensors.MAX_SIDE``, without the moment that importing it takes."""

MAX_SATURATION: Final = 2.0
MAX_TEMPERATURE: Final = 10.0

MAX_TIMEOUT: Final = 86400.0
"""Seconds that a call may take at most: a day."""

_LABEL: Final = re.compile(r"[^\W\d][\w.-]*")


@dataclasses.dataclass(frozen=True)
class Options:
    """How to color; a value out of its range is a ValueError at once, before anything is sent."""

    model: str = ""
    version: int | str = 0
    size: int = 0
    saturation: float = 1.0
    temperature: float | None = None
    upsampling: Upsampling = "guided"

    def __post_init__(self) -> None:
        if isinstance(self.version, str):
            if not _LABEL.fullmatch(self.version):
                raise ValueError(f"version is {self.version!r}, but must be a number or a label")
        elif not 0 <= self.version <= MAX_VERSION:
            raise ValueError(f"version is {self.version}, but must be within 0 to {MAX_VERSION}")
        if not 0 <= self.size <= MAX_SIZE:
            raise ValueError(f"size is {self.size}, but must be within 0 to {MAX_SIZE}")
        if not 0 <= self.saturation <= MAX_SATURATION:  # not a number is not within either
            raise ValueError(f"saturation is {self.saturation}, but must be within 0 to {MAX_SATURATION:g}")
        if self.temperature is not None and not 0 < self.temperature <= MAX_TEMPERATURE:
            raise ValueError(
                f"temperature is {self.temperature}, but must be above 0 and at most {MAX_TEMPERATURE:g}"
            )
        if self.upsampling not in get_args(Upsampling):
            raise ValueError(
                f"upsampling is {self.upsampling!r}, but must be {' or '.join(get_args(Upsampling))}"
            )

    @property
    def number(self) -> int:
        """The version's number; 0 for the latest, or where a label names it."""
        return 0 if isinstance(self.version, str) else self.version

    @property
    def label(self) -> str:
        """The version's label; empty where a number names it."""
        return self.version if isinstance(self.version, str) else ""


def check_timeout(timeout: float) -> None:
    """Refuse a timeout, in seconds, that is no time, or more than a day.

    :raises ValueError: for one of those.
    """
    if not 0 < timeout <= MAX_TIMEOUT:
        raise ValueError(f"timeout is {timeout}, but must be above 0 and at most {MAX_TIMEOUT:g} s")


def check_patience(patience: float) -> None:
    """Refuse a patience, in seconds, that is none that one can have.

    :raises ValueError: for one below 0 or above a day.
    """
    if not 0 <= patience <= MAX_TIMEOUT:
        raise ValueError(f"patience is {patience}, but must be within 0 to {MAX_TIMEOUT:g} s")
