"""Whether photographs come as fast as a network learns from them: a run that waits for its data is slow.

The batches of a configuration are read, decoded, cropped, aged and turned to Lab by so many threads. Views a
second are what they make with nothing else to do; the ratio is the time of training on them over the
time of training on one batch, made before, again and again.
"""

import argparse
import concurrent.futures
import functools
import statistics
from pathlib import Path

import keras

from benchmarks import report
from benchmarks.call_latency import seconds_of
from photochrom_training import configuration, photographs
from photochrom_training.batches import Batch, Batches
from photochrom_training.learner import Learner


class Same(keras.utils.PyDataset):  # type: ignore[misc]
    """One batch, so many times."""

    def __init__(self, batch: Batch, steps: int) -> None:
        super().__init__()
        self._batch, self._steps = batch, steps

    def __len__(self) -> int:
        return self._steps

    def __getitem__(self, index: int) -> Batch:
        return self._batch


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, nargs="+", required=True, help="to learn from")
    parser.add_argument("--name", default="photochrom", help="the configuration")
    parser.add_argument("--stage", help="photochrom's, if not its default")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="threads that read")
    parser.add_argument("--steps", type=int, default=25, help="batches of a measurement")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    chosen = configuration.find(arguments.name, **({"stage": arguments.stage} if arguments.stage else {}))
    found = photographs.index(arguments.photographs)
    streams = {
        workers: Batches(found, chosen.view, chosen.batch_size, steps=arguments.steps, workers=workers)
        for workers in arguments.workers
    }
    learner = Learner(chosen.build(), chosen.objective(found), chosen.temperature)
    learner.compile(chosen.optimizer(1))
    same = Same(streams[arguments.workers[0]][0], arguments.steps)
    learner.fit(same, verbose=0)  # compiles

    views = arguments.steps * chosen.batch_size
    sources = {"the same batch": same, **{f"threads: {workers}": each for workers, each in streams.items()}}
    learned: dict[str, list[float]] = {name: [] for name in sources}
    for _ in range(arguments.rounds):
        for name, source in sources.items():
            learned[name].append(seconds_of(functools.partial(learner.fit, source, verbose=0)))
    medians = {name: statistics.median(each) for name, each in learned.items()}
    least = medians["the same batch"]
    made = {f"threads: {workers}": f"{views / made_in(each):.0f}" for workers, each in streams.items()}
    rows = [
        (name, made.get(name, ""), f"{views / median:.0f}", f"{median / least:.2f}")
        for name, median in medians.items()
    ]
    head = f"{report.machine()}\n\n{arguments.name}, {views} views a measurement\n\n"
    columns = ("batches from", "views/s made", "views/s learned from", "time over the same batch's")
    report.save("input_pipeline", head + report.table(columns, rows))


def made_in(stream: Batches) -> float:
    """The seconds that an epoch's batches take to be made, by as many threads as the stream has."""
    with concurrent.futures.ThreadPoolExecutor(stream.workers) as threads:
        return seconds_of(lambda: list(threads.map(stream.__getitem__, range(len(stream)))))


if __name__ == "__main__":
    main()
