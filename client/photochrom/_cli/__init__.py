"""The ``photochrom`` command. Exit status: 0 done, 2 a bad picture or option, 3 trouble with the server."""

import os
import signal
import sys
import warnings


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit status.

    :param arguments: without the program's name; those of the process if there are none.
    """
    # A failure is one line, ours: gRPC would log every handshake, and Pillow warn of every odd tag.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    warnings.filterwarnings("ignore", module="PIL")
    if arguments is None:  # the process is ours; what it has begun to write goes, however it is interrupted
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    from photochrom._cli import _app  # gRPC reads its verbosity when it is imported

    return _app.run(sys.argv[1:] if arguments is None else arguments)
