"""The files that keep an evaluation."""

import csv
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from photochrom_training.evaluation.evaluation import Score
from photochrom_training.evaluation.report import Results, Scores


def write(folder: Path, scores: Scores, results: Results, about: Mapping[str, Any], report: str) -> None:
    """Write figures and scores; the folder is made.

    ``metrics.json`` holds ``about`` and the figures, ``metrics.csv`` the figures, one a line,
    ``photographs.csv`` the scores, a line for each prediction, and ``report.md`` the report.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain = {
        name: {key: dataclasses.asdict(figure) for key, figure in row.items()}
        for name, row in results.items()
    }
    text = json.dumps({**about, "figures": plain}, indent=2, ensure_ascii=False) + "\n"
    (folder / "metrics.json").write_text(text, "utf-8")
    (folder / "report.md").write_text(report + "\n", "utf-8")
    with (folder / "metrics.csv").open("w", encoding="utf-8", newline="") as file:
        figures = csv.DictWriter(file, ["predictor", "figure", "value", "low", "high"], lineterminator="\n")
        figures.writeheader()
        for name, row in plain.items():
            figures.writerows({"predictor": name, "figure": key, **figure} for key, figure in row.items())
    with (folder / "photographs.csv").open("w", encoding="utf-8", newline="") as file:
        fields = [field.name for field in dataclasses.fields(Score)]
        writer = csv.DictWriter(file, ["predictor", *fields], lineterminator="\n")
        writer.writeheader()
        for name, rows in scores.items():
            writer.writerows({"predictor": name, **dataclasses.asdict(row)} for row in rows)
