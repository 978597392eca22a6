"""Why a picture file cannot be read, whatever its decoder stumbled over."""

import contextlib
from collections.abc import Iterator

from PIL import Image, UnidentifiedImageError


class UnreadableError(ValueError):
    """A file is no picture, is damaged or is too large; the message says which, as words after its name."""


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Raise whatever a decoder lets out in the block as an :class:`UnreadableError`.

    Decoders let out what they meet: SyntaxError, struct.error, KeyError and more.
    """
    try:
        yield
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError(_reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "is not a picture in a format that can be read"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        # Pillow warns above its limit, and refuses above twice that.
        limit = (Image.MAX_IMAGE_PIXELS or 0) * (1 if isinstance(error, Warning) else 2) / 1e6
        return (
            f"has more than {limit:.0f} megapixels, as a decompression bomb does: reduce it first "
            "(in Python, PIL.Image.MAX_IMAGE_PIXELS raises the limit)"
        )
    if isinstance(error, PermissionError):
        return "may not be read: check its permissions"
    if isinstance(error, MemoryError):
        return "takes more memory than there is"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"is damaged: {' '.join(reason.split()) or type(error).__name__}"
