"""What makes a run that run: ``run.json``, so that no run goes on from another's checkpoints."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from photochrom_training.checkpoints import replacing
from photochrom_training.configuration import Configuration
from photochrom_training.photographs import Photograph

_FILE = "run.json"


class RunMismatchError(ValueError):
    """The output folder holds a run of another kind; the message says how it differs."""


def refuse_any(output: Path) -> None:
    """See that a folder holds no run.

    :raises RunMismatchError: if it does.
    """
    if (output / _FILE).exists():
        raise RunMismatchError(f"{output} holds a run: choose another --output")


def check(
    output: Path,
    configuration: Configuration,
    photographs: Sequence[Photograph],
    seed: int,
    *,
    keep_last: bool,
) -> None:
    """Claim ``output`` for a run, or see that the run it holds is this one.

    :raises RunMismatchError: if it is not.
    """
    names = "\n".join(photograph.name for photograph in photographs)
    wanted = {
        "configuration": configuration.name,
        "description": configuration.description,
        "epochs": configuration.epochs,
        "steps_per_epoch": configuration.steps_per_epoch,
        "batch_size": configuration.batch_size,
        "view": dataclasses.asdict(configuration.view),
        "validation_share": configuration.validation_share,
        "seed": seed,
        "keep_last": keep_last,
        "photographs": len(photographs),
        "names": hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest(),
    }
    path = output / _FILE
    if not path.exists():
        with replacing(path) as unfinished:
            unfinished.write_text(json.dumps(wanted, indent=2) + "\n", "utf-8")
        return
    held = json.loads(path.read_text("utf-8"))
    for field, value in wanted.items():
        if held.get(field) != value:
            raise RunMismatchError(
                f"{output} holds another run, with {field} {held.get(field)} and not {value}: "
                "go on with that one's, or choose another --output"
            )
