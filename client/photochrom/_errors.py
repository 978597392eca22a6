"""What can go wrong.

::

    PhotochromError
    ├── PictureError              a photograph cannot be read, or its colored copy cannot be written
    │   └── VideoError            a video cannot be read, or its colored copy cannot be written
    ├── TargetError               there is no server to ask: none named, or its name means nothing
    └── ServerError               a server was asked, and gave no colors
        ├── UnreachableError      nothing that speaks this protocol answers at the target
        ├── BusyError             its queue is full, or it is starting or stopping: try again later
        ├── DeadlineError         no answer within the timeout
        ├── AuthenticationError   it does not let this caller in
        ├── ModelNotFoundError    it has no such model or version
        └── InvalidRequestError   it refuses a value of the request, such as the size

Each message is one line: where, what was wrong, and what to do about it. Each error knows its ``reason``
and, if it is about a photograph, its ``source``; it can be pickled. The names are stable: journals, reports
and ``--json`` write them, too.
"""


class PhotochromError(Exception):
    """The base of every error that Photochrom raises on purpose."""

    reason: str
    """What was wrong, and what to do about it."""
    source: str | None = None
    """The file that it is about, or words for a picture that has none; None if it is about no picture."""


class PictureError(PhotochromError):
    """A photograph cannot be read, or its colored copy cannot be written.

    :param source: the file's path, or words for a picture that has none.
    :param reason: what is wrong with it.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source: str = source
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


class VideoError(PictureError):
    """A video cannot be read, or its colored copy cannot be written."""


class TargetError(PhotochromError):
    """There is no server to ask: none was named, or its name means nothing.

    :param reason: what is wrong, and what to do about it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ServerError(PhotochromError):
    """A server was asked, and gave no colors.

    :param target: the server, as it was named.
    :param reason: what happened, and what to do about it.
    """

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(target, reason)
        self.target = target
        """The server, as it was named."""
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.target}: {self.reason}"


class UnreachableError(ServerError):
    """Nothing that speaks this protocol answers at the target."""


class BusyError(ServerError):
    """The server's queue is full, or it is starting or stopping; all retries were spent."""


class DeadlineError(ServerError):
    """No answer came within the timeout, retries included."""


class AuthenticationError(ServerError):
    """The server does not let this caller in."""


class ModelNotFoundError(ServerError):
    """The server has no such model or version."""


class InvalidRequestError(ServerError):
    """The server refuses a value of the request, such as the size."""
