"""A version in a model repository: there as a whole, or not at all.

``<repository>/<name>/<version>/`` is written as a hidden sibling, flushed to the disk and renamed. A server
that watches the repository never sees half a version, and a version once published never changes.
"""

import contextlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from photochrom_contract.manifest import CARD_FILE, MAX_VERSION, MODEL_FILE, Manifest, digest
from photochrom_export.errors import InputError, PublishingError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Describe = Callable[[str], Manifest]
"""The manifest of a version, given the SHA-256 of its ``model.onnx``."""


def choose_version(repository: Path, name: str, wanted: int | None = None) -> int:
    """The version to publish: ``wanted``, or one above the highest there is.

    :raises InputError: if the repository is no folder, the name is no folder's name, or ``wanted`` is
        below 1 or is there already.
    """
    if repository.exists() and not repository.is_dir():
        raise InputError(f"{repository}: a file; a model repository is a folder")
    if not _NAME.fullmatch(name):
        raise InputError(
            f"the model's name {name!r} cannot be a folder: use letters, digits, dots, dashes and underscores"
        )
    folder = repository / name
    if wanted is None:
        versions = [int(path.name) for path in folder.glob("*") if path.name.isdecimal()]
        return max(versions, default=0) + 1
    if wanted < 1:
        raise InputError(f"--version {wanted}: versions count from 1")
    if wanted > MAX_VERSION:
        raise InputError(f"--version {wanted}: no request has room for a version above {MAX_VERSION}")
    if (folder / str(wanted)).exists():
        raise InputError(
            f"{folder / str(wanted)}: is published already, and a version never changes; "
            "leave --version out for the next free one"
        )
    return wanted


def publish(repository: Path, model: bytes, describe: Describe, card: Callable[[Manifest], str]) -> Path:
    """Write a version.

    :param model: the serialized ONNX model.
    :param card: the text of the model card.
    :returns: the version's folder.
    :raises PublishingError: if it cannot be written, or another export took the version meanwhile.
    """
    try:
        repository.mkdir(parents=True, exist_ok=True)
        with _temporary_folder(repository) as temporary:
            (temporary / MODEL_FILE).write_bytes(model)
            manifest = describe(digest(temporary / MODEL_FILE))
            manifest.write(temporary)
            (temporary / CARD_FILE).write_text(card(manifest), "utf-8")
            for path in (*temporary.iterdir(), temporary):
                _flush(path)
            versions = repository / manifest.name
            versions.mkdir(exist_ok=True)
            target = versions / str(manifest.version)
            if target.exists():
                raise PublishingError(
                    f"{target}: another export published this version meanwhile; export again"
                )
            temporary.rename(target)
            _flush(versions)
            _flush(repository)
    except OSError as error:
        raise PublishingError(f"{repository}: cannot be written: {error}") from error
    return target


@contextlib.contextmanager
def _temporary_folder(repository: Path) -> Iterator[Path]:
    # Not tempfile.mkdtemp: it shuts everyone else out, and a server runs as another user.
    folder = repository / f".publishing-{uuid.uuid4().hex}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _flush(path: Path) -> None:
    """Force a file or a folder's entries to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
