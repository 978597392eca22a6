"""``photochrom colorize``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import photochrom
from photochrom._cli import _console
from photochrom._cli._parameters import (
    Json,
    Model,
    RootCertificates,
    Saturation,
    Size,
    Target,
    Temperature,
    Timeout,
    Upsampling,
    Version,
)
from photochrom._cli._streams import STREAM, StandardInput, standard_output
from photochrom._errors import BusyError, DeadlineError, PhotochromError, PictureError, ServerError

if TYPE_CHECKING:
    from photochrom._cli._output import Outputs
    from photochrom._photographs import Source


def colorize(
    photographs: Annotated[
        list[Path], typer.Argument(metavar="IN", help="Picture files; - for standard input.")
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A file, for several pictures a folder, or - for standard output. Without it: NAME-color "
            "beside NAME, and - for -. An OUT that exists is overwritten.",
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
    upsampling: Upsampling = "guided",
    timeout: Timeout = 60.0,
    root_certificates: RootCertificates = None,
    as_json: Json = False,
) -> None:
    """Color photographs, and print the files written.

    A picture that cannot be read or written, or that a busy server does not get to, costs one line,
    and the others go on. Whatever else the server has against one, it has against all. With --json
    there is a line of it for each picture, what failed included.
    """
    from photochrom._cli._output import Outputs

    if output is None and photographs == [STREAM]:
        output = STREAM
    if output == STREAM and (len(photographs) > 1 or compare or as_json):
        raise typer.BadParameter("standard output takes one picture, and nothing beside it")
    outputs = Outputs(photographs, None if output == STREAM else output)
    status = _console.DONE
    with photochrom.Colorizer(
        target,
        model=model,
        version=version,
        size=size,
        saturation=saturation,
        temperature=temperature,
        upsampling=upsampling,
        timeout=timeout,
        root_certificates=root_certificates,
    ) as colorizer:
        for path in photographs:
            name = StandardInput.name if path == STREAM else str(path)
            said = _Said(name, as_json=as_json)
            try:
                source = StandardInput.read_all() if path == STREAM else path
                if output == STREAM:
                    _color_to_standard_output(colorizer, source)
                else:
                    _color(colorizer, source, path, outputs, said, compare=compare)
            except (PictureError, ServerError) as error:
                _console.complain(error if isinstance(error, PictureError) else f"{name}: {error}")
                said.error = error
                status = max(status, _console.status_of(error))
            said.end()
            if isinstance(said.error, ServerError) and not isinstance(said.error, (BusyError, DeadlineError)):
                break
    raise typer.Exit(status)


class _Said:
    """What is told of one picture: the files as they are written, or all of it as a line of JSON."""

    def __init__(self, source: str, *, as_json: bool) -> None:
        self._as_json = as_json
        self._source = source
        self._files: dict[str, str] = {}
        self.error: PhotochromError | None = None

    def file(self, kind: str, path: Path) -> None:
        self._files[kind] = str(path)
        if not self._as_json:
            _console.say(path)

    def end(self) -> None:
        if not self._as_json:
            return
        line: dict[str, str | None] = {"source": self._source, "output": None, **self._files}
        if self.error is not None:
            line |= {"error": type(self.error).__name__, "cause": str(self.error)}
        _console.say_json(line, indent=None)


def _color(
    colorizer: "photochrom.Colorizer",
    source: "Source",
    path: Path,
    outputs: "Outputs",
    said: _Said,
    *,
    compare: bool,
) -> None:
    from photochrom._cli._output import write_comparison
    from photochrom._photographs import NO_CHROMA, Photograph

    with Photograph.open(_again(source)) as photograph:
        # Whatever is wrong on this side is found before the server is asked.
        file = outputs.of(path, photograph.suffix())
        strip = outputs.beside(file) if compare else None
        before = photograph.picture(0, NO_CHROMA) if compare else None
    colorizer.colorize_file(_again(source), file)
    said.file("output", file)
    if strip is not None and before is not None:
        write_comparison(before, colorizer.colorize(_again(source)), strip)
        said.file("compare", strip)


def _color_to_standard_output(colorizer: "photochrom.Colorizer", source: "Source") -> None:
    from photochrom._photographs import Photograph

    with Photograph.open(_again(source)) as photograph:
        suffix = photograph.suffix()
    with standard_output(suffix) as path:
        colorizer.colorize_file(_again(source), path)


def _again(source: "Source") -> "Source":
    """The source from its beginning: whoever reads a stream may end it."""
    return StandardInput(source.getvalue()) if isinstance(source, StandardInput) else source
