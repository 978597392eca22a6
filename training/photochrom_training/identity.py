"""What makes a run that run, and whose its folder is: ``run.json``, and a lock while a process is in it.

No run goes on from another's checkpoints, and no two processes write into one folder.
"""

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from photochrom_training import provenance
from photochrom_training.checkpoints import Progress, replacing
from photochrom_training.configuration import Configuration
from photochrom_training.photographs import Photograph

_FILE = "run.json"
_LOCK = ".run.lock"
_MADE_BY = "made_by"
"""In ``run.json``, what it says of the code that began the run: to be told, not compared."""

MEAN_OF = "mean_of"
"""In the ``run.json`` of a mean, and of no other run: the runs that it is of."""


class RunMismatchError(ValueError):
    """The folder is another run's, or another process is in it; the message says how, and what to do."""


def of_model(configuration: Configuration) -> dict[str, Any]:
    """What a run's SavedModel depends on, beside its weights."""
    return {
        "configuration": configuration.name,
        "sizes": list(configuration.sizes),
        "default_size": configuration.default_size,
        "vividness": configuration.vividness,
    }


def of_run(
    configuration: Configuration,
    photographs: Sequence[Photograph],
    seed: int,
    *,
    precision: str,
    start_from: Path | None,
    keep_last: bool,
) -> dict[str, Any]:
    """Everything that decides what a run learns, for ``run.json``."""
    found = "\n".join(f"{photograph.name} {photograph.size}" for photograph in photographs)
    return {
        **of_model(configuration),
        "description": configuration.description,
        "epochs": configuration.epochs,
        "steps_per_epoch": configuration.steps_per_epoch,
        "batch_size": configuration.batch_size,
        "view": dataclasses.asdict(configuration.view),
        "validation_share": configuration.validation_share,
        "seed": seed,
        "precision": precision,
        "start_from": start_from.name if start_from else None,
        "keep_last": keep_last,
        "photographs": len(photographs),
        "found": hashlib.sha256(found.encode("utf-8", "surrogateescape")).hexdigest(),
    }


@contextlib.contextmanager
def claimed(
    output: Path, configuration: Configuration, wanted: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Hold a folder for a run, begun here or earlier; what made it, as ``provenance.of`` says.

    A run that has not finished an epoch gives its folder up to any other.

    :param wanted: what makes the run; one that the folder holds already has the same.
    :raises RunMismatchError: if it has not, if another process is in the folder, or if its checkpoints are
        no run's.
    """
    output.mkdir(parents=True, exist_ok=True)
    with (output / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # gone with the process, however it ends
        except BlockingIOError:
            raise RunMismatchError(
                f"another process is at work in {output}: wait for it, or choose another --output"
            ) from None
        held = _held(output)
        made_by = held.pop(_MADE_BY, {})
        if held != wanted:
            # Weights alone, as they are published; or whatever else somebody keeps there.
            if not held and (output / "checkpoints").exists():
                raise RunMismatchError(
                    f"{output} holds checkpoints of a run that it does not tell of: choose another --output"
                )
            if MEAN_OF in held or Progress(output / "checkpoints").epochs:
                _refuse(output, held, wanted)
            shutil.rmtree(output / "checkpoints", ignore_errors=True)
            made_by = provenance.of(configuration)
            with replacing(output / _FILE) as unfinished:
                unfinished.write_text(json.dumps({**wanted, _MADE_BY: made_by}, indent=2) + "\n", "utf-8")
        yield made_by


def compare(run: Path, wanted: Mapping[str, Any]) -> None:
    """See that a run is as wanted, as far as it tells.

    :raises RunMismatchError: if it is not.
    """
    held = _held(run)
    told = {name: said for name, said in wanted.items() if name in held}
    if held | told != held:
        _refuse(run, held, told)


def _held(output: Path) -> dict[str, Any]:
    path = output / _FILE
    held: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return held


def _refuse(output: Path, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    name = next(each for each in [*wanted, *held] if held.get(each) != wanted.get(each))
    raise RunMismatchError(
        f"{output} holds another run, with {name} {held.get(name)} and not {wanted.get(name)}: "
        "give the choices that it was made with, or choose another --output"
    )
