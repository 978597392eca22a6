"""A request's deadline: a moment on the monotonic clock, or none."""

import time

Deadline = float | None
"""Seconds on :func:`time.monotonic`; None never passes."""


def after(seconds: float | None) -> Deadline:
    """The deadline in so many seconds from now; None for no deadline."""
    return None if seconds is None else time.monotonic() + seconds


def earlier(one: Deadline, other: Deadline) -> Deadline:
    """The one of two deadlines that passes first."""
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


def has_passed(deadline: Deadline) -> bool:
    """Whether nobody waits for the answer any more."""
    return deadline is not None and time.monotonic() >= deadline
