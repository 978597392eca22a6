"""The address to listen on: how it is written, and why it cannot be listened on."""

import errno
import socket

_ADVICE = {
    errno.EADDRINUSE: "the port is taken; choose another with --port",
    errno.EADDRNOTAVAIL: "the address is not this machine's; choose another with --host",
    errno.EACCES: "this user may not listen on it; choose a port from 1024 up with --port",
}


def address(host: str, port: int) -> str:
    """``host:port``, with the brackets that an IPv6 address needs before its port."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def problem(address: str, prefix: str = "") -> str:
    """Why ``host:port`` cannot be listened on, and what to do.

    gRPC says only that it cannot, so this asks the system again.

    :param prefix: of the flags ``--PREFIXhost`` and ``--PREFIXport`` that set it.
    """
    return _problem(address).replace("--", f"--{prefix}")


def _problem(address: str) -> str:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        places = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):  # the latter for what cannot be a name at all
        return f"no address is known for {host!r}; choose another with --host"
    for family, kind, protocol, _, place in places:
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.bind(place)
        except OSError as error:
            advice = f"{error.strerror}; choose others with --port and --host"
            return _ADVICE.get(error.errno or 0, advice)
    return "something else had the port at that moment; try again, or choose another with --port"
