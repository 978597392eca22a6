"""The options that several commands have: one name, one range, one help."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from photochrom import _options


def _check_is_number(number: float | None) -> float | None:
    """Refuse what is within every range, because it compares to nothing."""
    if number is not None and math.isnan(number):
        raise typer.BadParameter("it is not a number")
    return number


def _parse_version(text: str | int) -> int | str:
    version = int(text) if str(text).isascii() and str(text).isdecimal() else str(text)
    try:
        _options.Options(version=version)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return version


def _check_temperature(temperature: float | None) -> float | None:
    try:
        _options.Options(temperature=temperature)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return temperature


Target = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        envvar="PHOTOCHROM_TARGET",
        help="The server; grpcs://HOST:PORT for TLS, unix:/PATH for a socket. "
        "Without one: in this process, if photochrom-serving is installed.",
    ),
]
RootCertificates = Annotated[
    Path | None, typer.Option(metavar="FILE", help="PEM certificates to trust, for TLS.")
]
Timeout = Annotated[
    float,
    typer.Option(
        min=0.001,
        max=_options.MAX_TIMEOUT,
        callback=_check_is_number,
        metavar="SECONDS",
        help="For each call, retries included.",
    ),
]
Model = Annotated[str, typer.Option(metavar="NAME", help="Which model; empty: the server's default.")]
Version = Annotated[
    Any,
    typer.Option(
        parser=_parse_version,
        metavar="NUMBER|LABEL",
        help="Which version of it, by number or label; 0: the latest.",
    ),
]
Size = Annotated[
    int, typer.Option(min=0, max=_options.MAX_SIZE, help="Pixels a side that it sees; 0: its default.")
]
Saturation = Annotated[
    float,
    typer.Option(
        min=0, max=_options.MAX_SATURATION, callback=_check_is_number, help="A factor on the colors."
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        callback=_check_temperature,
        help="For a model that has one: near 0 vivid and spotty, 1 smooth and pale.",
    ),
]
Upsampling = Annotated[
    _options.Upsampling,
    typer.Option(help="How color is stretched over it: along the photograph's edges, or smoothly."),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
