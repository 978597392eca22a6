"""What each idea of the default model is worth: without it, on the same photographs, with the same budget.

Every row but one is a run of its own, from an untrained decoder, that sees the same photographs in the same
order; larger views fewer of them, for they take as much longer. Colorfulness can be had for likeness by a
factor on the chroma, so each model is measured at the factor that brings it to one colorfulness. Nothing is
trained twice: what an earlier command finished is taken from its folder.
"""

import argparse
import dataclasses
import functools
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from benchmarks import report
from benchmarks.chroma_factor import Planes, Scaled, answers, measure
from photochrom_contract.description import Description
from photochrom_training import configuration, run, saved_model
from photochrom_training.checkpoints import Progress
from photochrom_training.configuration import Configuration
from photochrom_training.configurations import photochrom
from photochrom_training.evaluation import metrics, places, predictors
from photochrom_training.evaluation.aged import Aged
from photochrom_training.evaluation.evaluation import merged
from photochrom_training.evaluation.lpips import Lpips
from photochrom_training.evaluation.predictors import Predictor
from photochrom_training.evaluation.test_set import TestSet
from photochrom_training.learner import Learner, Objective
from photochrom_training.likeness import Likeness
from photochrom_training.networks import photochrom as network
from photochrom_training.photographs import Photograph

COLORFULNESS = 28.0
"""At which the models are compared: the least that is asked of the default."""

_FULL = "all of them"
_log = logging.getLogger("ablation")


def variants(epochs: int, steps: int) -> dict[str, Configuration]:
    """The default in one stage, and what it is without one idea each."""

    def with_optimizer(encoder_rate: float) -> Callable[[int], keras.optimizers.Optimizer]:
        # The default's own average looks back further than so short a run is long.
        return functools.partial(photochrom.optimizer, 1e-3, encoder_rate, ema_momentum=0.99)

    full = dataclasses.replace(
        configuration.find("photochrom", stage="color"),
        optimizer=with_optimizer(0.1),
        epochs=epochs,
        steps_per_epoch=steps,
        vividness=1.0,
    )
    change = functools.partial(dataclasses.replace, full)
    view = functools.partial(dataclasses.replace, full.view)
    stages = photochrom.STAGES
    return {
        _FULL: full,
        "the encoder untrained, all of it learning": change(
            build=functools.partial(network.build, "lite2"), optimizer=with_optimizer(1.0)
        ),
        "the encoder left as it is": change(build=functools.partial(photochrom.build, "lite2", "decoder")),
        "no embedding at the bottleneck": change(build=_without_embedding),
        "Huber loss on a*b*, no LPIPS": change(objective=stages["decoder"].objective),
        "Huber loss on a*b*, and LPIPS": change(objective=stages["whole"].objective),
        "likeness and color, no LPIPS": change(objective=_without_lpips),
        "no ageing": change(view=view(ageing=0.0)),
        "whole photographs, no crops": change(view=view(smallest_crop=1.0)),
        "views of 192 px, 14 a batch: as long": change(view=view(side=192), batch_size=14),
    }


def _without_embedding() -> keras.Model:
    """Kept at zero, which is what a network without it would add up."""
    built = photochrom.build("lite2", "color")
    embedding = built.get_layer("embedding")
    embedding.set_weights([0 * weight for weight in embedding.get_weights()])
    embedding.trainable = False
    return built


def _without_lpips(photographs: Sequence[Photograph]) -> Objective:
    objective = photochrom.STAGES["color"].objective(photographs)
    assert isinstance(objective, Likeness)
    return dataclasses.replace(objective, distance=0.0)


def last_weights(variant: Configuration, folder: Path) -> Path:
    """A SavedModel of the last weights of a run, not of their moving average."""
    path = folder / "last"
    learner = Learner(variant.build(), variant.objective([]))
    learner.compile(variant.optimizer(1))
    learner.optimizer.build(learner.trainable_variables)
    Progress(folder / "checkpoints").resume(learner)
    about = Description(variant.name, "", variant.sizes, variant.default_size, {})
    saved_model.write(learner.network, about, path)
    return path


def main() -> None:
    """Train what is not trained yet, measure, and write a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photographs", type=Path, nargs="+", required=True, help="to learn from")
    parser.add_argument("--on", default="test-scenes", help="measured on these (default: test-scenes)")
    parser.add_argument("--every", type=int, default=1, help="take every n-th of them")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--steps-per-epoch", type=int, default=170, help="batches of 32")
    parser.add_argument("--runs", type=Path, default=Path("runs") / "ablation", help="where the runs lie")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    models = {}
    for name, variant in variants(arguments.epochs, arguments.steps_per_epoch).items():
        folder = arguments.runs / "".join(letter if letter.isalnum() else "-" for letter in name)
        _log.info("%s: %s", name, folder)
        models[name] = run.train(variant, arguments.photographs, folder)
        if name == _FULL:
            models["the last weights, not their average"] = last_weights(variant, folder)
    photographs, lpips = TestSet.open(places.find(arguments.on), arguments.every), Lpips()
    rows = [(name, *measured(predictors.load(path), photographs, lpips)) for name, path in models.items()]
    batches = arguments.epochs * arguments.steps_per_epoch
    head = (
        f"{batches} batches each; {len(photographs)} photographs of {arguments.on}, "
        f"at a colorfulness of {COLORFULNESS:.0f} by a factor\n\n"
    )
    columns = ("without one", "factor", "LPIPS", "PSNR", "LPIPS, aged")
    report.save("ablation", head + report.table(columns, rows))


def measured(model: Predictor, photographs: TestSet, lpips: Lpips) -> tuple[str, ...]:
    """A row of the table."""
    planes, aged = answers(model, photographs), answers(Aged(model), photographs)
    factor = factor_to(COLORFULNESS, planes, photographs)
    clean, old = measure([Scaled("clean", planes, factor), Scaled("aged", aged, factor)], photographs, lpips)
    return f"{factor:.2f}", f"{clean.lpips:.4f}", f"{clean.psnr:.2f}", f"{old.lpips:.4f}"


def factor_to(colorfulness: float, planes: Planes, photographs: TestSet) -> float:
    """The factor on the chroma that brings the mean colorfulness there, to 0.2 %."""
    factor = 1.0
    for _ in range(30):  # colorfulness is nearly proportional to it, but where colors are clipped
        pictures = (merged(one, factor * planes[one.name]) for one in photographs)
        ratio = colorfulness / float(np.mean([metrics.colorfulness(picture) for picture in pictures]))
        if abs(ratio - 1) < 0.002:
            return factor
        factor *= ratio
    raise SystemExit(f"no factor brings the model's colorfulness to {colorfulness:g}: it has hardly any")


if __name__ == "__main__":
    main()
