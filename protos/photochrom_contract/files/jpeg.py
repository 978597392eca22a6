"""How a JPEG is written: as finely as the original was, and never so coarsely that lightness suffers."""

from typing import Any, Final

from photochrom_contract.files import directories, xmp
from photochrom_contract.files.metadata import Metadata, resource_blocks

_COARSEST: Final = 6
"""Of the quantization steps: with coarser ones, new colors would cost more lightness than the eye misses."""

_MAX_SEGMENT: Final = 65533
_MAX_XMP: Final = _MAX_SEGMENT - len(b"http://ns.adobe.com/xap/1.0/\0")
_APP13: Final = b"\xff\xed"


def settings(metadata: Metadata, options: dict[str, Any]) -> dict[str, Any]:
    """Pillow's options for a JPEG, from those for any format."""
    tables = options.pop("qtables", None)
    if tables:
        luma = [min(step, _COARSEST) for step in tables[min(tables)]]
        chroma = [min(step, _COARSEST) for step in tables.get(1, tables[min(tables)])]
        options |= {"qtables": [luma, chroma]}
        options.pop("quality", None)
    if metadata.comment:
        options["comment"] = metadata.comment[:_MAX_SEGMENT]
    if "exif" in options:
        options["exif"] = _fitting(options["exif"])
    if metadata.xmp:
        fits = len(metadata.xmp) <= _MAX_XMP
        options["xmp"] = metadata.xmp if fits else xmp.write(b"", xmp.read(metadata.xmp))
    if metadata.resources:
        block = b"Photoshop 3.0\0" + resource_blocks(metadata.resources)
        if len(block) < _MAX_SEGMENT:
            options["extra"] = _APP13 + (len(block) + 2).to_bytes(2) + block
    return options


def _fitting(exif: bytes) -> bytes:
    """EXIF that fits a segment: without the tags with most in them, if need be."""
    while len(exif) > _MAX_SEGMENT:
        directory = directories.parse(exif)
        largest = max(
            ((holder, code) for holder in directory.everywhere() for code in holder.tags),
            key=lambda each: len(each[0].tags[each[1]].data),
        )
        del largest[0].tags[largest[1]]
        exif = directories.block(directory)
    return exif
