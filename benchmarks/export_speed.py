"""What an export gives: SavedModels as tf2onnx converts them, cleaned, and narrowed, beside each other."""

import argparse
import functools
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx

from benchmarks import report, subjects
from benchmarks.call_latency import in_turns
from photochrom_contract import photograph, tensors
from photochrom_export import photographs
from photochrom_export.cleaning import NodeCounts, clean
from photochrom_export.conversion import convert
from photochrom_export.narrowing import narrow
from photochrom_export.saved_model import SavedModel, describe


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, nargs="+", metavar="SAVED_MODEL")
    parser.add_argument("--narrow", type=float, nargs="*", default=[0.2, 0.3, 0.5], help="budgets, a*b*")
    parser.add_argument("--photographs", type=Path, nargs="*", default=[], help="that narrowing is fitted to")
    parser.add_argument("--photo", type=Path, default=subjects.ROOT / "examples" / "coffee.jpg")
    parser.add_argument("--size", type=int, default=256, help="of the plane, pixels (default: 256)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each session")
    parser.add_argument("--rounds", type=int, default=8)
    arguments = parser.parse_args()

    batch = tensors.lightness_to_tensor(subjects.plane_of(arguments.photo, arguments.size)[np.newaxis])
    many = photographs.read(arguments.photographs, photographs.MANY)
    parts = [f"{report.machine()}\n\none plane of {arguments.size} px, {arguments.threads} threads\n"]
    with tempfile.TemporaryDirectory() as temporary:
        for folder in arguments.models:
            graphs = exported(folder, many, arguments.narrow)
            parts.append(f"{folder.name}\n\n{compared(graphs, batch, arguments, Path(temporary))}")
    report.save("export_speed", "\n".join(parts))


def exported(
    folder: Path, many: list[photograph.Lightness], budgets: list[float], leave: str | None = None
) -> dict[str, onnx.ModelProto]:
    """The graphs of a SavedModel by what was done to them; ``leave`` as in ``narrow``."""
    description = describe(folder)
    plain = convert(SavedModel(folder, description))
    cleaned = clean(plain)
    graphs = {"tf2onnx's": plain, "cleaned": cleaned}
    for budget in budgets:
        narrowed, narrowing = narrow(cleaned, many, description.default_size, budget, leave=leave)
        graphs[f"narrowed by {narrowing.change:.2f}, of {budget} allowed"] = narrowed
    return graphs


def compared(
    graphs: dict[str, onnx.ModelProto], batch: np.ndarray, arguments: argparse.Namespace, temporary: Path
) -> str:
    """A table of their nodes and their times."""
    actions: dict[str, Callable[[], object]] = {}
    for number, (name, graph) in enumerate(graphs.items()):
        file = temporary / f"{number}.onnx"
        onnx.save(graph, file)
        actions[name] = functools.partial(subjects.bare_session(file, arguments.threads), batch)
    medians = {name: statistics.median(each) for name, each in in_turns(actions, arguments.rounds).items()}
    first = next(iter(medians.values()))
    rows = []
    for name, median in medians.items():
        counts = NodeCounts.of(graphs[name])
        nodes = (counts.total, counts.transpose, counts.reshape)
        rows.append((name, *nodes, f"{1e3 * median:.1f} ms", f"{median / first:.2f}"))
    return report.table(("", "nodes", "Transpose", "Reshape", "median", "ratio to tf2onnx's"), rows)


if __name__ == "__main__":
    main()
