"""What a batch leaves to read: the sums, and which photographs failed, with causes."""

import collections
import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any, Final

from photochrom._batch._result import Result, State
from photochrom._errors import PhotochromError, PictureError

NAME: Final = "photochrom-report"
_COLUMNS: Final = ("source", "error", "cause")


@dataclasses.dataclass
class Report:
    """The sums of a run, and its failures."""

    destination: Path
    counts: collections.Counter[State] = dataclasses.field(default_factory=collections.Counter)
    failed: list[dict[str, str]] = dataclasses.field(default_factory=list)
    """A row each: the photograph's path, the name of the error's class, and its message."""
    has_server_trouble: bool = False
    """Whether any of them failed for what the server said."""
    stopped_by: Exception | None = None
    """What left the rest as it was, if it was not the user."""

    def add(self, result: Result) -> None:
        """Count a result."""
        self.counts[result.state] += 1
        if result.state is State.FAILED:
            self.add_failure(str(result.item.source), result.error)
            self.has_server_trouble |= not isinstance(result.error, PictureError)
        elif result.error is not None and self.stopped_by is None:
            self.stopped_by = result.error

    def add_failure(self, source: str, error: PhotochromError | None) -> None:
        """Note what failed, and why."""
        cause = error.reason if isinstance(error, PictureError) and error.source == source else str(error)
        self.failed.append({"source": source, "error": type(error).__name__, "cause": cause})

    def as_json(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return {
            "destination": str(self.destination),
            **{state.value: self.counts[state] for state in State},
            "stopped_by": str(self.stopped_by) if self.stopped_by else None,
            "failures": self.failed,
        }

    def write(self) -> tuple[Path, Path]:
        """Write it into the destination, as CSV (the failures) and as JSON (all of it); their paths.

        :raises PictureError: if that cannot be.
        """
        from photochrom._replacing import replacing

        text = io.StringIO()
        rows = csv.DictWriter(text, _COLUMNS)
        rows.writeheader()
        rows.writerows(self.failed)
        table, document = (self.destination / f"{NAME}.{kind}" for kind in ("csv", "json"))
        for path, content in ((table, text.getvalue()), (document, json.dumps(self.as_json(), indent=2))):
            with replacing(path) as file:
                file.write(content.encode("utf-8", "surrogateescape"))  # a file's name may be any bytes
        return table, document
