"""``photochrom serve``."""

import typer

from photochrom import _embedded


def serve(context: typer.Context) -> None:
    """Run a server: photochrom-serve, with its own options."""
    raise typer.Exit(_embedded.serve(context.args))
