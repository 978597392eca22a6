"""Rows of scores to a test set's figures, each with its interval, in tables."""

import dataclasses
import math
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
    """A test set's figure with its 95 % bootstrap interval over photographs.

    What there is not is NaN: the ratio to a truth without color, or one photograph's interval.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: npt.NDArray[np.float64], resampled: npt.NDArray[np.float64], count: int) -> "Figure":
        """The figure of ``count`` photographs ``(1,)``, and of their resamples ``(k,)``."""
        ends = np.percentile(resampled, (2.5, 97.5)) if count > 1 else (math.nan, math.nan)
        return cls(float(value[0]), *map(float, ends))


FRECHET = "frechet_efficientnet_lite0"
"""The Fréchet distance of the features of ``embeddings``: named after their network, for it is not FID."""

AGEING = "ageing_cost"
"""Of a predictor that saw the photographs aged: what :func:`ageing_cost` gives."""

Results = Mapping[str, Mapping[str, Figure]]
"""Each predictor's figures by their names."""

_GAP = "colorfulness_gap"
_INTERVALS = "in brackets bootstrap 95 % intervals over the photographs"

# Heading in the table, digits behind the point.
_COLUMNS = {
    "lpips": ("LPIPS ↓", 3),
    "psnr": ("PSNR ↑", 2),
    "ciede2000": ("CIEDE2000 ↓", 2),
    "ab_rmse": ("ab RMSE ↓", 2),
    "auc": ("AuC ↑", 2),
    "auc_rebalanced": ("AuC rebalanced ↑", 1),
    "colorfulness": ("colorfulness", 1),
    _GAP: ("gap ↓", 1),
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
    count = len(scores[reference])
    everyone, resampled = _weightings(count)
    result = {}
    for name, rows in scores.items():
        values = _weighed(rows, scores[reference], everyone)
        spread = _weighed(rows, scores[reference], resampled)
        result[name] = {key: Figure.of(values[key], spread[key], count) for key in values}
        result[name][_GAP] = _folded(result[name][_GAP])
    return result


def ageing_cost(scores: Scores, model: str, aged: str, reference: str) -> Figure:
    """The share of a model's LPIPS gain over ``reference`` that ageing costs: 0 none of it, 1 all of it.

    NaN if the gain's interval is not above 0: there is nothing that ageing could take a share of.

    :param model: the predictor that saw the photographs as they are.
    :param aged: the one that saw them aged.
    """
    columns = [np.array([row.lpips for row in scores[name]]) for name in (reference, model, aged)]
    everyone, resampled = _weightings(len(columns[0]))

    def gain(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(weights @ (columns[0] - columns[1]))

    def share(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(weights @ (columns[2] - columns[1])) / gain(weights)

    if not (gain(everyone)[0] > 0 and np.percentile(gain(resampled), 2.5) > 0):
        return Figure(math.nan, math.nan, math.nan)
    with np.errstate(divide="ignore"):  # a resample in a thousand may have no gain
        return Figure.of(share(everyone), share(resampled), len(columns[0]))


def text(test_set: str, photographs: int, results: Results, models: Sequence[str]) -> str:
    """The report in Markdown: figures and controls, comparisons, and what papers report.

    :param models: the names of those predictors that are no controls.
    """
    truth = next(iter(results.values()))["truth_colorfulness"].value
    parts = [
        f"{test_set}: {photographs} photographs, the truth's colorfulness {truth:.1f}; "
        + (_INTERVALS if photographs > 1 else "one photograph has no intervals"),
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

    def ratio(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(np.divide(first, second, out=np.full_like(first, math.nan), where=second != 0))

    colorfulness, truth = mean("colorfulness"), mean("truth_colorfulness")
    return {
        **{key: mean(key) for key in ("lpips", "psnr", "ciede2000", "ab_rmse")},
        "auc": pooled("auc", "pixels"),
        "auc_rebalanced": pooled("auc_rebalanced", "rebalancing"),
        "colorfulness": colorfulness,
        "truth_colorfulness": truth,
        _GAP: colorfulness - truth,  # signed until it is folded
        "colorfulness_share": ratio(colorfulness, truth),
        "lpips_ratio": ratio(mean("lpips"), mean("lpips", reference)),
        "psnr_gain": mean("psnr") - mean("psnr", reference),
    }


def _folded(difference: Figure) -> Figure:
    """The distance, of a signed difference; its interval begins at 0 where the difference's holds 0."""
    ends = sorted((abs(difference.low), abs(difference.high)))
    low = 0.0 if difference.low < 0 < difference.high else ends[0]
    return Figure(abs(difference.value), low, ends[1])


def _shown(figure: Figure, digits: int) -> str:
    if math.isnan(figure.value):
        return "-"
    if math.isnan(figure.low):
        return f"{figure.value:.{digits}f}"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"
