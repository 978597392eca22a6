"""How long the batches of a model version and size take, and which batch size that makes the best.

All times are the device's: where two batches run side by side, each is charged half.
"""

from collections.abc import Sequence

_WEIGHT = 0.2  # of the newest run in the running mean
_GAIN = 0.9
"""A larger batch is worth its wait if it takes at most so much of what smaller ones take together."""


class RunTimes:
    """The measured run time of each bucket: a running mean, which the warm-up begins."""

    def __init__(self, buckets: Sequence[int]) -> None:
        """:param buckets: the batch sizes that occur, ascending."""
        self._buckets = buckets
        self._seconds: dict[int, float] = {}
        self._worthwhile = self._find_worthwhile()

    def note(self, bucket: int, seconds: float) -> None:
        """A batch has run."""
        before = self._seconds.get(bucket, seconds)
        self._seconds[bucket] = before + _WEIGHT * (seconds - before)
        self._worthwhile = self._find_worthwhile()

    def expect(self, photographs: int) -> float:
        """Seconds that so many photographs take at least in one run; 0 while nothing is known."""
        bucket = next((bucket for bucket in self._buckets if bucket >= photographs), self._buckets[-1])
        return self._seconds.get(bucket, 0.0)

    def expect_each(self) -> float:
        """Seconds for each of many photographs, in batches of the best size; 0 while unknown."""
        best = self._worthwhile[-1]
        return self._seconds.get(best, 0.0) / best

    def full(self) -> int:
        """The largest batch that is worth its wait.

        On a GPU that is a large one. A CPU is as busy with one photograph of some size as with eight, so
        there a larger batch would only keep its first photograph waiting for its last.
        """
        return self._worthwhile[-1]

    def choose(self, waiting: int) -> int:
        """The bucket to run when so many photographs wait (at least one).

        Either the largest one that they fill, or if that takes no longer than running the rest after
        it, the next larger one, padded.
        """
        buckets = self._worthwhile
        filled = max((bucket for bucket in buckets if bucket <= waiting), default=0)
        padded = min((bucket for bucket in buckets if bucket >= waiting), default=buckets[-1])
        if not filled or filled == padded:
            return padded
        runs, rest = divmod(waiting, filled)
        alone = min(self.expect(rest), rest * self.expect(1)) if rest else 0.0
        return padded if self.expect(padded) <= runs * self.expect(filled) + alone else filled

    def _find_worthwhile(self) -> list[int]:
        worthwhile = [self._buckets[0]]
        for bucket in self._buckets[1:]:
            best = worthwhile[-1]
            known = self.expect(bucket) and self.expect(best)
            if not known or self.expect(bucket) * best <= _GAIN * self.expect(best) * bucket:
                worthwhile.append(bucket)
        return worthwhile
