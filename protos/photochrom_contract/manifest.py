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
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

from photochrom_contract import tensors

MODEL_FILE = "model.onnx"
MANIFEST_FILE = "manifest.json"
CARD_FILE = "README.md"

MAX_VERSION: Final = (1 << 63) - 1
"""What every protocol can carry: the contract's own has a uint64, TensorFlow Serving's an int64."""


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
        """Check every field.

        :raises ManifestError: naming the field, if its type or its value does not do.
        """
        check_model(vars(self))
        if type(self.version) is not int or not 1 <= self.version <= MAX_VERSION:
            raise ManifestError(f"version: must be a whole number of 1 or above, not {self.version!r}")
        if not isinstance(self.sha256, str):
            raise ManifestError(f"sha256: must be a text, not {self.sha256!r}")
        if not _is_side(self.chroma_stride) or any(size % self.chroma_stride for size in self.sizes):
            raise ManifestError(
                f"chroma_stride: must be a whole number that divides every size, not {self.chroma_stride!r}"
            )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``folder/manifest.json``.

        :raises ManifestError: if it is missing, not JSON, or a field is missing, unknown or out of its range.
        """
        path = folder / MANIFEST_FILE
        try:
            return cls(**read_fields(path))
        except ManifestError as error:
            raise ManifestError(f"{path}: {error}") from error
        except (OSError, ValueError, TypeError, RecursionError) as error:
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


def check_model(fields: Mapping[str, Any]) -> None:
    """Check the fields that a manifest and a SavedModel's description have in common.

    :raises ManifestError: naming the field, if its type or its value does not do.
    """
    for field in ("name", "description"):
        if not _is_text(fields[field]):
            raise ManifestError(f"{field}: must be a text, not {fields[field]!r}")
    if not fields["name"]:
        raise ManifestError("name: must not be empty")
    sizes = fields["sizes"]
    if not isinstance(sizes, tuple) or not sizes or not all(map(_is_side, sizes)):
        raise ManifestError(f"sizes: must be whole numbers within 1 to {tensors.MAX_SIDE}, not {sizes!r}")
    if list(sizes) != sorted(set(sizes)):
        raise ManifestError(f"sizes: must be ascending, not {sizes!r}")
    default_size = fields["default_size"]
    if not _is_side(default_size) or default_size not in sizes:
        raise ManifestError(f"default_size: must be one of {sizes!r}, not {default_size!r}")
    if not isinstance(fields["provenance"], dict):
        raise ManifestError(f"provenance: must be an object, not {fields['provenance']!r}")


def read_fields(path: Path) -> dict[str, Any]:
    """The fields in a JSON file, ``sizes`` as the tuple that it was when they were written.

    :raises OSError: if the file cannot be read.
    :raises ValueError: if it is no JSON.
    :raises TypeError: if it is no JSON object.
    """
    fields = json.loads(path.read_text("utf-8"))
    if not isinstance(fields, dict):
        raise TypeError("it is no JSON object")
    if isinstance(fields.get("sizes"), list):
        fields["sizes"] = tuple(fields["sizes"])
    return fields


def _is_side(value: object) -> bool:
    return type(value) is int and 1 <= value <= tensors.MAX_SIDE  # True is no number here


def _is_text(value: object) -> bool:
    """JSON can hold half a surrogate pair, which no message can carry."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)
