"""What can go wrong, as a user should read it.

::

    ExportError            exit status
    ├── InputError         2            what was given cannot be exported
    ├── ConversionError    1            the graph could not be converted
    ├── ParityError        1            the ONNX graph does not compute what the SavedModel does
    └── PublishingError    1            the version could not be written
"""

from typing import ClassVar


class ExportError(Exception):
    """The root; its message is one or a few lines that say what was wrong, where, and what to do."""

    status: ClassVar[int] = 1


class InputError(ExportError):
    """A SavedModel, photograph, card or option that cannot be used."""

    status = 2


class ConversionError(ExportError):
    """TensorFlow's graph has no faithful ONNX form."""


class ParityError(ExportError):
    """The ONNX graph answers differently from the SavedModel."""


class PublishingError(ExportError):
    """The repository did not take the version."""
