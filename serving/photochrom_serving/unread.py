"""In the place of a request: it has not been read, for its answer is known."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Unread:
    """What a method is given for it."""

    answer: Exception
    """An error, which ends the call."""
