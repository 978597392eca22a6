"""The model repository on disk: which versions there are, and whether each is what it claims to be.

::

    models/<name>/labels.json                     which version a label means; see labels.py
                  <version>/model.onnx, manifest.json, README.md

A folder whose name is not a whole number is no version: publishing writes such a folder first and
renames it when it is complete. A folder whose name begins with a dot is no model. Links may be used
within the repository, but lead nowhere outside of it.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from photochrom_contract.manifest import MANIFEST_FILE, MAX_VERSION, MODEL_FILE, Manifest, ManifestError
from photochrom_serving import labels
from photochrom_serving.errors import RepositoryError

_CHECKOUT = Path(__file__).parents[2]
_PACKAGED = Path(__file__).parent / "models"

Signature = tuple[object, ...]


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A version folder that was found and not looked into yet."""

    name: str
    version: int
    folder: Path
    repository: Path
    """Resolved: what the folder and its files have to be inside of."""
    signature: Signature = ()
    """Changes when something in the folder does."""

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"

    def verify(self) -> tuple[Manifest, Path]:
        """Its manifest and the path of its ONNX file, whose digest is the manifest's.

        :raises RepositoryError: naming the file that is missing, damaged, another model's or elsewhere.
        """
        for path in (self.folder, self.folder / MANIFEST_FILE, self.folder / MODEL_FILE):
            check_inside(path, self.repository)
        try:
            manifest = Manifest.read(self.folder)
            if (manifest.name, manifest.version) != (self.name, self.version):
                raise RepositoryError(
                    f"{self.folder}: its manifest is of {manifest.name} version {manifest.version}; "
                    "publish the version again instead of moving its folder"
                )
            return manifest, manifest.verify(self.folder)
        except ManifestError as error:
            raise RepositoryError(str(error)) from error


@dataclasses.dataclass(frozen=True)
class ModelFolder:
    """A model's folder, as it was found."""

    versions: Mapping[int, Candidate]
    """By number, ascending."""
    labels: Mapping[str, int] | None
    """Which version each label should mean; None if that cannot be read."""
    problem: str = ""
    """Why the folder, or its labels, cannot be read."""


def locate(models: Path | None) -> Path:
    """The repository to serve: the given one, else the checkout's, else the one in the package.

    :raises RepositoryError: if it does not exist.
    """
    if models is None:
        models = _CHECKOUT / "models"
        # An installation has some folder of others there, which may well have one called models too.
        if not (_CHECKOUT / "serving" / "pyproject.toml").is_file() or not models.is_dir():
            models = _PACKAGED
        if not models.is_dir():
            raise RepositoryError("no models came with this installation; name a repository with --models")
    if not models.is_dir():
        raise RepositoryError(f"{models}: no such folder; --models takes a model repository")
    return models


def scan(models: Path) -> dict[str, ModelFolder]:
    """The models in a repository, by name, ascending.

    A folder that cannot be read, such as a volume's ``lost+found``, has no versions and a problem.

    :raises RepositoryError: if the repository itself cannot be read.
    """
    try:
        root = models.resolve(strict=True)
        folders = sorted(path for path in models.iterdir() if _is_model(path))
    except (OSError, RuntimeError) as error:  # the latter for a link that leads to itself
        raise RepositoryError(f"{models}: cannot be read: {_reason(error)}") from error
    return {folder.name: _scan_model(folder, root) for folder in folders}


def check_inside(path: Path, repository: Path) -> None:
    """Check that a path leads to something inside a repository, whatever links it goes through.

    :raises RepositoryError: naming where it leads to.
    """
    try:
        real = path.resolve()
    except (OSError, RuntimeError) as error:
        raise RepositoryError(f"{path}: cannot be resolved: {_reason(error)}") from error
    if not real.is_relative_to(repository):
        raise RepositoryError(
            f"{path}: leads to {real}, outside the model repository {repository}; copy it there instead"
        )


def _scan_model(folder: Path, root: Path) -> ModelFolder:
    try:
        check_inside(folder, root)
        found = sorted(
            (path for path in folder.iterdir() if _is_version(path)), key=lambda path: int(path.name)
        )
        versions = {
            int(path.name): Candidate(folder.name, int(path.name), path, root, _signature(path))
            for path in found
        }
    except (OSError, RepositoryError) as error:
        return ModelFolder({}, None, f"{folder}: cannot be read: {_reason(error)}")
    try:
        check_inside(folder / labels.FILE, root)
        return ModelFolder(versions, labels.read(folder))
    except RepositoryError as error:
        return ModelFolder(versions, None, str(error))


def _signature(folder: Path) -> Signature:
    return tuple(_stamp(path) for path in (folder, folder / MANIFEST_FILE, folder / MODEL_FILE))


def _stamp(path: Path) -> object:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _is_model(path: Path) -> bool:
    """Not a folder of the system's or of a tool's, nor one whose name no message can carry."""
    return not path.name.startswith(".") and _is_text(path.name) and path.is_dir()


def _is_text(name: str) -> bool:
    return name.isprintable()


def _is_version(path: Path) -> bool:
    name = path.name
    if not (name.isascii() and name.isdecimal() and name == str(int(name))):
        return False
    return 1 <= int(name) <= MAX_VERSION and path.is_dir()


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
