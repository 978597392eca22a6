"""Where a test set lies that is named and not given by its path."""

import os
from pathlib import Path

from photochrom_training.photographs import PhotographsError

VARIABLE = "PHOTOCHROM_DATA"
"""The environment variable that names a folder of test sets."""

_FOLDERS = (Path("data"), Path("../shared/data"))


def find(name: str) -> Path:
    """The path of a test set: ``name`` itself, or a shard or folder of that name in a known place.

    A bare name, such as ``test-open``, is looked for with and without ``.tar``: in the working folder, in the
    folder that :data:`VARIABLE` names, in ``data`` and in ``../shared/data``.

    :raises PhotographsError: for no name, or if it is nowhere; the message lists what was tried.
    """
    if not name:
        raise PhotographsError("no test set was named: an empty --on, as of a variable that is not set")
    given = Path(name)
    tried = [given]
    if given.parts == (name,):
        named = os.environ.get(VARIABLE)
        folders = [Path(), *([Path(named)] if named else []), *_FOLDERS]
        tried = [folder / (name + suffix) for folder in folders for suffix in ("", ".tar")]
    for path in tried:
        if path.exists():
            return path
    if len(tried) == 1:
        raise PhotographsError(f"{name}: no such file or folder")
    places = ", ".join(map(str, tried))
    raise PhotographsError(
        f"{name}: no such file or folder, nor a test set of that name; tried {places}; "
        f"give a path, or set {VARIABLE} to the folder that it lies in"
    )
