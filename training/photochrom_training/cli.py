"""``photochrom-train``: a named configuration and photographs in, a SavedModel out."""

import argparse
import inspect
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from photochrom_training.arguments import labels, natural, seed

_OF_TRAINING = ["photographs", "start_from", "labels", "keep", "seed", "workers", "precision", "distribute"]
"""Options that a mean of runs has no use for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if it did what was asked, 2 if something was wrong with what was asked."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for noisy in ("absl", "tensorflow"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

    # After the parser: --help answers without loading Keras.
    from photochrom_contract.description import DescriptionError
    from photochrom_training import configuration, run
    from photochrom_training.checkpoints import TrainingDivergedError, WeightsMismatchError
    from photochrom_training.evaluation.lpips import WeightsError
    from photochrom_training.identity import RunMismatchError
    from photochrom_training.machine import Machine, MachineError
    from photochrom_training.mean import mean
    from photochrom_training.networks.pretrained import PretrainedWeightsError
    from photochrom_training.photographs import PhotographsError
    from photochrom_training.processes import ProcessesError

    try:
        if options.list:
            _list()
            return 0
        if options.configuration is None or not (options.photographs or options.mean_of):
            raise configuration.ConfigurationError(
                "name a configuration and the --photographs to learn from; --list shows the configurations"
            )
        of_training = [name for name in _OF_TRAINING if getattr(options, name) != parser.get_default(name)]
        if options.mean_of and of_training:
            flags = ", ".join("--" + name.replace("_", "-") for name in of_training)
            raise configuration.ConfigurationError(f"--mean-of trains nothing: leave out {flags}")
        choices = _choices(options)
        vividness = choices.pop("vividness", None) if options.mean_of else None
        chosen = configuration.find(options.configuration, **choices)
        output = options.output or Path("runs") / chosen.name
        if options.mean_of:
            path = mean(chosen, options.mean_of, output, vividness)
        else:
            path = run.train(
                chosen,
                options.photographs,
                output,
                seed=options.seed,
                machine=Machine(options.workers, options.precision, options.distribute),
                start_from=options.start_from,
                labels=options.labels,
                keep_last=options.keep == "last",
            )
    except (
        configuration.ConfigurationError,
        DescriptionError,
        MachineError,
        PhotographsError,
        PretrainedWeightsError,
        ProcessesError,
        RunMismatchError,
        TrainingDivergedError,
        WeightsError,
        WeightsMismatchError,
        OSError,
    ) as error:
        print(f"photochrom-train: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("photochrom-train: interrupted; the same command goes on where it stopped", file=sys.stderr)
        return 130
    print(path)
    return 0


def _choices(options: argparse.Namespace) -> dict[str, Any]:
    """What was asked for in place of the configuration's own choice."""
    names = ("epochs", "steps_per_epoch", "batch_size", "extractor", "initial", "stage", "vividness")
    return {name: value for name in names if (value := getattr(options, name)) is not None}


def _list() -> None:
    from photochrom_training import configuration

    for name in configuration.names():
        print(f"{name}\n{'-' * len(name)}\n{inspect.getdoc(configuration.module(name))}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="photochrom-train",
        description="Train a model. After an interruption, the same command goes on where the run stopped.",
    )
    parser.add_argument("configuration", nargs="?", help="a name that --list shows")
    parser.add_argument("--list", action="store_true", help="show the configurations and what each is for")
    parser.add_argument(
        "--photographs",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="folders, tar shards or single photographs to learn from",
    )
    parser.add_argument(
        "--labels",
        type=labels,
        default=[],
        metavar="LABEL,...",
        help="learn from photographs in folders of these names alone: --labels forest,mountain,church",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="where history, checkpoints and the SavedModel go (default: runs/CONFIGURATION)",
    )
    parser.add_argument(
        "--start-from", type=Path, metavar="RUN", help="the folder of a run to start with the best weights of"
    )
    parser.add_argument(
        "--mean-of",
        nargs="+",
        type=Path,
        default=[],
        metavar="RUN",
        help="no training: the mean of the weights that these runs kept; a run named twice counts twice",
    )
    parser.add_argument(
        "--keep",
        choices=("best", "last"),
        default="best",
        help="the epoch whose weights are the model's: of least validation loss, or the last (default: best)",
    )
    own = "in place of the configuration's own"
    parser.add_argument("--epochs", type=int, help=own)
    parser.add_argument("--steps-per-epoch", type=int, metavar="BATCHES", help=own)
    parser.add_argument("--batch-size", type=int, metavar="PHOTOGRAPHS", help=own)
    parser.add_argument("--vividness", type=float, metavar="FACTOR", help="on the chroma, " + own)
    parser.add_argument("--stage", help="photochrom's: decoder, whole or color (default: whole)")
    parser.add_argument("--initial", help="colorful's: random or vgg16")
    parser.add_argument("--extractor", help="koala's: efficientnet-lite0 or inception-resnet-v2")
    parser.add_argument("--seed", type=seed, default=0, help="of everything random (default: 0)")
    parser.add_argument(
        "--workers", type=natural, default=2, help="threads that read photographs (default: 2)"
    )
    parser.add_argument(
        "--precision", default="float32", help="float32, mixed_bfloat16 or mixed_float16 (default: float32)"
    )
    parser.add_argument(
        "--distribute",
        action="store_true",
        help="share batches out over all devices, and processes that KERAS_DISTRIBUTION_* name; "
        "needs KERAS_BACKEND=jax",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
