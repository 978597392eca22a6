"""Rows of scores to a test set's figures, each with its interval, in tables."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from photochrom_training.evaluation import published
from photochrom_training.evaluation.evaluation import Score

RESAMPLES = 2000
"""Bootstrap resamples of the photographs."""

Scores = Mapping[str, Sequence[Score]]
"""Each predictor's rows, all of the same photographs."""


@dataclasses.dataclass(frozen=True)
class Figure:
    """A test set's figure with its 95 % bootstrap interval over photographs."""

    value: float
    low: float
    high: float


FRECHET = "frechet_efficientnet_lite0"
"""The Fréchet distance of the features of ``embeddings``: named after their network, for it is not FID."""

AGEING = "ageing_cost"
"""Of a predictor that saw the photographs aged: what :func:`ageing_cost` gives."""

Results = Mapping[str, Mapping[str, Figure]]
"""Each predictor's figures by their names."""

# Heading in the table, digits behind the point.
_COLUMNS = {
    "lpips": ("LPIPS ↓", 3),
    "psnr": ("PSNR ↑", 2),
    "ciede2000": ("CIEDE2000 ↓", 2),
    "ab_rmse": ("ab RMSE ↓", 2),
    "auc": ("AuC ↑", 2),
    "auc_rebalanced": ("AuC rebalanced ↑", 1),
    "colorfulness": ("colorfulness", 1),
    "colorfulness_gap": ("gap ↓", 1),
    FRECHET: ("Fréchet distance (EfficientNet-Lite0) ↓", 1),
}


def figures(scores: Scores, reference: str) -> dict[str, dict[str, Figure]]:
    """Every predictor's figures, by name.

    ``lpips``, ``psnr``, ``ciede2000``, ``ab_rmse`` and ``colorfulness`` are means over the photographs;
    ``auc`` and ``auc_rebalanced`` are over all pixels as one; ``colorfulness_gap`` is the distance of the
    mean from the truth's mean, and ``colorfulness_share`` their ratio; ``lpips_ratio`` and ``psnr_gain``
    compare with ``reference``.

    :param reference: the predictor to compare with: grey.
    """
    everyone, resampled = _weightings(len(scores[reference]))
    result = {}
    for name, rows in scores.items():
        values = _weighed(rows, scores[reference], everyone)
        spread = _weighed(rows, scores[reference], resampled)
        result[name] = {
            key: Figure(float(values[key][0]), *map(float, np.percentile(spread[key], (2.5, 97.5))))
            for key in values
        }
    return result


def ageing_cost(scores: Scores, model: str, aged: str, reference: str) -> Figure:
    """The share of a model's LPIPS gain over ``reference`` that ageing costs: 0 none of it, 1 all of it.

    :param model: the predictor that saw the photographs as they are.
    :param aged: the one that saw them aged.
    """
    columns = [np.array([row.lpips for row in scores[name]]) for name in (reference, model, aged)]
    everyone, resampled = _weightings(len(columns[0]))

    def share(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        grey, clean, old = (weights @ column for column in columns)
        gain = grey - clean
        return np.asarray(np.divide(old - clean, gain, out=np.full_like(gain, np.nan), where=gain != 0))

    return Figure(float(share(everyone)[0]), *map(float, np.percentile(share(resampled), (2.5, 97.5))))


def text(test_set: str, photographs: int, results: Results, models: Sequence[str]) -> str:
    """The report in Markdown: figures and controls, comparisons, and what papers report.

    :param models: the names of those predictors that are no controls.
    """
    truth = next(iter(results.values()))["truth_colorfulness"].value
    parts = [
        f"{test_set}: {photographs} photographs, the truth's colorfulness {truth:.1f}; "
        "in brackets bootstrap 95 % intervals over the photographs",
        table(results),
        comparison(results, models),
        published.tables(),
    ]
    return "\n\n".join(part for part in parts if part)


def table(results: Results) -> str:
    """A markdown table: a row for each predictor, intervals in parentheses; columns that were measured."""
    measured = {key for row in results.values() for key in row}
    columns = {key: column for key, column in _COLUMNS.items() if key in measured}
    lines = ["| | " + " | ".join(heading for heading, _ in columns.values()) + " |"]
    lines.append("| --- |" + " ---: |" * len(columns))
    for name, row in results.items():
        cells = [_shown(row[key], digits) for key, (_, digits) in columns.items()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def comparison(results: Results, names: Sequence[str]) -> str:
    """A line for each named predictor: how it stands against grey and against the truth's colorfulness."""
    return "\n".join(
        f"{name}: LPIPS {_shown(row['lpips_ratio'], 3)} of grey's, "
        f"PSNR {_shown(row['psnr_gain'], 2)} dB above grey's, "
        f"colorfulness {_shown(row['colorfulness_share'], 2)} of the truth's"
        + (f", ageing costs {_shown(row[AGEING], 2)} of the LPIPS gain over grey" if AGEING in row else "")
        for name, row in results.items()
        if name in names
    )


def _weightings(count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """All of n photographs alike ``(1, n)``, and the resamples ``(k, n)``: for every predictor the same ones.

    So comparisons are paired.
    """
    everyone = np.full((1, count), 1 / count)
    return everyone, np.random.default_rng(0).multinomial(count, everyone[0], RESAMPLES) / count


def _weighed(
    rows: Sequence[Score], reference: Sequence[Score], weights: npt.NDArray[np.float64]
) -> dict[str, npt.NDArray[np.float64]]:
    """Figures ``(k,)`` under k weightings of the n photographs: ``(k, n)``, each adding up to 1."""

    def column(key: str, of: Sequence[Score] = rows) -> npt.NDArray[np.float64]:
        return np.array([getattr(row, key) for row in of], np.float64)

    def mean(key: str, of: Sequence[Score] = rows) -> npt.NDArray[np.float64]:
        return weights @ column(key, of)

    def pooled(key: str, weight: str) -> npt.NDArray[np.float64]:
        return weights @ (column(key) * column(weight)) / (weights @ column(weight))

    colorfulness, truth = mean("colorfulness"), mean("truth_colorfulness")
    return {
        **{key: mean(key) for key in ("lpips", "psnr", "ciede2000", "ab_rmse")},
        "auc": pooled("auc", "pixels"),
        "auc_rebalanced": pooled("auc_rebalanced", "rebalancing"),
        "colorfulness": colorfulness,
        "truth_colorfulness": truth,
        "colorfulness_gap": np.abs(colorfulness - truth),
        "colorfulness_share": colorfulness / truth,
        "lpips_ratio": mean("lpips") / mean("lpips", reference),
        "psnr_gain": mean("psnr") - mean("psnr", reference),
    }


def _shown(figure: Figure, digits: int) -> str:
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"
