"""``photochrom inspect``."""

from pathlib import Path
from typing import Annotated

import typer

from photochrom._cli import _console
from photochrom._cli._parameters import Json
from photochrom._errors import PictureError


def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Picture files.")],
    as_json: Json = False,
) -> None:
    """Say where the colors of picture files are from."""
    from photochrom._inspection import read_provenance
    from photochrom_contract.files.provenance import DIGITAL_SOURCE_TYPE

    status = _console.DONE
    for file in files:
        try:
            said = read_provenance(file)
        except PictureError as error:
            _console.complain(error)
            status = _console.BAD_INPUT
            continue
        if as_json:
            colored = {
                "digital_source_type": DIGITAL_SOURCE_TYPE,
                "model": said.model,
                "version": said.version,
                "sha256": said.sha256,
                "software": said.software,
            } if said else {}  # fmt: skip
            _console.say_json({"file": str(file), "colored": said is not None, **colored})
        elif said is None:
            _console.say(f"{file}: not colored by Photochrom, or its metadata is gone")
        else:
            _console.say(f"{file}: {said.sentence}")
    raise typer.Exit(status)
