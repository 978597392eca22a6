"""TIFFs that no encoder writes."""

import io
import itertools
import struct
import zlib
from typing import Any

import imagecodecs
from PIL import Image

SIDE = 8192
"""Of what is packed into pictures of 64 x 64 pixels."""

_ZEROS = bytes(SIDE * SIDE)
Tags = dict[int, tuple[int, list[int]]]
_FORMS = {3: "H", 4: "L", 17: "q"}

DEFLATED = zlib.compress(_ZEROS)
_LZW = bytes(imagecodecs.lzw_encode(_ZEROS))
_ZSTD = bytes(imagecodecs.zstd_encode(_ZEROS))
_PACKBITS = b"\x81\0" * (SIDE * SIDE // 128)
PALETTE: Tags = {262: (3, [3]), 320: (3, [0x5555] * 768)}
"""What makes a picture one that is left to Pillow."""


def _encoded(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4096, 4096)).save(file, kind, **options)
    return file.getvalue()


def made(compression: int, tags: Tags, *segments: bytes, tiled: bool = False) -> bytes:
    """A grey TIFF of 64 x 64 pixels, in strips unless it is said to be tiled."""
    entries: Tags = {256: (3, [64]), 257: (3, [64]), 258: (3, [8]), 262: (3, [1])}
    entries |= {259: (3, [compression]), 277: (3, [1]), **tags}
    start = 8 + 2 + 12 * (len(entries) + 2) + 4
    ends = [start, *(start + end for end in itertools.accumulate(map(len, segments)))]
    entries |= {324 if tiled else 273: (4, ends[:-1]), 325 if tiled else 279: (4, [*map(len, segments)])}
    directory, values = struct.pack("<2sHLH", b"II", 42, 8, len(entries)), b""
    for code, (kind, numbers) in sorted(entries.items()):
        data = struct.pack(f"<{len(numbers)}{_FORMS[kind]}", *numbers)
        if len(data) > 4:
            values, data = values + data, struct.pack("<L", ends[-1] + len(values))
        directory += struct.pack("<HHL4s", code, kind, len(numbers), data)
    return directory + bytes(4) + b"".join(segments) + values


def _pages(count: int, strips: int) -> bytes:
    """A column of pixels, a strip for each, on many pages that name the same places."""
    places = 8 + strips
    body = bytes(strips) + struct.pack("<L", 8) * strips + struct.pack("<L", 1) * strips
    entries = {
        256: 1,
        257: strips,
        258: 8,
        259: 1,
        262: 1,
        273: places,
        277: 1,
        278: 1,
        279: places + 4 * strips,
    }
    length = 2 + 12 * len(entries) + 4
    file = struct.pack("<2sHL", b"II", 42, 8 + len(body)) + body
    for number in range(1, count + 1):
        file += struct.pack("<H", len(entries))
        for code, value in entries.items():
            file += struct.pack("<HHLL", code, 4, strips if code in (273, 279) else 1, value)
        file += struct.pack("<L", 8 + len(body) + number * length if number < count else 0)
    return file


def tiled(compression: int, segment: bytes, side: int, kind: int = 4, tags: Tags | None = None) -> bytes:
    """In one tile."""
    size = {322: (kind, [side]), 323: (kind, [side])}
    return made(compression, size | (tags or {}), segment, tiled=True)


_RGB: Tags = {258: (3, [8, 8, 8]), 262: (3, [2]), 277: (3, [3])}

REFUSED = {
    "strip, deflate": (made(8, {}, DEFLATED), "holds more than its pixels"),
    "strip, old deflate": (made(32946, {}, DEFLATED), "holds more than its pixels"),
    "strip, predictor": (made(8, {317: (3, [2])}, DEFLATED), "holds more than its pixels"),
    "tile of a usual size": (tiled(8, DEFLATED, 256), "holds more than its pixels"),
    "vast tile": (tiled(8, DEFLATED, SIDE), "tiles of 8192 x 8192 pixels, far more than the picture"),
    "vast tile, palette": (tiled(8, DEFLATED, SIDE, tags=PALETTE), "tiles of 8192 x 8192"),
    "vast tile, LZW": (tiled(5, _LZW, SIDE), "tiles of 8192 x 8192"),
    "vast tile, PackBits": (tiled(32773, _PACKBITS, SIDE), "tiles of 8192 x 8192"),
    "vast tile, zstd": (tiled(50000, _ZSTD, SIDE), "tiles of 8192 x 8192"),
    "vast tile of a type that Pillow does not know": (
        tiled(8, DEFLATED, SIDE, 17, tags=PALETTE),
        "does not say how large its tiles are",
    ),
    "JPEG of another size": (made(7, _RGB, _encoded("JPEG")), "is damaged"),
    "progressive JPEG of another size": (made(7, _RGB, _encoded("JPEG", progressive=True)), "is damaged"),
    "WebP of another size": (made(50001, _RGB, _encoded("WEBP", method=0)), "is damaged"),
}
"""Files whose pixels take up far more room than their pictures', and why they are refused."""

REFUSED["many pages of one long list of strips"] = (
    _pages(100, 100_000),
    "more strips or tiles than it has bytes",
)

CUT = {
    "strip, PackBits": made(32773, {}, _PACKBITS),
    "strip, zstd": made(50000, {}, _ZSTD),
    "strip, palette": made(8, PALETTE, DEFLATED),
    "strip of 2 ** 32 - 1 rows, palette": made(8, PALETTE | {278: (4, [2**32 - 1])}, DEFLATED),
}
"""Such of which libtiff reads the beginning: the picture."""

LZW_STRIP = made(5, {}, _LZW)
"""One that is refused, or, without imagecodecs, cut."""
