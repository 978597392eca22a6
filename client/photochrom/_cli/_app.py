"""The commands and their arguments."""

import json
import math
import os
from pathlib import Path
from typing import Annotated, Final

import typer

import photochrom
from photochrom import _embedded, _pictures, _server
from photochrom._cli import _listing, _output
from photochrom._errors import BusyError, DeadlineError, PhotochromError, PictureError, ServerError
from photochrom_contract import tensors

_BAD_INPUT: Final = 2
_SERVER_TROUBLE: Final = 3

app = typer.Typer(
    help="Color black-and-white photographs.",
    epilog="Exit status: 0 done; 2 a bad picture or option; 3 trouble with the server, "
    "an unknown model or size included.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _check_is_number(number: float) -> float:
    """Refuse what is within every range, because it compares to nothing."""
    if math.isnan(number):
        raise typer.BadParameter("it is not a number")
    return number


_Target = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        envvar="PHOTOCHROM_TARGET",
        help="The server; grpcs://HOST:PORT for TLS, unix:/PATH for a socket. "
        "Without one: in this process, if photochrom-serving is installed.",
    ),
]
_RootCertificates = Annotated[
    Path | None, typer.Option(metavar="FILE", help="PEM certificates to trust, for TLS.")
]
_Timeout = Annotated[
    float,
    typer.Option(
        min=0.001,
        max=_server.MAX_TIMEOUT,
        callback=_check_is_number,
        metavar="SECONDS",
        help="For each call, retries included.",
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def run(arguments: list[str]) -> int:
    """Run the command that ``arguments`` name; its exit status."""
    try:
        app(arguments, prog_name="photochrom")
    except PhotochromError as error:
        _complain(error)
        return _BAD_INPUT if isinstance(error, PictureError) else _SERVER_TROUBLE
    except SystemExit as end:  # how typer returns a status
        return end.code if isinstance(end.code, int) else 1
    return 0


def _say(line: object, *, err: bool = False) -> None:
    try:
        typer.echo(line, err=err)
    except UnicodeEncodeError:  # a file's name, which may be any bytes: these
        typer.echo(os.fsencode(str(line)), err=err)


def _complain(error: PhotochromError | str) -> None:
    _say(f"photochrom: {error}", err=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"photochrom {photochrom.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Color black-and-white photographs."""


@app.command()
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
    target: _Target = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="Which model; empty: the server's default.")
    ] = "",
    version: Annotated[
        int, typer.Option(min=0, max=_server.MAX_VERSION, help="Which version of it; 0: the latest.")
    ] = 0,
    size: Annotated[
        int, typer.Option(min=0, max=tensors.MAX_SIDE, help="Pixels a side that it sees; 0: its default.")
    ] = 0,
    saturation: Annotated[
        float, typer.Option(min=0, max=2, callback=_check_is_number, help="A factor on the colors.")
    ] = 1.0,
    timeout: _Timeout = 60.0,
    root_certificates: _RootCertificates = None,
) -> None:
    """Color photographs, and print the files written.

    A picture that cannot be read or written, or that a busy server does not get to, costs one line,
    and the others go on. Whatever else the server has against one, it has against all.
    """
    outputs = _output.Outputs(photographs, output)
    status = 0
    with photochrom.Colorizer(
        target,
        model=model,
        version=version,
        size=size,
        saturation=saturation,
        timeout=timeout,
        root_certificates=root_certificates,
    ) as colorizer:
        for path in photographs:
            try:
                # Whatever is wrong on this side is found before the server is asked.
                photograph = _pictures.read(path)
                file = outputs.of(path, transparent=photograph.alpha is not None)
                strip = outputs.beside(file) if compare else None
                colored = colorizer.colorize(photograph)
                _output.write(colored, file)
                _say(file)
                if strip is not None:
                    _output.write(_output.comparison(photograph, colored), strip)
                    _say(strip)
            except PictureError as error:
                _complain(error)
                status = max(status, _BAD_INPUT)
            except ServerError as error:
                _complain(f"{path}: {error}")
                status = _SERVER_TROUBLE
                if not isinstance(error, (BusyError, DeadlineError)):
                    break
    raise typer.Exit(status)


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def serve(context: typer.Context) -> None:
    """Run a server: photochrom-serve, with its own arguments."""
    raise typer.Exit(_embedded.serve(context.args))


@app.command()
def models(
    target: _Target = None,
    timeout: _Timeout = 10.0,
    root_certificates: _RootCertificates = None,
    as_json: _Json = False,
) -> None:
    """List the server's models."""
    with _server.connect(target, timeout=timeout, root_certificates=root_certificates) as server:
        listed = server.models()
    _say(json.dumps(_listing.rows(listed), indent=2) if as_json else _listing.table(listed))


@app.command()
def health(
    target: _Target = None,
    timeout: _Timeout = 5.0,
    root_certificates: _RootCertificates = None,
    as_json: _Json = False,
) -> None:
    """Ask the server whether it takes requests; exit status 0 if it does, otherwise 3."""
    with _server.connect(target, timeout=timeout, root_certificates=root_certificates) as server:
        healthy = server.is_healthy()
    state = "serving" if healthy else "not serving"
    _say(json.dumps({"target": server.name, "serving": healthy}) if as_json else f"{server.name}: {state}")
    raise typer.Exit(0 if healthy else _SERVER_TROUBLE)
