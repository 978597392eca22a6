"""XMP packets: what one says of a picture's colors, and how that gets into one that says other things.

XMP is RDF in XML (ISO 16684-1). Ours is one more ``rdf:Description``, so whatever else a packet holds stays
as it is. The history is the standard's own (``xmpMM:History``), and the kind of source IPTC's.
"""

from typing import Final
from xml.dom import minidom  # only packets without a document type are parsed, which is what XML's bombs need
from xml.parsers.expat import ExpatError

DIGITAL_SOURCE_TYPE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced"
"""IPTC's term for a picture that an algorithm has changed."""

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_IPTC: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_PHOTOCHROM: Final = "urn:photochrom:1.0:"

_EMPTY: Final = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
_HEADER: Final = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TRAILER: Final = '\n<?xpacket end="w"?>'


def write(packet: bytes, properties: dict[str, str]) -> bytes:
    """A packet that says that the colors are invented, and how, besides what it said before.

    :param packet: an XMP packet, or nothing; one that is broken is left out.
    :param properties: of Photochrom's own namespace, such as ``Model``.
    """
    document = _parse(packet) or minidom.parseString(_EMPTY)  # noqa: S318  # our own text
    root = document.documentElement
    assert root is not None
    rdf = document.getElementsByTagNameNS(_RDF, "RDF")[0]
    _remove_older(rdf)
    description = document.createElementNS(_RDF, "rdf:Description")
    description.setAttributeNS(_RDF, "rdf:about", _about(rdf))
    for prefix, space in {"rdf": _RDF, "Iptc4xmpExt": _IPTC, "photochrom": _PHOTOCHROM}.items():
        description.setAttribute(f"xmlns:{prefix}", space)
    description.setAttributeNS(_IPTC, "Iptc4xmpExt:DigitalSourceType", DIGITAL_SOURCE_TYPE)
    for name, value in properties.items():
        description.setAttributeNS(_PHOTOCHROM, f"photochrom:{name}", value)
    rdf.appendChild(description)
    return f"{_HEADER}{root.toxml()}{_TRAILER}".encode()


def read(packet: bytes) -> dict[str, str]:
    """The properties of Photochrom's own namespace; none if it has nothing to do with Photochrom."""
    document = _parse(packet)
    if document is None:
        return {}
    return {
        attribute.localName: attribute.value
        for description in document.getElementsByTagNameNS(_RDF, "Description")
        for attribute in _attributes(description)
        if attribute.namespaceURI == _PHOTOCHROM
    }


def _parse(packet: bytes) -> minidom.Document | None:
    """A packet that can be read and is RDF."""
    text = packet.strip(b"\0 \t\r\n")
    if not text or b"<!" in text.replace(b"<!--", b""):
        return None
    try:
        document = minidom.parseString(text)  # noqa: S318  # it declares no entities: see above
    except (ExpatError, ValueError, LookupError):
        return None
    return document if document.getElementsByTagNameNS(_RDF, "RDF") else None


def _about(rdf: minidom.Element) -> str:
    """What the packet is about: all of its descriptions must name the same."""
    for description in rdf.getElementsByTagNameNS(_RDF, "Description"):
        about = description.getAttributeNS(_RDF, "about")
        if about:
            return about
    return ""


def _remove_older(rdf: minidom.Element) -> None:
    """Take out what the packet said of the kind of source, and of an earlier coloring."""
    for description in rdf.getElementsByTagNameNS(_RDF, "Description"):
        for attribute in _attributes(description):
            if _is_replaced(attribute.namespaceURI, attribute.localName):
                description.removeAttributeNode(attribute)
        for child in list(description.childNodes):
            if _is_replaced(child.namespaceURI, child.localName):
                description.removeChild(child)


def _is_replaced(space: str | None, name: str | None) -> bool:
    return space == _PHOTOCHROM or (space == _IPTC and name == "DigitalSourceType")


def _attributes(element: minidom.Element) -> list[minidom.Attr]:
    nodes = (element.attributes.item(index) for index in range(element.attributes.length))
    return [node for node in nodes if isinstance(node, minidom.Attr)]
