"""What can go wrong, in the server's own terms; ``status`` alone turns it into gRPC codes.

::

    ServingError
    ├── StartupError            the server cannot start
    │   ├── SettingsError       a setting is wrong
    │   ├── RepositoryError     a model version is not what it should be
    │   └── ProviderError       the execution provider asked for is not there
    └── RequestError            a request cannot be answered
        ├── InvalidFieldError   a field is out of range
        ├── NotFoundError       no such model or version
        │   └── UnknownLabelError   no such label
        ├── NotReadyError       the version is not loaded yet
        ├── ModelControlError   the models cannot be changed in this way
        ├── UnsupportedError    it asks for what no Photochrom server does
        ├── UnauthenticatedError    it has no token, or an unknown one
        ├── ForbiddenError      its caller may not do that
        ├── RateLimitError      its caller's rate is used up
        ├── QueueFullError      too many photographs wait
        ├── ExpiredError        its deadline passed
        ├── DrainingError       the server is stopping
        └── PredictionError     the model failed

Every message says what was wrong, where, and what to do; it is shown to people as it is.
"""


class ServingError(Exception):
    """The root of the tree."""


class StartupError(ServingError):
    """The server cannot start."""


class SettingsError(StartupError):
    """A setting is wrong; the message names it."""


class RepositoryError(StartupError):
    """A model repository or version is not what it should be; the message names the file."""


class ProviderError(StartupError):
    """The execution provider asked for is not there; the message says how to install it."""


class RequestError(ServingError):
    """A request cannot be answered."""


class InvalidFieldError(RequestError):
    """A field of the request is out of range."""

    def __init__(self, field: str, message: str) -> None:
        """:param field: the field's path in the request, such as ``lightness.data``."""
        super().__init__(f"{field}: {message}")
        self.field = field


class NotFoundError(RequestError):
    """No such model or version; the message lists those there are."""

    def __init__(self, resource: str, message: str) -> None:
        """:param resource: what was asked for, such as ``photochrom`` or ``photochrom/3``."""
        super().__init__(message)
        self.resource = resource


class UnknownLabelError(NotFoundError):
    """No version of the model has this label; the message lists the labels there are."""


class NotReadyError(RequestError):
    """What is meant is not loaded yet; it is worth trying again."""


class ModelControlError(RequestError):
    """Models cannot be loaded, unloaded or labelled in this way as things are; the message says why."""


class UnsupportedError(RequestError):
    """It asks for a part of its protocol that a Photochrom server does not have."""


class UnauthenticatedError(RequestError):
    """The call has no token, or one that the server does not know."""


class ForbiddenError(RequestError):
    """The caller may not do that; the message says how it could."""


class RateLimitError(RequestError):
    """The caller has used up its rate."""

    def __init__(self, message: str, retry_seconds: float) -> None:
        """:param retry_seconds: when there is enough of it again."""
        super().__init__(message)
        self.retry_seconds = retry_seconds


class QueueFullError(RequestError):
    """As many photographs wait as the server lets wait."""

    def __init__(self, message: str, retry_seconds: float) -> None:
        """:param retry_seconds: when it makes sense to come back."""
        super().__init__(message)
        self.retry_seconds = retry_seconds


class ExpiredError(RequestError):
    """The request's deadline passed before its batch formed."""


class DrainingError(RequestError):
    """The server is stopping and takes no new photographs."""


class PredictionError(RequestError):
    """The model failed on a batch; the log says how."""
