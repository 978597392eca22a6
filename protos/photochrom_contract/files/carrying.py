"""An original's metadata as its colored copy says it: as before, and where the colors are from."""

import dataclasses
from typing import Final

from PIL import Image, ImageCms

from photochrom_contract.files import orientation
from photochrom_contract.files.formats import Format
from photochrom_contract.files.metadata import Metadata
from photochrom_contract.files.provenance import Provenance

SRGB_PROFILE: Final[bytes] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
"""What the copy's values are in."""

_PROCESSING_SOFTWARE: Final = 0x000B
_SOFTWARE: Final = 0x0131
_RESOLUTION: Final = (0x011A, 0x011B, 0x0128)
_COLOR_SPACE: Final = 0xA001
_SRGB: Final = 1


def carried(metadata: Metadata, form: Format, turn: int, provenance: Provenance | None) -> Metadata:
    """The metadata of the colored copy.

    :param turn: the orientation of the pixels as they are written.
    """
    exif = Image.Exif()
    if metadata.exif:
        exif.load(metadata.exif)
    exif.pop(orientation.TAG, None)
    if turn != orientation.AS_STORED:
        exif[orientation.TAG] = turn
    details = exif.get_ifd(0x8769)
    if _COLOR_SPACE in details:
        details[_COLOR_SPACE] = _SRGB
    if metadata.dpi and not form.holds_dpi and _RESOLUTION[0] not in exif:
        exif.update(zip(_RESOLUTION, (*metadata.dpi, 2), strict=True))
    if provenance is not None and provenance.software:
        exif[_PROCESSING_SOFTWARE] = provenance.software
        exif.setdefault(_SOFTWARE, provenance.software)  # the scanner's own stays
    xmp = metadata.xmp if provenance is None else provenance.packet(metadata.xmp)
    return dataclasses.replace(metadata, exif=exif.tobytes() if exif else b"", xmp=xmp)
