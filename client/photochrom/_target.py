"""Where a server is: the text that people write, and what gRPC makes of it.

=======================  ==========================================
``host:port``            plaintext
``grpc://host:port``     the same
``grpcs://host:port``    TLS
``unix:/path``           a Unix domain socket, plaintext
=======================  ==========================================
"""

import dataclasses
import re
from typing import Self

from photochrom._errors import TargetError

VARIABLE = "PHOTOCHROM_TARGET"
"""The environment variable that names the server when the caller does not."""

_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):(\d{1,5})")
_HERE = re.compile(r"unix:.*|localhost:\d+|127(\.\d+){3}:\d+|\[::1\]:\d+")
_FORMS = "write host:port, grpc://host:port, grpcs://host:port (TLS) or unix:/path"


@dataclasses.dataclass(frozen=True)
class Target:
    """A server's address."""

    text: str
    """As it was written: what messages show."""
    address: str
    """In gRPC's own naming syntax."""
    secure: bool
    """Whether to speak TLS."""

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, whatever the network is."""
        return _HERE.fullmatch(self.address) is not None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a target.

        :raises TargetError: for text in none of the forms above.
        """
        if text.startswith("unix:") and len(text) > len("unix:"):
            return cls(text, text, secure=False)
        scheme, separator, address = text.rpartition("://")
        if separator and scheme not in ("grpc", "grpcs"):
            raise TargetError(f"{text}: {scheme}:// does not reach a server: {_FORMS}")
        match = _HOST_AND_PORT.fullmatch(address)
        if match is None or not 1 <= int(match[2]) <= 65535:
            raise TargetError(
                f"{text!r} is not a server's address: {_FORMS}; photochrom-serve uses port 8500"
            )
        return cls(text, address, secure=scheme == "grpcs")
