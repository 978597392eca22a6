"""What a file says of its colors."""

import io
import os
from typing import BinaryIO

from photochrom._errors import PictureError
from photochrom._photographs import check_is_file, name_of
from photochrom_contract.files import heif, provenance
from photochrom_contract.files.provenance import Provenance
from photochrom_contract.unreadable import UnreadableError


def read_provenance(photograph: str | os.PathLike[str] | bytes | BinaryIO) -> Provenance | None:
    """Which model invented a file's colors, and with what software; None if it does not say so.

    >>> from photochrom import Colorizer, read_provenance
    >>> with Colorizer() as colorizer:
    ...     written = colorizer.colorize_file("astronaut.jpg", "astronaut-color.jpg")
    >>> read_provenance("astronaut-color.jpg") == written
    True
    >>> read_provenance("astronaut.jpg") is None
    True

    :param photograph: a file's path, an encoded picture (bytes, or an open binary file); its pixels are
        not decoded.
    :raises PictureError: if there is no picture in it.
    """
    name = name_of(photograph)
    check_is_file(photograph)
    heif.register()
    try:
        if isinstance(photograph, bytes):
            return provenance.read(io.BytesIO(photograph))
        return provenance.read(os.fspath(photograph) if isinstance(photograph, os.PathLike) else photograph)
    except UnreadableError as error:
        raise PictureError(name, str(error)) from error
