"""The boxes of a JP2 file that no codec at hand reads or writes: resolution, profile, EXIF, XMP and IPTC.

ISO/IEC 15444-1, annex I: a file is a row of boxes, some of which hold boxes, and a reader skips those it does
not know. XMP's is a UUID box (XMP specification, part 3, 1.1.4); those of EXIF and IPTC have no standard, and
are the ones that ExifTool and Exiv2 read and write.
"""

import dataclasses
from collections.abc import Iterator
from typing import IO, Any, Final

from PIL import ImageFile

from photochrom_contract.files.metadata import IPTC, Metadata

_XMP: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF: Final = b"JpgTiffExif->JP2"
_IPTC: Final = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
LONGEST_COMMENT: Final = 65531
"""Of a codestream's comment, in bytes."""

_MAX_BOX: Final = 1 << 24
"""Of what is read whole, in bytes."""

_ICC: Final = (2, 3)
"""The methods of a colour specification box that give an ICC profile."""


@dataclasses.dataclass(frozen=True)
class Said:
    """What a JP2 file says in those boxes."""

    exif: bytes = b""
    """A TIFF stream."""
    xmp: bytes = b""
    iptc: bytes = b""
    icc_profile: bytes = b""


def read(file: IO[Any] | None) -> Said:
    """What a file says; nothing if it is no JP2 file, as a bare codestream is none."""
    found: dict[str, bytes] = {}
    if file is None:
        return Said()
    end = file.seek(0, 2)
    for kind, body, after in _boxes(file, 0, end):
        if kind == b"jp2h":
            for inner, inner_body, inner_after in _boxes(file, body, after):
                if inner == b"colr":
                    specification = _content(file, inner_body, inner_after)
                    if specification[:1] and specification[0] in _ICC:
                        found.setdefault("icc_profile", specification[3:])
        elif kind == b"uuid":
            content = _content(file, body, after)
            name = {_XMP: "xmp", _EXIF: "exif", _IPTC: "iptc"}.get(content[:16])
            if name:
                found.setdefault(name, content[16:])
    return Said(**found)


def complete(picture: ImageFile.ImageFile) -> None:
    """Add what a file that Pillow opened says in its boxes to the picture's ``info``, as of other formats."""
    for name, value in dataclasses.asdict(read(picture.fp)).items():
        if value:
            picture.info.setdefault(name, value)


def with_metadata(file: bytes, metadata: Metadata) -> bytes:
    """A JP2 file, as an encoder gives it, with what ``metadata`` says."""
    size = int.from_bytes(file[12:16])  # the signature has 12 bytes; then come the file type and jp2h
    header = 12 + size
    size = int.from_bytes(file[header : header + 4])
    if file[header + 4 : header + 8] != b"jp2h":
        raise ValueError("not as an encoder writes a JP2 file: its third box is no header")
    head, tail = file[header + 8 : header + size], file[header + size :]
    if metadata.dpi:
        head += _box(b"res ", _box(b"resc", _resolution(metadata.dpi)))
    said = ((_EXIF, metadata.exif.removeprefix(b"Exif\0\0")), (_XMP, metadata.xmp))
    boxes = [
        _box(b"uuid", name + content)
        for name, content in (*said, (_IPTC, metadata.resources.get(IPTC, b"")))
        if content
    ]
    # Behind the codestream, for Pillow looks for that, and the comment in it, right behind the header.
    return b"".join((file[:header], _box(b"jp2h", head), tail, *boxes))


def _boxes(file: IO[Any], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, first byte of the content, and the byte behind it, of each box; what is broken ends them."""
    while start + 8 <= end:
        file.seek(start)
        size, kind, header = int.from_bytes(file.read(4)), file.read(4), 8
        if size == 1:
            size, header = int.from_bytes(file.read(8)), 16
        if size == 0:
            size = end - start
        if size < header or start + size > end:
            return
        yield kind, start + header, start + size
        start += size


def _content(file: IO[Any], start: int, end: int) -> bytes:
    file.seek(start)
    return bytes(file.read(min(end - start, _MAX_BOX)))


def _box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4) + kind + content


def _resolution(dpi: tuple[float, float]) -> bytes:
    """Points a meter, down and across, each as ``numerator / denominator * 10 ** exponent``.

    An inch has 254 / 10^4 meters, so the denominator is 254, and the numerator the dots an inch with as many
    decimals as 16 bits hold.
    """
    across, down = dpi
    rationals, exponents = b"", b""
    for dots in (down, across):
        decimals = next((n for n in range(4, -6, -1) if dots * 10.0**n < 65535.5), -6)
        rationals += max(1, round(dots * 10.0**decimals)).to_bytes(2) + (254).to_bytes(2)
        exponents += (4 - decimals).to_bytes(1, signed=True)
    return rationals + exponents
