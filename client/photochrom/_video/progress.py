"""What is told of the coloring of a video: how far it is, and what came of it."""

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class VideoProgress:
    """How far the coloring of a video is."""

    frames: int
    """Colored, those of an earlier run included."""
    seconds: float
    """Of the video, colored."""
    duration: float | None
    """Of the whole video, in seconds, if it says."""


@dataclasses.dataclass(frozen=True)
class ColoredVideo:
    """A video that was colored."""

    path: Path
    """Where it is."""
    frames: int
    resumed: int
    """How many of the frames were there from an earlier run."""
    duration: float
    """In seconds."""
    codec: str
    """Of its video stream."""
    model: str
    """The name of the model that colored it."""
    version: int
    """The model's version."""
    notes: tuple[str, ...]
    """What is otherwise than in the source, a sentence each."""
