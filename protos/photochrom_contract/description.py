"""What a trained SavedModel says of itself, for the exporter: ``assets.extra/photochrom.json``.

``assets.extra`` is the folder in which TensorFlow's SavedModel carries files that its graph does not
read. The trainer writes it; the exporter turns it into a :class:`~photochrom_contract.manifest.Manifest`.
"""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any, Self

from photochrom_contract.manifest import ManifestError, check_model, read_fields

_FILE = Path("assets.extra") / "photochrom.json"


def is_there(saved_model: Path) -> bool:
    """Whether a SavedModel folder has a description, readable or not: those of other trainers have none."""
    return (saved_model / _FILE).exists()


class DescriptionError(ValueError):
    """A SavedModel without a readable description; the message names the file."""


@dataclasses.dataclass(frozen=True)
class Description:
    """A trained model's name, the input sizes it is meant for, and where it comes from."""

    name: str
    description: str
    """One sentence for people who list models."""
    sizes: tuple[int, ...]
    """Sides, in pixels, of the square lightness planes it accepts, ascending."""
    default_size: int
    provenance: dict[str, Any] = dataclasses.field(default_factory=dict)
    """For people: git commit, data, training, metrics, licence."""
    temperature: float | None = None
    """The default of the input ``temperature``; None for a model that has no such input."""

    def __post_init__(self) -> None:
        """Check every field.

        :raises DescriptionError: naming the field, if its type or its value does not do.
        """
        if self.temperature is not None and not (
            isinstance(self.temperature, int | float) and 0 < self.temperature < math.inf
        ):
            raise DescriptionError(f"temperature: must be a number above 0, not {self.temperature!r}")
        try:
            check_model(vars(self))
        except ManifestError as error:
            raise DescriptionError(str(error)) from error

    @classmethod
    def read(cls, saved_model: Path) -> Self:
        """Read the description in a SavedModel folder.

        :raises DescriptionError: if it is missing, not JSON, or a field is missing, unknown or
            out of its range.
        """
        path = saved_model / _FILE
        try:
            return cls(**read_fields(path))
        except DescriptionError as error:
            raise DescriptionError(f"{path}: {error}") from error
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise DescriptionError(f"{path}: not a readable description: {error}") from error

    def write(self, saved_model: Path) -> None:
        """Write the description into a SavedModel folder."""
        path = saved_model / _FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n", "utf-8")
