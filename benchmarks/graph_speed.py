"""How fast ONNX files run in the bare session, beside each other.

In turns of ten, so that whatever else the machine does meets all of them alike.
"""

import argparse
import functools
import statistics
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import report, subjects
from benchmarks.call_latency import in_turns
from photochrom_contract import tensors
from photochrom_contract.manifest import MODEL_FILE
from photochrom_serving import cores


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shipped = sorted(subjects.MODELS.glob(f"*/*/{MODEL_FILE}"))
    parser.add_argument("files", type=Path, nargs="*", default=shipped, help="default: the shipped models")
    parser.add_argument("--size", type=int, default=256, help="of the plane, pixels (default: 256)")
    parser.add_argument("--photo", type=Path, default=subjects.ROOT / "examples" / "coffee.jpg")
    parser.add_argument("--threads", type=int, default=cores.available(), help="of each session")
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()

    batch = tensors.lightness_to_tensor(subjects.plane_of(arguments.photo, arguments.size)[np.newaxis])
    sessions = {str(file): subjects.bare_session(file, arguments.threads) for file in arguments.files}
    actions: dict[str, Callable[[], object]] = {
        name: functools.partial(run, batch) for name, run in sessions.items()
    }
    seconds = in_turns(actions, arguments.rounds)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    first = next(iter(medians.values()))
    rows = [(name, f"{1e3 * median:.1f} ms", f"{median / first:.2f}") for name, median in medians.items()]
    head = f"{report.machine()}\n\none plane of {arguments.size} px, {arguments.threads} threads\n\n"
    report.save("graph_speed", head + report.table(("", "median", "ratio to the first"), rows))


if __name__ == "__main__":
    main()
