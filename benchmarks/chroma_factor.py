"""What a factor on a model's chroma gives and costs, at each of some input sizes.

A configuration's ``vividness`` and ``default_size`` are chosen by this, on photographs held out from training
and never on those that the model is judged by. The factors shown are what ``vividness`` would be; the
model's own is known from its description.
"""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks import report
from photochrom_contract import description
from photochrom_training.evaluation import places, predictors
from photochrom_training.evaluation.evaluation import Score, evaluate
from photochrom_training.evaluation.lpips import Lpips
from photochrom_training.evaluation.predictors import ChromaPlane, Predictor
from photochrom_training.evaluation.test_set import Photograph, TestSet

Planes = dict[str, ChromaPlane]
"""A model's answers by the photographs' names."""


@dataclasses.dataclass(frozen=True)
class Scaled:
    """A model's answers times a factor."""

    name: str
    planes: Planes
    factor: float

    def predict(self, photographs: Sequence[Photograph]) -> list[ChromaPlane]:
        """One plane for each photograph."""
        return [self.factor * self.planes[one.name] for one in photographs]


@dataclasses.dataclass(frozen=True)
class Figures:
    """Means over a test set."""

    lpips: float
    psnr: float
    colorfulness: float


def answers(model: Predictor, photographs: TestSet) -> Planes:
    """What the model answers, photograph by photograph."""
    return {one.name: model.predict([one])[0] for one in photographs}


def measure(scaled: Sequence[Scaled], photographs: TestSet, lpips: Lpips) -> list[Figures]:
    """The figures of each."""
    scores = evaluate(scaled, photographs, lpips, lambda _: None)
    return [Figures(*(_mean(scores[one.name], key) for key in _KEYS)) for one in scaled]


_KEYS = tuple(field.name for field in dataclasses.fields(Figures))


def _mean(rows: Sequence[Score], key: str) -> float:
    return float(np.mean([getattr(row, key) for row in rows]))


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="a SavedModel")
    parser.add_argument("--on", default="test-scenes", help="default: test-scenes")
    parser.add_argument("--every", type=int, default=1, help="take every n-th photograph")
    parser.add_argument("--sizes", type=int, nargs="+", default=[192, 224, 256], help="pixels")
    parser.add_argument("--factors", type=float, nargs="+", default=[0.85, 0.9, 0.95, 1.0, 1.05, 1.1])
    arguments = parser.parse_args()

    photographs = TestSet.open(places.find(arguments.on), arguments.every)
    own = description.Description.read(arguments.model).provenance.get("vividness", 1.0)
    scaled = []
    for size in arguments.sizes:
        planes = answers(predictors.load(arguments.model, size), photographs)
        scaled += [Scaled(f"{size} px, {factor}", planes, factor / own) for factor in arguments.factors]
    rows = [
        (one.name, f"{figures.lpips:.4f}", f"{figures.psnr:.2f}", f"{figures.colorfulness:.1f}")
        for one, figures in zip(scaled, measure(scaled, photographs, Lpips()), strict=True)
    ]
    head = f"{arguments.model}, {len(photographs)} photographs of {arguments.on}\n\n"
    report.save("chroma_factor", head + report.table(("", "LPIPS", "PSNR", "colorfulness"), rows))


if __name__ == "__main__":
    main()
