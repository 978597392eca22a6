"""The command as a person sees it: on a terminal."""

import os
import pty
import subprocess
import sys


def shown_on_a_terminal(*arguments: str, **environment: str) -> str:
    """What the command writes to a terminal as its standard error, and its standard output if that is one."""
    outer, inner = pty.openpty()
    with (
        os.fdopen(outer, "rb") as terminal,
        subprocess.Popen(
            [sys.executable, "-m", "photochrom", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=inner,
            stderr=inner,
            env={**os.environ, "TERM": "xterm-256color", **environment},
        ),
    ):
        os.close(inner)
        shown = b""
        try:
            while piece := os.read(terminal.fileno(), 65536):
                shown += piece
        except OSError:  # how a terminal ends when nobody writes to it any more
            pass
    return shown.decode()
