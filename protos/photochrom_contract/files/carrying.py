"""An original's metadata as its colored copy says it: as before, and where the colors are from."""

import dataclasses
from typing import Final

from PIL import ImageCms

from photochrom_contract.files import directories, orientation, xmp
from photochrom_contract.files.directories import Tag
from photochrom_contract.files.formats import Format
from photochrom_contract.files.metadata import OF_PAGES, Metadata
from photochrom_contract.files.provenance import Provenance

SRGB_PROFILE: Final[bytes] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
"""What the copy's values are in."""

_PROCESSING_SOFTWARE: Final = 0x000B
_SOFTWARE: Final = 0x0131
_RESOLUTION: Final = (0x011A, 0x011B, 0x0128)
_INCH: Final = 2
_COLOR_SPACE: Final = 0xA001
_SRGB: Final = 1


def carried(metadata: Metadata, form: Format, turn: int, provenance: Provenance | None) -> Metadata:
    """The metadata of the colored copy.

    :param turn: the orientation of the pixels as they are written.
    """
    exif = directories.parse(metadata.exif)
    tags = exif.tags
    tags.pop(orientation.TAG, None)
    if turn != orientation.AS_STORED:
        tags[orientation.TAG] = Tag.short(turn)
    if form.name != "TIFF":
        for code in OF_PAGES:
            tags.pop(code, None)
    details = exif.inner.get(directories.EXIF)
    if details and _COLOR_SPACE in details.tags:
        details.tags[_COLOR_SPACE] = Tag.short(_SRGB)
    if metadata.dpi and not form.holds_dpi and _RESOLUTION[0] not in tags:
        across, down = map(Tag.rational, metadata.dpi)
        tags.update(zip(_RESOLUTION, (across, down, Tag.short(_INCH)), strict=True))
    if provenance is not None and provenance.software:
        tags[_PROCESSING_SOFTWARE] = Tag.text(provenance.software)
        tags.setdefault(_SOFTWARE, Tag.text(provenance.software))  # the scanner's own stays
    packet = xmp.carried(metadata.xmp) if provenance is None else provenance.packet(metadata.xmp)
    return dataclasses.replace(metadata, exif=directories.block(exif), xmp=packet)
