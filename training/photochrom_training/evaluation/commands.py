"""What ``photochrom-evaluate`` does: it measures, or it only looks."""

import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from photochrom_training.evaluation import contact_sheet, files, frechet, places, report, worst_page
from photochrom_training.evaluation.aged import Aged
from photochrom_training.evaluation.evaluation import TRUTH, evaluate
from photochrom_training.evaluation.predictors import (
    MEAN_CHROMA,
    ConstantChroma,
    Model,
    Predictor,
    TruthReduced,
    load,
)
from photochrom_training.evaluation.test_set import TestSet

if TYPE_CHECKING:  # Keras takes seconds to import, and --help and a mistyped path should not wait for it
    from photochrom_training.evaluation.embeddings import Embeddings
    from photochrom_training.evaluation.lpips import Lpips

_GREY = ConstantChroma("grey")
_LARGEST_JPEG = 65_500  # pixels a side, libjpeg's bound


class UsageError(ValueError):
    """Options that do not go together, or a part that is not installed."""


def look(options: argparse.Namespace) -> None:
    """Write a contact sheet of photographs whose colors are not known, and print its path."""
    if options.output is None:
        raise UsageError("--look writes a contact sheet: say where with --output DIR")
    if options.aged:
        raise UsageError("--aged measures, and --look does not: leave one of them out")
    photographs = TestSet.open(places.find(options.on), options.every, options.limit).pick(options.sheet)
    models = _models(options)
    files.prepare(options.output)
    sheet = contact_sheet.draw(photographs, [_GREY, *models], truth=False)
    print(_save(sheet, options.output))


def measure(options: argparse.Namespace) -> None:
    """Score models and controls, print the report, and write all of it into the output folder, if given."""
    place = places.find(options.on)
    photographs = TestSet.open(place, options.every, options.limit)
    lpips = _lpips(options)
    models = _models(options)
    predictors: list[Predictor] = [_GREY, ConstantChroma("mean color", MEAN_CHROMA), *models]
    aged = [Aged(model, options.seed) for model in models] if options.aged else []
    predictors += aged
    predictors += [TruthReduced(*size) for size in sorted({model.chroma_size for model in models})]
    embeddings = _embeddings(photographs)
    if options.output is not None:
        files.prepare(options.output)
    scores = evaluate(predictors, photographs, lpips, _progress(len(photographs)), embeddings)
    results = report.figures(scores, _GREY.name)
    if embeddings:
        for name, row in results.items():
            row[report.FRECHET] = frechet.figure(embeddings.of(name), embeddings.of(TRUTH))
    for one in aged:
        cost = report.ageing_cost(scores, one.model.name, one.name, _GREY.name)
        results[one.name][report.AGEING] = cost
    subjects: list[Predictor] = [*models, *aged]
    test_set = place.resolve().name
    text = report.text(test_set, len(photographs), results, [one.name for one in subjects])
    print(text)
    if options.output is not None:
        about = {"photographs": len(photographs), "test_set": test_set, "every": options.every}
        if aged:
            about["ageing_seed"] = options.seed
        files.write(options.output, scores, results, about, text)
        seed = options.seed if aged else None
        shown = photographs.pick(options.sheet)
        sheet = contact_sheet.draw(shown, [_GREY, *subjects], truth=True, ageing_seed=seed)
        _save(sheet, options.output)
        if subjects:
            files.write_text(options.output / "worst.html", worst_page.write(subjects, photographs, scores))


def _lpips(options: argparse.Namespace) -> "Lpips":
    from photochrom_training.evaluation.lpips import Lpips, WeightsError

    try:
        return Lpips(options.lpips_weights)
    except WeightsError as error:
        raise UsageError(error) from error


def _embeddings(photographs: TestSet) -> "Embeddings | None":
    """For the Fréchet distance; without its weights the rest is measured, and it is said."""
    from photochrom_training.evaluation.embeddings import Embeddings
    from photochrom_training.networks.pretrained import PretrainedWeightsError

    if len(photographs) < 2:
        return None  # one has no covariance
    try:
        return Embeddings()
    except PretrainedWeightsError as error:
        print(f"photochrom-evaluate: no Fréchet distance: {error}", file=sys.stderr)
        return None


def _models(options: argparse.Namespace) -> list[Model]:
    """The models under names that tell them apart."""
    models = {path: load(path, options.size) for path in options.models}
    names = [model.name for model in models.values()]
    return [
        model if names.count(model.name) == 1 else dataclasses.replace(model, name=f"{path}, {model.size} px")
        for path, model in models.items()
    ]


def _save(sheet: Image.Image, folder: Path) -> Path:
    name = "contact-sheet.jpg" if max(sheet.size) <= _LARGEST_JPEG else "contact-sheet.png"
    sheet.save(folder / name, quality=90, subsampling=0)
    return folder / name


def _progress(count: int) -> Callable[[int], None]:
    def show(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done}/{count}", end="\r" if done == count else "", file=sys.stderr)

    return show
