"""TIFFs that are left to Pillow: what keeps its libtiff from making room for far more than the picture.

libtiff decodes whole tiles, of any size. It reads their tags itself, and some that Pillow overlooks, such as
those of types that Pillow does not know. So they are read here as they lie in the file.
"""

from collections.abc import Iterator
from typing import Final

from PIL import TiffImagePlugin

from photochrom_contract.files import directories
from photochrom_contract.files.tiff_segments import is_bounded
from photochrom_contract.unreadable import UnreadableError

_TILE_WIDTH, _TILE_LENGTH = 322, 323
_BYTES: Final = {directories.SHORT: 2, directories.LONG: 4, directories.LONG8: 8}


def refuse_vast(picture: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse the page that a picture is at, if decoding it takes much more memory than it has pixels.

    :raises UnreadableError: if its tiles are vast, or it does not say clearly that they are not.
    """
    if not picture.tile or not picture.use_load_libtiff:
        return  # decoded already, or by Pillow itself, which leaves out what is not of the picture
    sides = list(_sides(picture))
    if not sides:
        return  # it has strips, which libtiff cuts to the picture
    if sorted(code for code, _ in sides) != [_TILE_WIDTH, _TILE_LENGTH] or not all(side for _, side in sides):
        raise UnreadableError("is damaged: it does not say how large its tiles are")
    (_, width), (_, length) = sorted(sides)
    if not is_bounded(width * length, picture.width * picture.height):
        raise UnreadableError(
            f"has tiles of {width} x {length} pixels, far more than the picture, as a decompression bomb does"
        )


def _sides(picture: TiffImagePlugin.TiffImageFile) -> Iterator[tuple[int, int]]:
    """The tags with a tile's size, and what each says; 0 for a value that is not one whole number."""
    assert picture.fp is not None
    for code, kind, count, data in directories.entries(picture.fp, picture.tag_v2.offset):
        if code in (_TILE_WIDTH, _TILE_LENGTH):
            size = _BYTES.get(kind, 0)
            number = data[:size] if count == 1 and size <= len(data) else b""
            yield code, int.from_bytes(number, "little" if picture.tag_v2.prefix == b"II" else "big")
