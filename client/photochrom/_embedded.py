"""The server inside this process, for those who name none: CPU, the shipped model.

This file alone of the client knows ``photochrom_serving``, and imports it only when it is needed.
"""

import os
import threading
from pathlib import Path

from photochrom._errors import TargetError
from photochrom._target import VARIABLE

_INSTALL = "pip install 'photochrom-serving[cpu]'"

_MODELS = "PHOTOCHROM_MODELS"  # as for photochrom-serve; without it, the model that it ships

_lock = threading.Lock()
_target: str | None = None


def target() -> str:
    """The embedded server's target; the first call starts it, and it lives as long as the process.

    There is one a process, however many Colorizers use it: a model takes seconds to load, and its
    memory is worth spending once.

    :raises TargetError: if photochrom-serving is not installed, or the server does not start.
    """
    global _target  # noqa: PLW0603
    with _lock:
        if _target is None:
            _target = _start()
        return _target


def serve(arguments: list[str]) -> int:
    """Run ``photochrom-serve`` with its own arguments; its exit status.

    :raises TargetError: if photochrom-serving is not installed.
    """
    try:
        from photochrom_serving import cli
    except ModuleNotFoundError as error:
        _check_is_absence(error)
        raise TargetError(f"the server is not installed: {_INSTALL}") from error
    return cli.main(arguments)


def _start() -> str:
    try:
        from photochrom_serving.embedded import EmbeddedServer
        from photochrom_serving.errors import StartupError
    except ModuleNotFoundError as error:
        _check_is_absence(error)
        raise TargetError(
            f"no server to ask: name one (--target host:port, or {VARIABLE}), "
            f"or color on this machine: {_INSTALL}"
        ) from error
    models = os.environ.get(_MODELS)
    try:
        return EmbeddedServer(Path(models) if models else None).target  # it ends with the process
    except StartupError as error:
        raise TargetError(f"the embedded server does not start: {error}") from error


def _check_is_absence(error: ModuleNotFoundError) -> None:
    """Raise the error again if it is not photochrom-serving itself that is missing."""
    if (error.name or "").partition(".")[0] != "photochrom_serving":
        raise TargetError(f"the embedded server lacks {error.name}: {_INSTALL}") from error
