"""The commands together, and what becomes of an error that ends one."""

import os
from typing import Annotated

import typer

import photochrom
from photochrom._cli import _batch, _colorize, _console, _doctor, _health, _inspect, _models, _serve, _video
from photochrom._errors import PhotochromError

app = typer.Typer(
    epilog="Exit status: 0 done; 2 a bad picture or option; 3 trouble with the server, "
    "an unknown model or size included.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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


app.command()(_colorize.colorize)
app.command()(_batch.batch)
app.command()(_video.video)
app.command()(_inspect.inspect)
app.command()(_models.models)
app.command()(_health.health)
app.command()(_doctor.doctor)
app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)(_serve.serve)


def run(arguments: list[str]) -> int:
    """Run the command that ``arguments`` name; its exit status."""
    try:
        app(arguments, prog_name="photochrom")
    except PhotochromError as error:
        _console.complain(error)
        return _console.status_of(error)
    except SystemExit as end:  # how typer returns a status
        return end.code if isinstance(end.code, int) else 1
    except BrokenPipeError:  # whoever read our output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or the interpreter fails to flush at its end
        return 1
    except Exception as error:
        if os.environ.get("PHOTOCHROM_DEBUG"):
            raise
        kind = type(error).__name__
        _console.complain(
            f"a mistake in photochrom itself, {kind} ({' '.join(str(error).split())}): "
            "please report it, with what PHOTOCHROM_DEBUG=1 in the environment shows"
        )
        return 1
    return _console.DONE
