"""Directories of tags, as TIFF has them and EXIF took over: a value's bytes are copied, whatever they are.

Pillow decodes values and encodes them again: text in ASCII, types by guess, and what is damaged raises.

Sources: TIFF 6.0, section 2; Exif 2.32, 4.6.2; libtiff's BigTIFF.
"""

import dataclasses
import io
import itertools
import struct
from collections.abc import Container, Iterator
from fractions import Fraction
from typing import Final, Protocol

import numpy as np

EXIF, GPS, INTEROP = 0x8769, 0x8825, 0xA005
"""The tags whose value is the place of another directory."""

_INNER: Final = {0: (EXIF, GPS), EXIF: (INTEROP,)}
"""Those of a directory that lies in another under a tag; 0 for the outermost."""

XMP, IPTC, PHOTOSHOP = OPAQUE = (700, 33723, 34377)
"""The tags of an XMP packet, IPTC's records and Photoshop's image resources: bytes, whatever their type."""

BYTE, TEXT, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7
FRACTIONS: Final = (RATIONAL, 10)
"""The types of two numbers, unsigned and signed."""
LONG8, _UTF8 = 16, 129
_PLACES: Final = (13, 18)
"""The types IFD and IFD8: places in the file that was read."""

_SIZES: Final = dict(zip(range(1, 14), (1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), strict=True)) | {
    LONG8: 8,
    18: 8,
    _UTF8: 1,
}
"""Bytes of a value, by its type."""

_HEADER: Final = b"Exif\0\0"
_MAX_TAGS: Final = 4096
_MAX_BYTES: Final = 1 << 26
"""Of all values in a file; more is no metadata."""


class File(Protocol):
    """What of an open file is needed here: Pillow's and tifffile's have it."""

    def read(self, size: int, /) -> bytes: ...

    def seek(self, place: int, whence: int = 0, /) -> int: ...


@dataclasses.dataclass(frozen=True)
class Tag:
    """A tag's values."""

    kind: int
    """TIFF's type of them."""
    data: bytes
    """They themselves, little-endian."""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.data) // _SIZES[self.kind]

    @classmethod
    def short(cls, value: int) -> "Tag":
        """One number of 16 bits."""
        return cls(SHORT, struct.pack("<H", value))

    @classmethod
    def text(cls, value: str) -> "Tag":
        """Text in UTF-8, which is ASCII's own where TIFF has a word for it."""
        return cls(TEXT, value.encode() + b"\0")

    @classmethod
    def rational(cls, value: float) -> "Tag":
        """One fraction."""
        fraction = Fraction(value).limit_denominator(10_000)
        return cls(RATIONAL, struct.pack("<LL", fraction.numerator, fraction.denominator))

    def numbers(self) -> tuple[float, ...]:
        """The values of whole numbers and fractions without a sign; none of other types, and 0 for x / 0."""
        if self.kind in (SHORT, LONG):
            return struct.unpack(f"<{self.count}{'H' if self.kind == SHORT else 'L'}", self.data)
        if self.kind != RATIONAL:
            return ()
        return tuple(above / below if below else 0.0 for above, below in struct.iter_unpack("<LL", self.data))


@dataclasses.dataclass
class Directory:
    """Tags by their number, and the directories that lie in it under others."""

    tags: dict[int, Tag] = dataclasses.field(default_factory=dict)
    inner: dict[int, "Directory"] = dataclasses.field(default_factory=dict)
    order: str = dataclasses.field(default="<", compare=False)
    """Of the bytes it was read from; a maker's note and text in Unicode may have no other sign of theirs."""

    def __bool__(self) -> bool:
        return bool(self.tags or self.inner)

    def everywhere(self) -> Iterator["Directory"]:
        """It and all that lie in it."""
        yield self
        for inner in self.inner.values():
            yield from inner.everywhere()


def parse(block: bytes) -> Directory:
    """Of an EXIF block: a TIFF stream, with or without the header ``Exif``."""
    while block.startswith(_HEADER):  # twice, by some programs
        block = block.removeprefix(_HEADER)
    return read(io.BytesIO(block), None)


def read(file: File, place: int | None, left_out: Container[int] = ()) -> Directory:
    """Of a TIFF file; what is damaged, or of no type that TIFF has, is left out.

    :param place: of the directory in the file; None for the first.
    :param left_out: tags that are not read.
    """
    reader = _Reader.of(file)
    return reader.directory(reader.first if place is None else place, 0, left_out) if reader else Directory()


def entries(file: File, place: int) -> Iterator[tuple[int, int, int, bytes]]:
    """What a directory holds, as it lies in a TIFF file, of types that nobody knows too, and repeated.

    :returns: each tag, its type, how many values it has, and the room for them, or for their place: 4 or 8
        bytes in the file's order.
    """
    reader = _Reader.of(file)
    return reader.entries(place) if reader else iter(())


def block(directory: Directory) -> bytes:
    """The inverse of :func:`parse`; empty if there are no tags."""
    if not directory:
        return b""
    order = directory.order
    header = struct.pack(f"{order}2sHL", b"II" if order == "<" else b"MM", 42, 8)
    return _HEADER + header + written(directory, 8, order)


def written(directory: Directory, place: int, order: str, *, big: bool = False) -> bytes:
    """A directory for an even place in a file, and behind it its values and inner ones.

    :param order: of the file's bytes.
    :param big: for a BigTIFF.
    """
    count, entry, pointer = _forms(order, big)
    codes = sorted({*directory.tags, *directory.inner})
    table, values = count.pack(len(codes)), bytearray()
    start = place + count.size + len(codes) * entry.size + pointer.size
    for code in codes:
        here = start + len(values)
        if code in directory.inner:
            table += entry.pack(code, LONG8 if big else LONG, 1, pointer.pack(here))
            values += written(directory.inner[code], here, order, big=big)
            continue
        tag = directory.tags[code]
        data = _turned(tag.kind, tag.data, order)
        if len(data) > pointer.size:
            values += data + b"\0" * (len(data) % 2)
            data = pointer.pack(here)
        table += entry.pack(code, tag.kind, tag.count, data)
    return table + pointer.pack(0) + values


class _Reader:
    """Reads the directories of a file, and no more of them than they should have."""

    def __init__(self, file: File, order: str, is_big: bool, first: int) -> None:
        self._file, self._order = file, order
        self._forms = _forms(order, is_big)
        self.first = first
        self._end = file.seek(0, 2)
        self._room = min(self._end, _MAX_BYTES)

    @classmethod
    def of(cls, file: File) -> "_Reader | None":
        """None if the file is no TIFF."""
        file.seek(0)
        head = file.read(16)
        if head[:2] not in (b"II", b"MM") or len(head) < 8:
            return None
        order = "<" if head[:2] == b"II" else ">"
        is_big = struct.unpack_from(f"{order}H", head, 2)[0] == 43
        (first,) = (
            struct.unpack(f"{order}Q", head[8:].ljust(8, b"\0"))
            if is_big
            else struct.unpack_from(f"{order}L", head, 4)
        )
        return cls(file, order, is_big, first)

    def entries(self, place: int) -> Iterator[tuple[int, int, int, bytes]]:
        count, entry, _ = self._forms
        first = self._bytes(place, count.size)
        for index in range(count.unpack(first)[0] if len(first) == count.size else 0):
            content = self._bytes(place + count.size + index * entry.size, entry.size)
            if len(content) < entry.size:
                return
            yield entry.unpack(content)

    def directory(self, place: int, code: int, left_out: Container[int] = ()) -> Directory:
        pointer = self._forms[2]
        found = Directory(order=self._order)
        for number, kind, values, room in itertools.islice(self.entries(place), _MAX_TAGS):
            size = values * _SIZES.get(kind, 0)
            if not size or number in left_out or number in found.tags:
                continue
            data = room if size <= len(room) else self._value(pointer.unpack(room)[0], size)
            if len(data) < size:
                continue
            tag = Tag(BYTE, data[:size]) if number in OPAQUE else self._tag(kind, data[:size])
            if number in _INNER.get(code, ()):
                inner = self.directory(int.from_bytes(tag.data, "little"), number)
                if inner:
                    found.inner[number] = inner
            elif kind not in _PLACES and tag.kind != LONG8:
                found.tags[number] = tag
        return found

    def _tag(self, kind: int, data: bytes) -> Tag:
        """A tag of a type that every reader knows, where one can say the same."""
        values = _turned(kind, data, self._order)
        if kind == LONG8 and np.frombuffer(values, "<u8").max() < 1 << 32:
            return Tag(LONG, np.frombuffer(values, "<u8").astype("<u4").tobytes())
        return Tag(TEXT if kind == _UTF8 else kind, values)

    def _value(self, place: int, size: int) -> bytes:
        if size > self._room:
            return b""
        self._room -= size
        return self._bytes(place, size)

    def _bytes(self, place: int, size: int) -> bytes:
        if place + size > self._end:
            return b""
        self._file.seek(place)
        return self._file.read(size)


def _turned(kind: int, data: bytes, order: str) -> bytes:
    """Values of a type from an order of bytes to little-endian, or the other way."""
    unit = _SIZES[kind] // (2 if kind in FRACTIONS else 1)
    return data if order == "<" else np.frombuffer(data, f"u{unit}").byteswap().tobytes()


def _forms(order: str, is_big: bool) -> tuple[struct.Struct, struct.Struct, struct.Struct]:
    """How many tags, a tag, and a place or what fits into its room."""
    kinds = ("Q", "HHQ8s", "Q") if is_big else ("H", "HHL4s", "L")
    count, entry, pointer = (struct.Struct(order + kind) for kind in kinds)
    return count, entry, pointer
