"""Patience with a server that was there a moment ago: it may be restarting.

gRPC's own retries end within two seconds, and a server takes longer to load its models. A server that
never answered is another matter: its address is wrong, and waiting would only hide that.
"""

import random
import time
from collections.abc import Iterator
from typing import Final

import grpc

PATIENCE: Final = 10.0
"""Seconds: a server with a few models is back by then."""

_FIRST, _LONGEST = 0.1, 2.0  # seconds; gRPC tries to connect again every 2 at most
_CODES: Final = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)  # CANCELLED: it is torn down


def pauses(patience: float) -> Iterator[float]:
    """Seconds to pause before each further try, ever longer and never alike, until patience ends.

    :param patience: in seconds.
    """
    end = time.monotonic() + patience
    pause = _FIRST
    while (left := end - time.monotonic()) > 0:
        yield min(left, pause * random.uniform(0.5, 1.0))  # noqa: S311 spreads callers, guards nothing
        pause = min(2 * pause, _LONGEST)


def is_worth_a_try(status: grpc.RpcError) -> bool:
    """Whether a call failed in the way that calls to a server fail while it restarts."""
    return status.code() in _CODES
