"""Labels: names such as ``stable`` for versions, in ``labels.json`` beside a model's version folders.

::

    {"stable": 3, "canary": 4}

A rollback is a label moved back. The file is replaced as a whole, never written in place.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from photochrom_serving.errors import RepositoryError

FILE = "labels.json"

_MAX_LENGTH = 128


def read(folder: Path) -> dict[str, int]:
    """The labels in a model's folder, each with the version that it should mean; none without a file.

    :raises RepositoryError: naming the file, if it cannot be read or is something else.
    """
    path = folder / FILE
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise RepositoryError(f"{path}: cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise RepositoryError(f'{path}: must be an object such as {{"stable": 3}}')
    for label, version in found.items():
        if not is_label(label) or type(version) is not int or version < 1:  # True is no number here
            raise RepositoryError(
                f"{path}: {label!r}: {version!r}: must be a label of 1 to {_MAX_LENGTH} printable characters "
                "and the number of a version"
            )
    return found


def write(folder: Path, labels: Mapping[str, int]) -> None:
    """Replace the labels in a model's folder.

    :raises OSError: if the folder cannot be written to.
    """
    text = json.dumps(dict(sorted(labels.items())), indent=2, ensure_ascii=False) + "\n"
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=folder, prefix=".labels", delete=False
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(folder / FILE)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def is_label(label: str) -> bool:
    """Whether it can be one: not empty, not too long, all of it visible."""
    return 1 <= len(label) <= _MAX_LENGTH and label.isprintable() and label == label.strip()
