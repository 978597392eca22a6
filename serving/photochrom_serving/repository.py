"""The model repository on disk: which versions there are, and whether each is what it claims to be.

::

    models/<name>/<version>/model.onnx, manifest.json, README.md

A folder whose name is not a whole number is no version: publishing writes such a folder first and
renames it when it is complete.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from photochrom_contract.manifest import MAX_VERSION, Manifest, ManifestError
from photochrom_serving import events
from photochrom_serving.errors import RepositoryError

_CHECKOUT = Path(__file__).parents[2]
_PACKAGED = Path(__file__).parent / "models"


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A version folder that was found and not looked into yet."""

    name: str
    version: int
    folder: Path

    def verify(self) -> tuple[Manifest, Path]:
        """Its manifest and the path of its ONNX file, whose digest is the manifest's.

        :raises RepositoryError: naming the file that is missing, damaged or another model's.
        """
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


def scan(models: Path) -> Iterator[Candidate]:
    """The versions in a repository, by name and then by version, ascending.

    A folder that may not be entered, such as a volume's ``lost+found``, is passed over with a warning.

    :raises RepositoryError: if the repository itself cannot be read.
    """
    try:
        folders = sorted(path for path in models.iterdir() if path.is_dir())
    except OSError as error:
        raise RepositoryError(f"{models}: cannot be read: {error.strerror}") from error
    for folder in folders:
        try:
            versions = [path for path in folder.iterdir() if _is_version(path)]
        except OSError as error:
            events.warning("folder_skipped", folder=str(folder), reason=error.strerror)
            continue
        for path in sorted(versions, key=lambda path: int(path.name)):
            yield Candidate(folder.name, int(path.name), path)


def _is_version(path: Path) -> bool:
    name = path.name
    if not (name.isascii() and name.isdecimal() and name == str(int(name))):
        return False
    return 1 <= int(name) <= MAX_VERSION and path.is_dir()
