"""A batch of many small photographs, killed at random moments: each output is there once and whole, or not.

Starts a server with the tests' tiny model, kills ``photochrom batch`` again and again, each time soon after
so many are colored as chance says, lets it end, and looks at every file. Exits with 1 if one is missing,
not whole or colored twice.
"""

import argparse
import collections
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import report, subjects
from tests import model_factory


def main() -> None:
    """Run it, check, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        models, album, colored = (Path(folder, name) for name in ("models", "album", "colored"))
        model_factory.publish(models)
        make_album(album, arguments.count)
        journal = colored / ".photochrom" / "journal.jsonl"
        with subjects.photochrom(models) as (target, _):
            command = [sys.executable, "-m", "photochrom", "batch", str(album), str(colored)]
            command += ["--target", target]
            start, text = time.perf_counter(), report.machine() + "\n\n"
            for moment in sorted(chance.sample(range(1, arguments.count), arguments.kills)):
                with subprocess.Popen(command) as process:
                    while lines_of(journal) < moment:
                        if process.poll() is not None:
                            raise SystemExit(f"it ended before {moment} were colored")
                        time.sleep(chance.uniform(0, 0.1))
                    process.kill()
                text += f"- killed: {lines_of(journal)} colored\n"
            ended = subprocess.run([*command, "--json"], check=False, stdout=subprocess.PIPE, text=True)
            seconds = time.perf_counter() - start
            again = subprocess.run([*command, "--json"], check=False, stdout=subprocess.PIPE, text=True)
        problems = check(album, colored, journal)
        text += (
            f"- to the end: {sums(ended.stdout)}; {seconds:.0f} s in all\n- again: {sums(again.stdout)}\n\n"
        )
        text += "\n".join(problems) or f"All {arguments.count} outputs are there once and whole."
        report.save("batch_kills", text + "\n")
        raise SystemExit(1 if problems or ended.returncode or again.returncode else 0)


def make_album(album: Path, count: int) -> None:
    """Photographs of 32 x 32 noise, a hundred a folder, no two alike."""
    noise = np.random.default_rng(0)
    for number in range(count):
        path = album / f"{number // 100:03}" / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise.integers(0, 256, (32, 32), np.uint8)).save(path)


def lines_of(journal: Path) -> int:
    """How many records a journal has."""
    return max(0, journal.read_bytes().count(b"\n") - 1) if journal.exists() else 0


def sums(document: str) -> str:
    """A run's sums, on a line."""
    report = json.loads(document)
    return ", ".join(f"{report[state]} {state}" for state in ("colored", "skipped", "failed", "left"))


def check(album: Path, colored: Path, journal: Path) -> list[str]:
    """Whatever is not as it should be."""
    wanted = {path.relative_to(album) for path in album.rglob("*.png")}
    found = {path.relative_to(colored) for path in colored.rglob("*.png") if ".photochrom" not in path.parts}
    problems = [f"missing: {path}" for path in wanted - found] + [
        f"too many: {path}" for path in found - wanted
    ]
    problems += [f"not whole: {path}" for path in wanted & found if not is_whole(colored / path)]
    problems += [f"left in staging: {path}" for path in (colored / ".photochrom" / "staging").iterdir()]
    records = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    times = collections.Counter(record["place"] for record in records)
    problems += [f"colored {number} times: {place}" for place, number in times.items() if number > 1]
    for record in records:
        digest = hashlib.sha256((album / record["place"]).read_bytes()).hexdigest()
        if digest != record["source_sha256"]:
            problems.append(f"the copy of another photograph: {record['place']}")
    return problems


def is_whole(path: Path) -> bool:
    """Whether a picture decodes to its end, in color."""
    try:
        with Image.open(path) as picture:
            picture.load()
            return (picture.size, picture.mode) == ((32, 32), "RGB")
    except OSError:
        return False


if __name__ == "__main__":
    main()
