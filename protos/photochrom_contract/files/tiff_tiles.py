"""TIFFs that are left to Pillow: what keeps its libtiff from making room for far more than the picture.

libtiff decodes whole tiles, of any size. It reads their tags itself, and some that Pillow overlooks, such as
those of types that Pillow does not know. So they are read here as they lie in the file.
"""

import struct
from collections.abc import Iterator
from typing import Final

from PIL import TiffImagePlugin

from photochrom_contract.files.tiff_segments import is_bounded
from photochrom_contract.files.unreadable import UnreadableError

_TILE_WIDTH, _TILE_LENGTH = 322, 323
_BIG: Final = 43
_KINDS: Final = {3: "H", 4: "L", 16: "Q"}


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
    file = picture.fp
    assert file is not None
    file.seek(0)
    header = file.read(4)
    order = "<" if header[:2] == b"II" else ">"
    is_big = struct.unpack(f"{order}2xH", header)[0] == _BIG
    count = struct.Struct(f"{order}{'Q' if is_big else 'H'}")
    entry = struct.Struct(f"{order}{'HHQ8s' if is_big else 'HHL4s'}")
    file.seek(picture.tag_v2.offset)
    (entries,) = count.unpack(file.read(count.size))
    for _ in range(entries):
        code, kind, values, data = entry.unpack(file.read(entry.size))
        if code in (_TILE_WIDTH, _TILE_LENGTH):
            value = struct.Struct(f"{order}{_KINDS.get(kind, '0s')}")
            is_number = kind in _KINDS and values == 1 and value.size <= len(data)
            yield code, value.unpack_from(data)[0] if is_number else 0
