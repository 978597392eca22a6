"""What is told of a batch that has run, and of a photograph that was in it."""

import dataclasses
from collections.abc import Callable

from photochrom_serving.session import Chroma


@dataclasses.dataclass(frozen=True, slots=True)
class BatchRun:
    """A batch that has run, for whoever counts."""

    model: str
    """The model version, such as ``photochrom/1``."""
    size: int
    """The side of its planes, in pixels."""
    photographs: int
    bucket: int
    """How many photographs the session ran it as: the batch and its padding."""
    queue_seconds: tuple[float, ...]
    """How long each photograph waited for the batch to start."""
    assembly_seconds: float
    """For the input tensor; most of it while the batch before was running."""
    compute_seconds: float
    """In ONNX Runtime."""
    failed: bool
    """As a whole, so that no photograph of it got an answer; then the times are those until it failed."""


Watch = Callable[[BatchRun], None]
"""Is told of every batch, on the event loop; it has to be quick."""


def ignore(_: BatchRun) -> None:
    """Watch nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Timing:
    """Where a photograph's time went."""

    queue_seconds: float
    compute_seconds: float
    batch_size: int
    """Photographs in its batch."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A photograph's chroma ``(2, h', w')``, and where its time went."""

    chroma: Chroma
    timing: Timing
