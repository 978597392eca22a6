"""The XMP box of a JP2 file, which no encoder at hand writes.

ISO/IEC 15444-1, annex I: a file is a row of boxes, and a reader skips those it does not know. XMP's is a
UUID box (XMP specification, part 3, 1.1.4).
"""

from typing import IO, Any, Final

_XMP_BOX: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_MAX_PACKET: Final = 1 << 24


def write_xmp(file: IO[bytes], packet: bytes) -> None:
    """Append a packet to a JP2 file that is whole."""
    body = b"uuid" + _XMP_BOX + packet
    file.seek(0, 2)
    file.write((len(body) + 4).to_bytes(4) + body)


def read_xmp(file: IO[Any] | None) -> bytes:
    """The packet of a JP2 file, if it has one."""
    if file is None:
        return b""
    end = file.seek(0, 2)
    position = 0
    while position + 8 <= end:
        file.seek(position)
        size, kind, header = int.from_bytes(file.read(4)), file.read(4), 8
        if size == 1:
            size, header = int.from_bytes(file.read(8)), 16
        if size == 0:
            size = end - position
        if size < header:
            break
        if kind == b"uuid" and file.read(16) == _XMP_BOX:
            return bytes(file.read(min(size - header - 16, _MAX_PACKET)))
        position += size
    return b""
