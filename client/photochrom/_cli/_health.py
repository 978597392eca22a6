"""``photochrom health``."""

import typer

from photochrom._cli import _console
from photochrom._cli._parameters import Json, RootCertificates, Target, Timeout


def health(
    target: Target = None,
    timeout: Timeout = 5.0,
    root_certificates: RootCertificates = None,
    as_json: Json = False,
) -> None:
    """Ask the server whether it takes requests.

    Exit status 0 if it does, otherwise 3.
    """
    from photochrom import _server

    with _server.connect(target, timeout=timeout, root_certificates=root_certificates) as server:
        healthy = server.is_healthy()
    if as_json:
        _console.say_json({"target": server.name, "serving": healthy}, indent=None)
    else:
        _console.say(f"{server.name}: {'serving' if healthy else 'not serving'}")
    raise typer.Exit(_console.DONE if healthy else _console.SERVER_TROUBLE)
