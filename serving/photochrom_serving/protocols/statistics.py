"""What each model version has done since the server started, as Triton's statistics tell it."""

import collections
import dataclasses
import time

from photochrom_serving.batcher import BatchRun


@dataclasses.dataclass
class Duration:
    """So many of something, and the nanoseconds that they took together."""

    count: int = 0
    nanoseconds: int = 0

    def add(self, seconds: float, count: int = 1) -> None:
        """Count ``count`` more, each of which took so many seconds."""
        self.count += count
        self.nanoseconds += round(1e9 * seconds) * count


def _durations() -> dict[str, Duration]:
    return collections.defaultdict(Duration)


@dataclasses.dataclass
class ModelCounts:
    """One model version's. A batch's assembly and computation count for each photograph in it."""

    last_milliseconds: int = 0
    """Since 1970."""
    photographs: int = 0
    batches: int = 0
    stages: dict[str, Duration] = dataclasses.field(default_factory=_durations)
    """``success``, ``fail``, ``queue``, ``compute_input`` and ``compute_infer``, of photographs."""
    by_size: dict[int, dict[str, Duration]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(_durations)
    )
    """The last two of batches, by their photographs."""


class Statistics:
    """A watch of batches."""

    def __init__(self) -> None:
        self._models: dict[str, ModelCounts] = collections.defaultdict(ModelCounts)

    def of(self, model: str) -> ModelCounts:
        """The counts of a model version such as ``photochrom/1``."""
        return self._models.get(model) or ModelCounts()

    def watch(self, run: BatchRun) -> None:
        """Count a batch."""
        counts = self._models[run.model]
        spent = run.assembly_seconds + run.compute_seconds
        for waited in run.queue_seconds:
            counts.stages["fail" if run.failed else "success"].add(waited + spent)
        if run.failed:
            return
        counts.last_milliseconds = time.time_ns() // 1_000_000
        counts.photographs += run.photographs
        counts.batches += 1
        for waited in run.queue_seconds:
            counts.stages["queue"].add(waited)
        for stage, seconds in (
            ("compute_input", run.assembly_seconds),
            ("compute_infer", run.compute_seconds),
        ):
            counts.stages[stage].add(seconds, run.photographs)
            counts.by_size[run.photographs][stage].add(seconds)
