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
    """The commit of the checkout that this code runs from, if it runs from one."""
    try:
        shown = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 whichever git there is
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return shown.stdout.strip()
