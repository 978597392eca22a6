"""What a file says beside its pixels, whatever format it says it in."""

import dataclasses
import struct
from typing import Any, Final

from PIL import Image

from photochrom_contract.files import directories
from photochrom_contract.files.directories import Directory, Tag

IPTC: Final = 0x0404
"""The image resource that holds IPTC records."""

_THUMBNAILS: Final = frozenset({0x0409, 0x040C})
"""Image resources with small copies of the picture, in its old greys."""

_STRUCTURE: Final = frozenset(
    {*range(255, 264), 266, 273, *range(277, 282), 284, *range(288, 294), 301, *range(317, 326)}
    | {330, 332, 333, 334, 336, 338, 339, 340, 341, 347, 400, *range(512, 534)}
    | {32995, 32996, 32997, 32998, 34675, 37724, directories.INTEROP, 50674}
)
"""TIFF's tags on how its pixels are stored. 37724 holds Photoshop's layers, in the picture's old greys."""

OF_PAGES: Final = (254, 297)
"""TIFF's tags of what kind of page it is, and which of how many."""

_NOT_EXIF: Final = _STRUCTURE.union(OF_PAGES, directories.OPAQUE)

_DESCRIPTION: Final = 0x010E
_RESOLUTION: Final = (0x011A, 0x011B, 0x0128)
_INCHES: Final[dict[float, float]] = {1: 0.0, 3: 2.54}
"""TIFF's units of resolution that are not the inch: a ratio alone, and centimetres."""

_PNG_TEXT_ELSEWHERE: Final = frozenset({"XML:com.adobe.xmp", "Raw profile type exif", "Raw profile type xmp"})


@dataclasses.dataclass(frozen=True)
class Metadata:
    """Of an original; carried over into its colored copy where the format has a place for it."""

    exif: bytes = b""
    """An EXIF block: a TIFF stream, after the header ``Exif``."""
    xmp: bytes = b""
    """An XMP packet."""
    resources: dict[int, bytes] = dataclasses.field(default_factory=dict)
    """Photoshop's image resources by their number; :data:`IPTC` is one of them."""
    dpi: tuple[float, float] | None = None
    """Pixels an inch, horizontally and vertically."""
    comment: bytes = b""
    """Of a JPEG or JPEG 2000, in whatever encoding it is."""
    text: dict[str, str] = dataclasses.field(default_factory=dict)
    """A PNG's keywords."""
    loop: int | None = None
    """How often an animation runs; 0 for ever."""

    @classmethod
    def of(cls, picture: Image.Image, exif: Directory | None = None) -> "Metadata":
        """Of a picture that Pillow opened, or a caller made; call it when its pixels are loaded.

        :param exif: as its file has it; None for Pillow's idea of it, which a caller may have changed.
        """
        info = picture.info
        exif = _of_pillow(picture) if exif is None else exif
        for code in exif.tags.keys() & _NOT_EXIF:
            del exif.tags[code]
        return cls(
            exif=directories.block(_without_tifffiles(exif)),
            xmp=_bytes(info.get("xmp", b"")),
            resources=_resources(picture),
            dpi=_dpi(info.get("dpi")),
            comment=_bytes(info.get("comment", b"")),
            text={
                key: value
                for key, value in getattr(picture, "text", {}).items()
                if key not in _PNG_TEXT_ELSEWHERE
            }
            if picture.format == "PNG"
            else {},
            loop=info.get("loop"),
        )

    @classmethod
    def of_tiff(cls, file: directories.File, place: int) -> "Metadata":
        """Of the page of a TIFF whose directory lies at that place."""
        exif = directories.read(file, place, _STRUCTURE)
        packet, iptc, resources = (
            exif.tags.pop(code, Tag(directories.BYTE, b"")).data for code in directories.OPAQUE
        )
        across, down, unit = (exif.tags[code].numbers() if code in exif.tags else () for code in _RESOLUTION)
        an_inch = _INCHES.get(unit[0], 1.0) if unit else 1.0
        return cls(
            exif=directories.block(_without_tifffiles(exif)),
            xmp=packet,
            resources=parse_resources(resources) | ({IPTC: iptc} if iptc else {}),
            dpi=_dpi([each[0] * an_inch for each in (across, down) if each]),
        )

    def png_text(self) -> dict[str, str]:
        """As keywords of a PNG."""
        keywords = dict(self.text)
        if self.comment:
            keywords.setdefault("Comment", _decoded(self.comment))
        if IPTC in self.resources and "Raw profile type iptc" not in keywords:
            # ImageMagick's convention, which readers of IPTC in PNG follow.
            data = resource_blocks({IPTC: self.resources[IPTC]})
            keywords["Raw profile type iptc"] = f"\niptc\n{len(data):8}\n{data.hex()}\n"
        return keywords


def parse_resources(data: bytes) -> dict[int, bytes]:
    """Image resources from a row of ``8BIM`` blocks; what is broken ends it."""
    resources = {}
    position = 0
    while data[position : position + 4] == b"8BIM" and position + 12 <= len(data):
        (number,) = struct.unpack_from(">H", data, position + 4)
        position += 6
        position += (data[position] + 2) & ~1  # a name, padded to an even length
        if position + 4 > len(data):
            break
        (size,) = struct.unpack_from(">I", data, position)
        position += 4
        resources[number] = data[position : position + size]
        position += (size + 1) & ~1
    return {number: value for number, value in resources.items() if number not in _THUMBNAILS}


def resource_blocks(resources: dict[int, bytes]) -> bytes:
    """The inverse of :func:`parse_resources`."""
    return b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(value)) + value + b"\0" * (len(value) % 2)
        for number, value in sorted(resources.items())
    )


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _of_pillow(picture: Image.Image) -> Directory:
    """As Pillow would write it, but for text, of which it would write what is not ASCII as "?"."""
    given = picture.getexif()
    details = {block: given.get_ifd(block) for block in (directories.EXIF, directories.GPS)}
    tags = {code: value for code, value in given.items() if code not in _NOT_EXIF and code not in details}
    exif = Image.Exif()
    exif.update(tags)
    for block, values in details.items():
        if values:
            exif.get_ifd(block).update(values)
    written = directories.parse(exif.tobytes())
    for directory, values in (
        (written, tags),
        *((directory, details[block]) for block, directory in written.inner.items()),
    ):
        for code, tag in directory.tags.items():
            if tag.kind == directories.TEXT and isinstance(values.get(code), str):
                directory.tags[code] = dataclasses.replace(tag, data=_encoded(values[code]) + b"\0")
    return written


def _encoded(text: str) -> bytes:
    """The bytes that Pillow read text from; of what a caller wrote and they cannot be, UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def _without_tifffiles(exif: Directory) -> Directory:
    """Without tifffile's description, which is of how the original's pixels were stored."""
    if exif.tags.get(_DESCRIPTION, Tag(directories.TEXT, b"")).data.startswith(b'{"shape":'):
        del exif.tags[_DESCRIPTION]
    return exif


def _resources(picture: Image.Image) -> dict[int, bytes]:
    """Of a JPEG's APP13, a caller's TIFF or a JPEG 2000 file's box."""
    tags = getattr(picture, "tag_v2", {})
    blocks = b"".join(
        content.removeprefix(b"Photoshop 3.0\0")
        for marker, content in getattr(picture, "applist", [])
        if marker == "APP13" and content.startswith(b"Photoshop 3.0\0")
    )
    resources = parse_resources(blocks or _bytes(tags.get(directories.PHOTOSHOP, b"")))
    iptc = picture.info.get("iptc", tags.get(directories.IPTC, b""))  # the box of a JPEG 2000 file
    if isinstance(iptc, bytes) and iptc:
        resources[IPTC] = iptc
    return resources


def _dpi(value: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(each) for each in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < 1e6 and 0 < down < 1e6 else None


def _bytes(value: Any) -> bytes:
    """Of what Pillow gives as bytes or text; nothing of numbers."""
    return value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else b""
