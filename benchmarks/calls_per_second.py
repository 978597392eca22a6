"""Calls a second through one server process, with a model that costs nothing: what the edge alone can do.

A constant graph answers planes of 64 x 64. The server is kept to one core, the load generator to
another; on a machine with one core the figure means little.
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

import grpc
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks import calls, load, report, subjects
from photochrom_contract import manifest, tensors

_SIZE, _STRIDE = 64, 4


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 16, 64])
    arguments = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        publish_constant(Path(folder))
        with subjects.photochrom(Path(folder)) as (target, pid):
            for task in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), {cores[0]})
            os.sched_setaffinity(0, {cores[-1]})
            outcomes = asyncio.run(measure(target, arguments))
    rows = []
    for callers, measured in outcomes.items():
        rates = sorted(outcome.goodput for outcome in measured)
        middle = sorted(measured, key=lambda outcome: outcome.goodput)[len(measured) // 2]
        tail = (f"{middle.percentile(50):.2f} ms", f"{middle.percentile(99):.2f} ms")
        rows.append((callers, f"{middle.goodput:.0f}", f"{rates[0]:.0f}", f"{rates[-1]:.0f}", *tail))
    head = ("callers", "calls a second, median", "least", "most", "p50", "p99")
    text = f"{report.machine()}\n\nA constant model, {_SIZE} x {_SIZE} planes, {arguments.rounds} rounds\n\n"
    report.save("calls_per_second", text + report.table(head, rows))


async def measure(target: str, arguments: argparse.Namespace) -> dict[int, list[load.Outcome]]:
    """What the closed loop found, by number of callers."""
    plane = np.full((_SIZE, _SIZE), 128, np.uint8)
    outcomes: dict[int, list[load.Outcome]] = {callers: [] for callers in arguments.callers}
    async with grpc.aio.insecure_channel(target, calls.OPTIONS) as channel:
        call = calls.colorize(channel, plane)
        for _ in range(arguments.rounds):
            for callers in arguments.callers:
                outcomes[callers].append(await load.closed_loop(call, callers, arguments.seconds))
    return outcomes


def publish_constant(repository: Path) -> None:
    """Version 1 of ``constant``: every photograph gets the same chroma, whatever its lightness."""
    side = _SIZE // _STRIDE
    nodes = [
        helper.make_node("Shape", [tensors.LIGHTNESS], ["count"], start=0, end=1),
        helper.make_node("Concat", ["count", "rest"], ["shape"], axis=0),
        helper.make_node("Expand", ["value", "shape"], [tensors.CHROMA]),
    ]
    constants = [
        numpy_helper.from_array(np.array([2, side, side], np.int64), "rest"),
        numpy_helper.from_array(np.full((1, 1, 1, 1), 20, np.float32), "value"),
    ]
    lightness, chroma = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, axes)
        for name, axes in ((tensors.LIGHTNESS, tensors.LIGHTNESS_AXES), (tensors.CHROMA, tensors.CHROMA_AXES))
    )
    graph = helper.make_graph(nodes, "constant", [lightness], [chroma], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    folder = repository / "constant" / "1"
    folder.mkdir(parents=True)
    onnx.save(model, folder / manifest.MODEL_FILE)
    digest = manifest.digest(folder / manifest.MODEL_FILE)
    described = manifest.Manifest("constant", 1, "Costs nothing", digest, (_SIZE,), _SIZE, _STRIDE)
    described.write(folder)


if __name__ == "__main__":
    main()
