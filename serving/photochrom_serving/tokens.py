"""API tokens: a file of their hashes, and how much each may ask for.

::

    # name  SHA-256 of the token                                               limits, rights
    scans   2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae   rate=20 burst=40
    deploy  fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9   control

A token is 256 random bits, so its plain hash tells nothing of it; the file holds no secret.
"""

import dataclasses
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from photochrom_serving import events
from photochrom_serving.errors import RateLimitError, SettingsError, UnauthenticatedError

_PREFIX: Final = "photochrom_"  # by which scanners for leaked secrets know it
_BYTES: Final = 32
_CONTROL: Final = "control"
_SCHEME: Final = "bearer "
_LOOK_SECONDS: Final = 1.0


@dataclasses.dataclass(frozen=True)
class Grant:
    """A line of the file."""

    name: str
    digest: bytes
    rate: float = 0.0
    """Photographs a second; 0: no limit."""
    burst: float = 0.0
    """Photographs at once, after a rest."""
    control: bool = False
    """Whether it may load, unload and label models, where calls may at all."""


class Caller:
    """Who has a token, and how much of its rate is left."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant
        self._left = grant.burst
        self._since = time.monotonic()

    def check(self, photographs: int = 1) -> None:
        """Refuse so many photographs if there is no rate left for them, before any work is put into them.

        :raises RateLimitError: saying when there is.
        """
        grant = self.grant
        if not grant.rate:
            return
        now = time.monotonic()
        self._left = min(grant.burst, self._left + grant.rate * (now - self._since))
        self._since = now
        # As much as there is will do for a request larger than the burst: it pays back afterwards.
        missing = min(photographs, grant.burst) - self._left
        if missing > 0:
            raise RateLimitError(
                f"{grant.name} may send {grant.rate:g} photographs a second, {grant.burst:g} at once; "
                "try again later",
                missing / grant.rate,
            )

    def take(self, photographs: int) -> None:
        """Use up the rate of so many photographs.

        :raises RateLimitError: as :meth:`check` does.
        """
        self.check(photographs)
        self._left -= photographs


class Tokens:
    """The callers that are let in. The file is read again when it changes; a broken one changes nothing."""

    def __init__(self, file: Path) -> None:
        """:raises SettingsError: naming the file and the line, if it does not do."""
        self._file = file
        self._seen = _signature(file)
        self._looked = time.monotonic()
        self._callers = {grant.digest: Caller(grant) for grant in read(file)}

    def authenticate(self, metadata: Mapping[str, Any]) -> Caller:
        """Who sent this metadata.

        :raises UnauthenticatedError: if it has no token of the file.
        """
        self._look()
        given = metadata.get("authorization", "")
        if not given.lower().startswith(_SCHEME):
            raise UnauthenticatedError(
                "send a token: the metadata 'authorization: Bearer TOKEN', or PHOTOCHROM_TOKEN for the client"
            )
        digest = hash_of(given[len(_SCHEME) :].strip())
        found = None
        for known, caller in self._callers.items():  # to the end, and in constant time each
            if hmac.compare_digest(known, digest):
                found = caller
        if found is None:
            raise UnauthenticatedError("this token is not one of the server's")
        return found

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        signature = _signature(self._file)
        if signature == self._seen:
            return
        self._seen = signature
        try:
            grants = read(self._file)
        except SettingsError as error:
            events.error("tokens_refused", problem=str(error), advice="those known before are still let in")
            return
        before = self._callers
        self._callers = {
            grant.digest: before[grant.digest]
            if grant.digest in before and before[grant.digest].grant == grant
            else Caller(grant)
            for grant in grants
        }
        events.info("tokens_read", tokens=len(grants))


def make(name: str) -> tuple[str, str]:
    """A new token, and its line for the file.

    :raises SettingsError: if the name is none.
    """
    if name.startswith(("#", "-")):
        raise SettingsError(f"the name: must not begin as a comment or a flag does: {name!r}")
    token = _PREFIX + secrets.token_urlsafe(_BYTES)
    line = f"{name} {hash_of(token).hex()}"
    _parse(line, "the name")
    return token, line


def hash_of(token: str) -> bytes:
    """The SHA-256 of a token."""
    return hashlib.sha256(token.encode()).digest()


def read(file: Path) -> list[Grant]:
    """The lines of a file of tokens.

    :raises SettingsError: naming the file and the line, and nothing of what is in it.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"{file}: the tokens cannot be read: {reason}") from error
    grants = [
        _parse(line, f"{file}:{number}")
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if len({grant.name for grant in grants}) < len(grants):
        raise SettingsError(f"{file}: a name has more than one line; give each token a name of its own")
    if len({grant.digest for grant in grants}) < len(grants):
        raise SettingsError(f"{file}: a token has more than one line; which of them holds, nothing says")
    return grants


def _parse(line: str, where: str) -> Grant:
    expected = "expected NAME SHA256 [rate=PHOTOGRAPHS_A_SECOND [burst=PHOTOGRAPHS]] [control]"
    try:
        name, digest, *words = line.split()
        control = _CONTROL in words
        given = dict(word.split("=") for word in words if word != _CONTROL)
        is_repeated = len(given) + control < len(words)
        rate = float(given.pop("rate", 0))
        if is_repeated or ("burst" in given and not rate):  # a burst alone limits nothing
            raise ValueError(words)
        burst = float(given.pop("burst", max(1.0, rate)))
        grant = Grant(name, bytes.fromhex(digest), rate, burst, control)
    except ValueError:
        raise SettingsError(f"{where}: {expected}") from None
    if given or len(grant.digest) != hashlib.sha256().digest_size or not name.isprintable():
        raise SettingsError(f"{where}: {expected}")
    if not (0 <= rate < float("inf") and 1 <= burst < float("inf")):
        raise SettingsError(f"{where}: the rate must be 0 or more, the burst 1 or more")
    return grant


def _signature(file: Path) -> tuple[int, ...]:
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns
