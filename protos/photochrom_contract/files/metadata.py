"""What a file says beside its pixels."""

import dataclasses
from typing import Final

from PIL import Image

_STRUCTURE: Final = frozenset(
    {*range(254, 264), 266, *range(273, 274), *range(277, 282), 284, *range(288, 294), 297, 301}
    | {
        *range(317, 326),
        330,
        332,
        333,
        334,
        336,
        338,
        339,
        340,
        341,
        347,
        *range(512, 534),
        700,
        33723,
        34377,
        34675,
    }
)
"""TIFF's tags on how its pixels are stored, and those that are carried over on their own."""


@dataclasses.dataclass(frozen=True)
class Metadata:
    """Of an original; carried over into its colored copy where the format has a place for it."""

    exif: bytes = b""
    """An EXIF block, without its ``Exif`` header."""
    xmp: bytes = b""
    """An XMP packet."""
    iptc: bytes = b""
    """Photoshop image resources as a JPEG's APP13 or a TIFF's tag 34377 holds them: IPTC is one of them."""
    dpi: tuple[float, float] | None = None
    """Pixels an inch, horizontally and vertically."""
    comment: bytes = b""

    @classmethod
    def of(cls, picture: Image.Image) -> "Metadata":
        """Of a picture that Pillow opened; call it when its pixels are loaded."""
        exif = Image.Exif()  # a copy: the picture may be a caller's
        exif.load(picture.getexif().tobytes())
        for tag in _STRUCTURE & exif.keys():
            del exif[tag]
        xmp = picture.info.get("xmp", b"")
        comment = picture.info.get("comment", b"")
        dpi = picture.info.get("dpi")
        return cls(
            exif=exif.tobytes() if exif else b"",
            xmp=xmp.encode() if isinstance(xmp, str) else bytes(xmp),
            dpi=(float(dpi[0]), float(dpi[1])) if dpi else None,
            comment=comment.encode() if isinstance(comment, str) else bytes(comment),
        )
