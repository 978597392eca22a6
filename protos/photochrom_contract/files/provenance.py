"""What a colored file says of its colors."""

import dataclasses
from typing import BinaryIO, Final

from PIL import Image

from photochrom_contract.files import jpeg2000, xmp
from photochrom_contract.unreadable import reading

DIGITAL_SOURCE_TYPE: Final = xmp.DIGITAL_SOURCE_TYPE


@dataclasses.dataclass(frozen=True)
class Provenance:
    """Which model invented a file's colors, and with what software."""

    model: str
    version: int
    sha256: str = ""
    """Of the model's ``model.onnx``, lower-case hexadecimal; empty if the server did not say."""
    software: str = ""
    """What merged the colors, such as ``Photochrom 0.1.0``."""

    @property
    def sentence(self) -> str:
        """As text, for formats that hold nothing else."""
        digest = f", sha256 {self.sha256}" if self.sha256 else ""
        return f"{self.software or 'Photochrom'}: colors by model {self.model} {self.version}{digest}"

    def packet(self, other: bytes = b"") -> bytes:
        """An XMP packet that says so, besides what the packet ``other`` says."""
        properties = {
            "Model": self.model,
            "Version": str(self.version),
            "SHA256": self.sha256,
            "Software": self.software,
        }
        return xmp.write(other, {name: value for name, value in properties.items() if value})


def read(source: str | BinaryIO) -> Provenance | None:
    """What a picture file says of its colors; None if nothing, as of any that Photochrom did not color.

    :raises UnreadableError: if it is no picture.
    """
    with reading(), Image.open(source) as picture:
        packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
        if picture.format == "JPEG2000":
            packet = jpeg2000.read(picture.fp).xmp
    said = xmp.read(packet.encode() if isinstance(packet, str) else packet)
    version = said.get("Version", "")
    if "Model" not in said or not version.isdecimal():
        return None
    return Provenance(said["Model"], int(version), said.get("SHA256", ""), said.get("Software", ""))
