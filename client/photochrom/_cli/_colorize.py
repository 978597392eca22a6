"""``photochrom colorize``."""

from pathlib import Path
from typing import Annotated

import typer

import photochrom
from photochrom._cli import _console, _output
from photochrom._cli._parameters import (
    Model,
    RootCertificates,
    Saturation,
    Size,
    Target,
    Temperature,
    Timeout,
    Version,
)
from photochrom._errors import BusyError, DeadlineError, PictureError, ServerError
from photochrom._photographs import NO_CHROMA, Photograph


def colorize(
    photographs: Annotated[list[Path], typer.Argument(metavar="IN", help="Picture files.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A file, or for several pictures a folder. Without it: NAME-color beside NAME. "
            "An OUT that exists is overwritten.",
        ),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Write OUT-compare too: before and after, side by side.")
    ] = False,
    target: Target = None,
    model: Model = "",
    version: Version = 0,
    size: Size = 0,
    saturation: Saturation = 1.0,
    temperature: Temperature = None,
    timeout: Timeout = 60.0,
    root_certificates: RootCertificates = None,
) -> None:
    """Color photographs, and print the files written.

    A picture that cannot be read or written, or that a busy server does not get to, costs one line,
    and the others go on. Whatever else the server has against one, it has against all.
    """
    outputs = _output.Outputs(photographs, output)
    status = _console.DONE
    with photochrom.Colorizer(
        target,
        model=model,
        version=version,
        size=size,
        saturation=saturation,
        temperature=temperature,
        timeout=timeout,
        root_certificates=root_certificates,
    ) as colorizer:
        for path in photographs:
            try:
                with Photograph.open(path) as photograph:
                    # Whatever is wrong on this side is found before the server is asked.
                    file = outputs.of(path, photograph.suffix())
                    strip = outputs.beside(file) if compare else None
                    before = photograph.picture(0, NO_CHROMA) if compare else None
                colorizer.colorize_file(path, file)
                _console.say(file)
                if strip is not None and before is not None:
                    _output.write_comparison(before, colorizer.colorize(path), strip)
                    _console.say(strip)
            except PictureError as error:
                _console.complain(error)
                status = max(status, _console.BAD_INPUT)
            except ServerError as error:
                _console.complain(f"{path}: {error}")
                status = _console.SERVER_TROUBLE
                if not isinstance(error, (BusyError, DeadlineError)):
                    break
    raise typer.Exit(status)
