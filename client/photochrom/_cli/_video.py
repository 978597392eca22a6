"""``photochrom video``."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

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


def video(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A video file.")],
    destination: Annotated[
        Path, typer.Argument(metavar="OUT", help="Where to write: .mp4, .m4v, .mov, .mkv or .webm.")
    ],
    *,
    codec: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="h264, hevc, av1, vp9, vp8, ffv1, prores or mjpeg; empty: as in IN, or else H.264 "
            "(in .webm, VP9).",
        ),
    ] = "",
    crf: Annotated[
        int | None, typer.Option(help="Quality in the encoder's measure, lower is better.")
    ] = None,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Go on after damage in IN, and say where it was.")
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
    """Color a video, and print the file written.

    Sound, subtitles and metadata are copied. An OUT that exists is replaced. Interrupted, the same
    command goes on where it was.
    """
    try:
        with (
            photochrom.Colorizer(
                target,
                model=model,
                version=version,
                size=size,
                saturation=saturation,
                temperature=temperature,
                upsampling=upsampling,
                timeout=timeout,
                root_certificates=root_certificates,
            ) as colorizer,
            _progress(source) as progress,
        ):
            colored = colorizer.colorize_video(
                source, destination, codec=codec, crf=crf, salvage=salvage, progress=progress
            )
    except KeyboardInterrupt:
        _console.complain(f"{source}: interrupted: the same command goes on where it was")
        raise typer.Exit(_console.INTERRUPTED) from None
    if as_json:
        _console.say_json({**dataclasses.asdict(colored), "path": str(colored.path)})
        return
    for note in colored.notes:
        _console.complain(f"{source}: {note}")
    _console.say(colored.path)


@contextlib.contextmanager
def _progress(source: Path) -> Iterator[Callable[[photochrom.VideoProgress], None] | None]:
    """A bar with the rate and the time that is left, if somebody watches."""
    if not _console.is_watched():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[frames]} frames, {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(source.name, total=None, frames=0, rate="")
        first: photochrom.VideoProgress | None = None

        def show(state: photochrom.VideoProgress) -> None:
            nonlocal first
            if first is None:
                first = state
            elapsed = bar.tasks[0].elapsed or 0
            rate = f"{(state.frames - first.frames) / elapsed:.1f} a second" if elapsed > 1 else ""
            bar.update(task, completed=state.seconds, total=state.duration, frames=state.frames, rate=rate)

        yield show
