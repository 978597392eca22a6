"""The command ``photochrom-serve``."""

import asyncio
import logging
import os
import sys

from photochrom_serving import events, settings
from photochrom_serving.errors import SettingsError, StartupError

_CHECK = "check"
_TOKEN = "token"  # noqa: S105 a command's name
_FAILED = 2


def main(argv: list[str] | None = None) -> int:
    """Serve until told to stop, or with ``check`` as the first argument only check what would be served.

    ``token NAME`` makes an API token: it goes to standard error, its line for the file of tokens to standard
    output, so that ``photochrom-serve token scans >> tokens`` is all there is to do.

    :param argv: the arguments after the command's name; None for the process's own.
    :returns: the exit status: 0 after a drain or if all is well, 1 if no batch ran any more, 2 if the server
        could not start or anything is wrong with its settings or models.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # read at import: its own lines are not events
    argv = sys.argv[1:] if argv is None else argv
    checks = argv[:1] == [_CHECK]
    try:
        if argv[:1] == [_TOKEN]:
            return _make_token(argv[1:])
        chosen = settings.parse(argv[checks:])
        # The server loads slowly; --help and a wrong flag need not wait for it.
        if checks:
            from photochrom_serving.check import check

            return _report(check(chosen))
        events.configure(chosen.log_level)
        from photochrom_serving.process import serve

        status = asyncio.run(serve(chosen))
    except StartupError as error:
        return _report([str(error)])
    # The interpreter's own end would wait for threads that load, decode or look at a disk, now for nobody.
    logging.shutdown()
    os._exit(status)


def _make_token(names: list[str]) -> int:
    from photochrom_serving import tokens

    if len(names) != 1:
        raise SettingsError("token takes a name for the log: photochrom-serve token NAME >> FILE")
    token, line = tokens.make(names[0])
    print(f"The token of {names[0]}, shown this once: {token}", file=sys.stderr)
    print(line)
    return 0


def _report(problems: list[str]) -> int:
    for problem in problems:
        print(f"photochrom-serve: {problem}", file=sys.stderr)
    return _FAILED if problems else 0
