"""What every SavedModel says of where it comes from."""

import subprocess
from pathlib import Path
from typing import Any

import keras

from photochrom_training.configuration import Configuration


def of(configuration: Configuration) -> dict[str, Any]:
    """What made it: the configuration, this code and Keras."""
    return {
        "configuration": configuration.name,
        "commit": _commit(),
        "keras": keras.version(),
        "vividness": configuration.vividness,
    }


def _commit() -> str:
    """The commit of the checkout that this code is of, and whether it was changed since."""
    try:
        _git("ls-files", "--error-unmatch", __file__)  # or it is installed inside of another project's
        return _git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    shown = subprocess.run(  # noqa: S603 its arguments are this file's
        ["git", *arguments],  # noqa: S607 whichever git there is
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout.strip()
