"""What a published model version says of itself: ``manifest.json`` in a model repository.

::

    models/<name>/<version>/model.onnx      the graph and its weights
                            manifest.json   this
                            README.md       the model card

The exporter writes it, the server verifies it before it loads.
"""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any, Self

MODEL_FILE = "model.onnx"
MANIFEST_FILE = "manifest.json"
CARD_FILE = "README.md"


class ManifestError(ValueError):
    """A version folder that is not what its manifest says; the message names the file."""


@dataclasses.dataclass(frozen=True)
class Manifest:
    """One version of one model."""

    name: str
    version: int
    description: str
    """One sentence for people who list models."""
    sha256: str
    """Lower-case hexadecimal digest of ``model.onnx``."""
    sizes: tuple[int, ...]
    """Sides, in pixels, of the square lightness planes it accepts, ascending."""
    default_size: int
    chroma_stride: int
    """The lightness plane's side over the chroma plane's."""
    provenance: dict[str, Any] = dataclasses.field(default_factory=dict)
    """For people: git commit, data, training, metrics, parity, licence."""

    def __post_init__(self) -> None:
        if self.version < 1 or not self.name:
            raise ManifestError("a manifest has a name and a version of 1 or above")
        if not self.sizes or list(self.sizes) != sorted(set(self.sizes)) or self.sizes[0] < 1:
            raise ManifestError(f"{self.name}: sizes must be positive and ascending, not {self.sizes}")
        if self.default_size not in self.sizes:
            raise ManifestError(f"{self.name}: default_size {self.default_size} is not one of {self.sizes}")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``folder/manifest.json``.

        :raises ManifestError: if it is missing, not JSON, or lacks a field.
        """
        path = folder / MANIFEST_FILE
        try:
            fields = json.loads(path.read_text("utf-8"))
            return cls(**{**fields, "sizes": tuple(fields["sizes"])})
        except ManifestError as error:
            raise ManifestError(f"{path}: {error}") from error
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ManifestError(f"{path}: not a readable manifest: {error}") from error

    def write(self, folder: Path) -> None:
        """Write ``folder/manifest.json``."""
        text = json.dumps(dataclasses.asdict(self), indent=2) + "\n"
        (folder / MANIFEST_FILE).write_text(text, "utf-8")

    def verify(self, folder: Path) -> Path:
        """Return the path of ``folder/model.onnx`` if its digest is this manifest's.

        :raises ManifestError: if the file is missing or is another file.
        """
        path = folder / MODEL_FILE
        try:
            found = digest(path)
        except OSError as error:
            raise ManifestError(f"{path}: cannot be read: {error}") from error
        if found != self.sha256:
            raise ManifestError(
                f"{path}: its SHA-256 is {found}, but the manifest says {self.sha256}: "
                "the file is damaged or not the one that was published; publish the version again"
            )
        return path


def digest(path: Path) -> str:
    """Lower-case hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
