"""Photochrom colors black-and-white photographs.

>>> from photochrom import colorize
>>> colorize("astronaut.jpg").save("astronaut-color.jpg")

:func:`colorize` colors one photograph; a :class:`Colorizer` keeps its connection for many, and an
:class:`AsyncColorizer` is the same for asyncio. Whatever
goes wrong is a :class:`PhotochromError`, whose message says where, what was wrong and what to do.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from photochrom._errors import (
    AuthenticationError,
    BusyError,
    DeadlineError,
    InvalidRequestError,
    ModelNotFoundError,
    PhotochromError,
    PictureError,
    ServerError,
    TargetError,
    UnreachableError,
    VideoError,
)

if TYPE_CHECKING:
    from photochrom._async_colorizer import AsyncColorizer
    from photochrom._colorizer import Colorizer, colorize
    from photochrom._inspection import read_provenance
    from photochrom._outcome import Outcome
    from photochrom._video.progress import ColoredVideo, VideoProgress
    from photochrom_contract.files.provenance import Provenance

__version__ = "0.1.0"

_LATE = {
    "AsyncColorizer": "photochrom._async_colorizer",
    "ColoredVideo": "photochrom._video.progress",
    "Colorizer": "photochrom._colorizer",
    "Outcome": "photochrom._outcome",
    "Provenance": "photochrom_contract.files.provenance",
    "VideoProgress": "photochrom._video.progress",
    "colorize": "photochrom._colorizer",
    "read_provenance": "photochrom._inspection",
}
"""Names and their modules, for these are imported when they are first asked for."""

__all__ = [
    "AsyncColorizer",
    "AuthenticationError",
    "BusyError",
    "ColoredVideo",
    "Colorizer",
    "DeadlineError",
    "InvalidRequestError",
    "ModelNotFoundError",
    "Outcome",
    "PhotochromError",
    "PictureError",
    "Provenance",
    "ServerError",
    "TargetError",
    "UnreachableError",
    "VideoError",
    "VideoProgress",
    "__version__",
    "colorize",
    "read_provenance",
]


def __getattr__(name: str) -> object:
    # Late, because gRPC and NumPy take a moment to import, and because gRPC reads how much it may
    # log when it is imported: the command has a say in that, and imports this package first.
    if name in _LATE:
        return getattr(_import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
