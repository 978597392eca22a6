"""The files that keep an evaluation."""

import csv
import dataclasses
import json
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from photochrom_training.evaluation.evaluation import Score
from photochrom_training.evaluation.report import Figure, Results, Scores

# Names of files need not be UTF-8: what is not, is written by its numbers.
_TEXT: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace"}


def prepare(folder: Path) -> None:
    """Make the folder, and be sure that it can be written to, before hours are spent on what goes there.

    :raises OSError: if it cannot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def write(folder: Path, scores: Scores, results: Results, about: Mapping[str, Any], report: str) -> None:
    """Write figures and scores into a folder that is there.

    ``metrics.json`` holds ``about`` and the figures (null for what there is not), ``metrics.csv`` the
    figures, one a line, ``photographs.csv`` the scores, a line for each prediction, and
    ``report.md`` the report.
    """
    plain = {name: {key: _plain(figure) for key, figure in row.items()} for name, row in results.items()}
    text = json.dumps({**about, "figures": plain}, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(folder / "metrics.json", text)
    write_text(folder / "report.md", report)
    with (folder / "metrics.csv").open("w", **_TEXT, newline="") as file:
        figures = csv.DictWriter(file, ["predictor", "figure", "value", "low", "high"], lineterminator="\n")
        figures.writeheader()
        for name, row in plain.items():
            figures.writerows({"predictor": name, "figure": key, **figure} for key, figure in row.items())
    with (folder / "photographs.csv").open("w", **_TEXT, newline="") as file:
        fields = [field.name for field in dataclasses.fields(Score)]
        writer = csv.DictWriter(file, ["predictor", *fields], lineterminator="\n")
        writer.writeheader()
        for name, rows in scores.items():
            writer.writerows({"predictor": name, **dataclasses.asdict(row)} for row in rows)


def write_text(path: Path, text: str) -> None:
    """Write a text file, and an end of line behind it."""
    path.write_text(text + "\n", **_TEXT)


def _plain(figure: Figure) -> dict[str, float | None]:
    return {key: None if math.isnan(value) else value for key, value in dataclasses.asdict(figure).items()}
