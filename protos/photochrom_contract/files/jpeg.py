"""How a JPEG is written: as finely as the original was, and never so coarsely that lightness suffers."""

from typing import Any, Final

from photochrom_contract.files.metadata import Metadata, resource_blocks

_COARSEST: Final = 6
"""Of the quantization steps: with coarser ones, new colors would cost more lightness than the eye misses."""

_MAX_SEGMENT: Final = 65533
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
        options["comment"] = metadata.comment.encode()[:_MAX_SEGMENT]
    if metadata.xmp and len(metadata.xmp) < _MAX_SEGMENT - 32:
        options["xmp"] = metadata.xmp
    if metadata.resources:
        block = b"Photoshop 3.0\0" + resource_blocks(metadata.resources)
        if len(block) < _MAX_SEGMENT:
            options["extra"] = _APP13 + (len(block) + 2).to_bytes(2) + block
    return options
