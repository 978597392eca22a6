"""The command ``photochrom-serve``."""

import asyncio
import os
import sys

from photochrom_serving import events, settings
from photochrom_serving.errors import StartupError

_FAILED = 2


def main(argv: list[str] | None = None) -> int:
    """Serve until told to stop; the exit status: 0 after a drain, 2 if the server could not start.

    :param argv: the arguments after the command's name; None for the process's own.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # read at import: its own lines are not events
    try:
        chosen = settings.parse(sys.argv[1:] if argv is None else argv)
        events.configure(chosen.log_level)
        # The server loads slowly; --help and a wrong flag need not wait for it.
        from photochrom_serving.server import serve

        asyncio.run(serve(chosen))
    except StartupError as error:
        print(f"photochrom-serve: {error}", file=sys.stderr)
        return _FAILED
    return 0
