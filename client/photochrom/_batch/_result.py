"""What becomes of the photographs of a batch."""

import dataclasses
import enum

from photochrom._batch._walk import Item
from photochrom._errors import PhotochromError


class State(enum.StrEnum):
    """What became of a photograph."""

    COLORED = "colored"
    SKIPPED = "skipped"
    """It was colored before, by the same version with the same knobs."""
    FAILED = "failed"
    LEFT = "left"
    """It is as it was: the batch was stopped, or the server was lost."""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What became of a photograph."""

    item: Item
    state: State
    error: PhotochromError | None = None
    """Why it failed or is left."""
