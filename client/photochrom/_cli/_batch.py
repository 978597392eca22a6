"""``photochrom batch``."""

import contextlib
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

import photochrom
from photochrom import _window
from photochrom._batch._report import Report
from photochrom._batch._result import Result, State
from photochrom._batch._walk import Filter, walk
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
from photochrom._cli._progress import progress
from photochrom._errors import PictureError
from photochrom._options import Options


def batch(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE... DESTINATION", help="Folders and pictures, and the folder to fill."),
    ],
    *,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Only files like this, such as '*.tif'; may be repeated."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="No files or folders like this; may be repeated."),
    ] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="Names that begin with a dot as well.")] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Color again what is colored, and replace whatever is there but photographs."
        ),
    ] = False,
    window: Annotated[
        int, typer.Option(min=1, max=_window.MAX_WINDOW, help="Photographs in work at a time.")
    ] = _window.WINDOW,
    patience: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="How long to wait for a server that is gone or full."),
    ] = 60.0,
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
    """Color whole folders: their trees again in DESTINATION, in color.

    It may be interrupted, even killed: the same command goes on where it was. What the same version has
    colored with the same options is passed over. What fails is listed, with causes, in
    DESTINATION/photochrom-report.csv and .json, and tried again the next time.
    """
    from photochrom import _server
    from photochrom._batch._batch import Batch
    from photochrom._dialogue import find

    if len(paths) < 2:
        raise typer.BadParameter("name a SOURCE and a DESTINATION")
    *sources, destination = paths
    options = Options(model, version, size, saturation, temperature, upsampling)
    report = Report(destination)
    chosen = Filter(include or (), exclude or (), hidden=hidden)

    def note_unreadable(error: PictureError) -> None:
        report.add_failure(error.source, error)
        _console.complain(error)

    items = list(walk(sources, destination, chosen, note_unreadable))
    with _server.connect(target, timeout=timeout, root_certificates=root_certificates) as server:
        found = find(server.models(), options, server.name)
    with (
        photochrom.Colorizer(
            target,
            model=found.model,
            version=found.version,  # one for all, whatever is published meanwhile
            size=size,
            saturation=saturation,
            temperature=temperature,
            upsampling=upsampling,
            timeout=timeout,
            patience=0,  # the batch has its own, which all its calls share
            root_certificates=root_certificates,
        ) as colorizer,
        Batch(
            items,
            destination,
            colorizer,
            options,
            found,
            window=window,
            patience=patience,
            overwrite=overwrite,
        ) as running,
        _stopping_on_signals(running.stop) as stopped,
        progress(len(items), "photographs") as advance,
    ):
        try:
            for result in running.run():
                report.add(result)
                advance()
                if result.state is State.FAILED:
                    _complain(result)
        except Exception as error:
            report.stopped_by = error
            with contextlib.suppress(PictureError):  # this error is told, not what follows from it
                report.write()
            raise
    report.write()
    if as_json:
        _console.say_json(report.as_json())
    else:
        _console.say(_summary(report))
    raise typer.Exit(_status(report, interrupted=bool(stopped)))


def _complain(failed: Result) -> None:
    error = failed.error
    _console.complain(error if isinstance(error, PictureError) else f"{failed.item.source}: {error}")
    if os.environ.get("PHOTOCHROM_DEBUG"):
        traceback.print_exception(error)


def _summary(report: Report) -> str:
    counts = ", ".join(f"{report.counts[state]} {state.value}" for state in State if report.counts[state])
    lines = [f"{report.destination}: {counts or 'nothing to color'}"]
    if report.failed:
        lines.append(f"what failed, and why: {report.destination}/photochrom-report.csv")
    if report.counts[State.LEFT]:
        lines.append("the same command goes on from here")
    return "\n".join(lines)


def _status(report: Report, *, interrupted: bool) -> int:
    if interrupted:
        return _console.INTERRUPTED
    if report.stopped_by is not None:
        _console.complain(str(report.stopped_by))
    if report.stopped_by is not None or report.has_server_trouble:
        return _console.SERVER_TROUBLE
    return _console.BAD_INPUT if report.failed else _console.DONE


@contextlib.contextmanager
def _stopping_on_signals(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Let the first SIGINT or SIGTERM stop the batch in good order, and the next one at once.

    :returns: the signals that came.
    """
    came: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if came:
            os._exit(_console.INTERRUPTED)  # the journal knows what is done
        came.append(number)
        stop()
        _console.complain("finishing what is in work; once more to end at once")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
