"""Who the client is to a server, and whom it trusts: certificates and a token.

A token goes to a server only over TLS, or on this machine: whoever reads it can use it.
"""

import dataclasses
import os
from pathlib import Path
from typing import Final, Self

from photochrom._errors import TargetError
from photochrom._target import Target

TOKEN_VARIABLE: Final = "PHOTOCHROM_TOKEN"  # noqa: S105 a variable's name
CERTIFICATE_VARIABLE: Final = "PHOTOCHROM_CLIENT_CERTIFICATE"

Pem = str | os.PathLike[str] | bytes
"""A file's path, or the bytes."""


@dataclasses.dataclass(frozen=True)
class Identity:
    """What a connection is opened with."""

    root_certificates: bytes | None = None
    """PEM certificates to trust in place of gRPC's own list."""
    certificate: bytes | None = dataclasses.field(default=None, repr=False)
    """PEM: the client's certificate, and its private key."""
    token: str = dataclasses.field(default="", repr=False)

    @classmethod
    def read(
        cls,
        root_certificates: Pem | None = None,
        client_certificate: Pem | None = None,
        token: str | None = None,
    ) -> Self:
        """Read the files; what is not given is the environment's.

        :raises TargetError: if one cannot be read.
        """
        return cls(
            _read(root_certificates),
            _read(client_certificate or os.environ.get(CERTIFICATE_VARIABLE) or None),
            (os.environ.get(TOKEN_VARIABLE, "") if token is None else token).strip(),
        )

    def metadata(self, target: Target) -> tuple[tuple[str, str], ...]:
        """What every call to a server carries.

        :raises TargetError: if a token would go over the network in the clear.
        """
        if not self.token:
            return ()
        if not (target.secure or target.is_here):
            raise TargetError(
                f"{target.text}: a token would go over the network in the clear: name the server with "
                "grpcs:// (TLS)"
            )
        if not (self.token.isascii() and self.token.isprintable()):
            raise TargetError("the token holds characters that none has: is it the whole line of a file?")
        return (("authorization", f"Bearer {self.token}"),)


def _read(pem: Pem | None) -> bytes | None:
    if pem is None or isinstance(pem, bytes):
        return pem
    try:
        return Path(pem).read_bytes()
    except OSError as error:
        raise TargetError(f"{pem}: cannot read the certificates: {error.strerror}") from error
