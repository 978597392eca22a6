"""The command ``photochrom-export``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from photochrom_export.errors import ExportError

_INTERRUPTED: Final = 130

_DESCRIPTION: Final = """\
Publish a trained network for serving.

Converts the SavedModel that photochrom-train wrote to ONNX, cleans the graph, proves on photographs that ONNX
Runtime answers as TensorFlow does, and writes REPOSITORY/<name>/<version>/ with model.onnx, manifest.json
and README.md (the model card). The version appears whole or not at all, and no version is ever overwritten.
"""

_EPILOG: Final = """\
exit status:
  0  published
  1  not published: the graph does not convert, differs by more than the bound, or cannot be written
  2  not published: the SavedModel, a photograph, the card or an option cannot be used

examples:
  photochrom-export runs/photochrom/saved_model models
  photochrom-export runs/photochrom/saved_model models --precision float16 --card card.md
  photochrom-export runs/photochrom/saved_model models --photographs scans/ test.tar
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        _export(options)
    except ExportError as error:
        print(f"photochrom-export: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("photochrom-export: interrupted; nothing was published", file=sys.stderr)
        return _INTERRUPTED
    return 0


def _export(options: argparse.Namespace) -> None:
    # Late: it imports ONNX, and then TensorFlow.
    from photochrom_export.pipeline import Options, export
    from photochrom_export.precision import Precision

    export(
        options.saved_model,
        options.repository,
        Options(
            photographs=options.photographs,
            version=options.version,
            card=options.card,
            precision=Precision(options.precision),
            narrow=options.narrow,
            max_difference=options.max_difference,
        ),
        lambda line: print(line, flush=True),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "photochrom-export",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "saved_model", type=Path, metavar="SAVED_MODEL", help="the SavedModel folder, with its assets.extra"
    )
    parser.add_argument(
        "repository", type=Path, metavar="REPOSITORY", help="the model repository; made if it does not exist"
    )
    parser.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="the version to publish (default: one above the highest there is)",
    )
    parser.add_argument(
        "--card",
        type=Path,
        metavar="FILE",
        help="the model card, Markdown; facts of the export replace its line '<!-- export -->' "
        "or follow at its end",
    )
    parser.add_argument(
        "--photographs",
        type=Path,
        nargs="+",
        default=[],
        metavar="PATH",
        help="what the proof and the narrowing run on: folders, tar archives, pictures; 8 and 64 are taken, "
        "spread evenly (default: the folder examples/ here)",
    )
    parser.add_argument(
        "--precision",
        choices=["float32", "float16"],
        default="float32",
        help="how the weights are stored; the computation is float32 either way (default: %(default)s)",
    )
    parser.add_argument(
        "--narrow",
        type=_difference,
        metavar="X",
        help="spend a change of the chroma by X a*b* units, root mean square over the photographs, on fewer "
        "channels into the convolutions: 0.2 is not seen, and saves photochrom a seventh of its time",
    )
    parser.add_argument(
        "--max-difference",
        type=_difference,
        metavar="X",
        help="the largest difference from the SavedModel, in a*b* units, that is still published "
        "(default: 0.1, 0.5 with float16 weights, 2.3 with --narrow)",
    )
    return parser


def _difference(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number, 0 or above, not {text!r}")
    return value
