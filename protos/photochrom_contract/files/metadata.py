"""What a file says beside its pixels, whatever format it says it in."""

import dataclasses
import struct
from typing import Any, Final

from PIL import Image

IPTC: Final = 0x0404
"""The image resource that holds IPTC records."""

_THUMBNAILS: Final = frozenset({0x0409, 0x040C})
"""Image resources with small copies of the picture, in its old greys."""

_STRUCTURE: Final = frozenset(
    {*range(254, 264), 266, 273, *range(277, 282), 284, *range(288, 294), 297, 301}
    | {*range(317, 326), 330, 332, 333, 334, 336, 338, 339, 340, 341, 347, *range(512, 534)}
    | {700, 33723, 34377, 34675}
)
"""TIFF's tags on how its pixels are stored, and those that are carried over on their own."""

_BLOCKS: Final = (0x8769, 0x8825)
"""EXIF's own block, and that of the place."""

_DESCRIPTION: Final = 0x010E

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
    comment: str = ""
    text: dict[str, str] = dataclasses.field(default_factory=dict)
    """A PNG's keywords."""
    loop: int | None = None
    """How often an animation runs; 0 for ever."""

    @classmethod
    def of(cls, picture: Image.Image) -> "Metadata":
        """Of a picture that Pillow opened; call it when its pixels are loaded."""
        info = picture.info
        exif = _exif(picture)
        return cls(
            exif=exif.tobytes() if exif or exif.get_ifd(_BLOCKS[0]) or exif.get_ifd(_BLOCKS[1]) else b"",
            xmp=_bytes(info.get("xmp", b"")),
            resources=_resources(picture),
            dpi=_dpi(info.get("dpi")),
            comment=_text(info.get("comment", "")),
            text={
                key: value
                for key, value in getattr(picture, "text", {}).items()
                if key not in _PNG_TEXT_ELSEWHERE
            }
            if picture.format == "PNG"
            else {},
            loop=info.get("loop"),
        )

    def png_text(self) -> dict[str, str]:
        """As keywords of a PNG."""
        keywords = dict(self.text)
        if self.comment:
            keywords.setdefault("Comment", self.comment)
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


def _exif(picture: Image.Image) -> Image.Exif:
    """A copy, for the picture may be a caller's, without what is carried over on its own."""
    exif = Image.Exif()
    given = picture.getexif()
    for block in _BLOCKS:
        details = given.get_ifd(block)
        if details:
            exif.get_ifd(block).update(details)
    exif.update({tag: value for tag, value in given.items() if tag not in _STRUCTURE and tag not in _BLOCKS})
    if str(exif.get(_DESCRIPTION, "")).startswith('{"shape":'):
        del exif[_DESCRIPTION]  # tifffile's, of how the original's pixels were stored
    return exif


def _resources(picture: Image.Image) -> dict[int, bytes]:
    """Of a JPEG's APP13, a TIFF's tags or a JPEG 2000 file's box."""
    tags = getattr(picture, "tag_v2", {})
    blocks = b"".join(
        content.removeprefix(b"Photoshop 3.0\0")
        for marker, content in getattr(picture, "applist", [])
        if marker == "APP13" and content.startswith(b"Photoshop 3.0\0")
    )
    resources = parse_resources(blocks or _bytes(tags.get(34377, b"")))
    if "iptc" in picture.info:  # a JPEG 2000 file's box
        resources[IPTC] = _bytes(picture.info["iptc"])
    if 33723 in tags:
        resources[IPTC] = _bytes(tags[33723])
    return resources


def _dpi(value: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(each) for each in value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < 1e6 and 0 < down < 1e6 else None


def _bytes(value: Any) -> bytes:
    if isinstance(value, tuple):
        return bytes(part & 255 for part in value if isinstance(part, int))
    return value.encode() if isinstance(value, str) else bytes(value)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
