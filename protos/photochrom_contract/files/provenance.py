"""What a colored file says of its colors."""

import dataclasses
from typing import Final
from xml.sax.saxutils import quoteattr

DIGITAL_SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
"""IPTC's term for a picture that an algorithm has changed."""

_PACKET: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
{description}
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


@dataclasses.dataclass(frozen=True)
class Provenance:
    """Which model invented a file's colors, and with what software."""

    model: str
    version: int
    sha256: str = ""
    """Of the model's ``model.onnx``, lower-case hexadecimal; empty if the server did not say."""
    software: str = ""
    """What merged the colors, such as ``Photochrom 0.1.0``."""

    def packet(self) -> bytes:
        """An XMP packet that says so."""
        properties = {
            "Iptc4xmpExt:DigitalSourceType": DIGITAL_SOURCE_TYPE,
            "photochrom:Model": self.model,
            "photochrom:Version": str(self.version),
            "photochrom:SHA256": self.sha256,
            "photochrom:Software": self.software,
        }
        description = (
            '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
            'xmlns:photochrom="urn:photochrom:1.0" '
            + " ".join(f"{name}={quoteattr(value)}" for name, value in properties.items() if value)
            + "/>"
        )
        return _PACKET.format(description=description).encode()
