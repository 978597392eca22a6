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

_UNTRUE: Final = frozenset(
    {
        (_IPTC, "DigitalSourceType"),
        ("http://ns.adobe.com/tiff/1.0/", "Orientation"),  # EXIF's counts, and a copy may be upright
        ("http://ns.adobe.com/xap/1.0/", "Thumbnails"),  # in the old greys
        ("http://ns.adobe.com/xmp/note/", "HasExtendedXMP"),  # which is not carried over
    }
)
"""What a packet may say of the original that is not so of its copy: namespaces and names."""

_MARKS: Final = dict(zip(b"\t\n\r", "\1\2\3", strict=True))
_ESCAPES: Final = {1: "&#9;", 2: "&#10;", 3: "&#13;"}
"""minidom leaves that white space in attributes, which readers take for spaces; marks are in no XML."""

_EMPTY: Final = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
_HEADER: Final = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_TRAILER: Final = '\n<?xpacket end="w"?>'


def write(packet: bytes, properties: dict[str, str]) -> bytes:
    """A packet that says that the colors are invented, and how, besides what it said before.

    :param packet: an XMP packet, or nothing; one that is broken is left out.
    :param properties: of Photochrom's own namespace, such as ``Model``.
    """
    document = _parse(packet) or minidom.parseString(_EMPTY)  # noqa: S318  # our own text
    rdf = document.getElementsByTagNameNS(_RDF, "RDF")[0]
    _remove_untrue(document)
    description = document.createElementNS(_RDF, "rdf:Description")
    description.setAttributeNS(_RDF, "rdf:about", _about(rdf))
    for prefix, space in {"rdf": _RDF, "Iptc4xmpExt": _IPTC, "photochrom": _PHOTOCHROM}.items():
        description.setAttribute(f"xmlns:{prefix}", space)
    description.setAttributeNS(_IPTC, "Iptc4xmpExt:DigitalSourceType", DIGITAL_SOURCE_TYPE)
    for name, value in properties.items():
        description.setAttributeNS(_PHOTOCHROM, f"photochrom:{name}", value)
    rdf.appendChild(description)
    return _text(document)


def carried(packet: bytes) -> bytes:
    """A packet without what is not so of a copy; one that is broken as it is."""
    document = _parse(packet)
    if document is None:
        return packet
    _remove_untrue(document)
    return _text(document)


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
    plain = text.replace(b"\0", b"")  # of UTF-16, too
    if not text or b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
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


def _text(document: minidom.Document) -> bytes:
    root = document.documentElement
    assert root is not None
    for element in document.getElementsByTagName("*"):
        for attribute in _attributes(element):
            attribute.value = attribute.value.translate(_MARKS)
    return f"{_HEADER}{root.toxml().translate(_ESCAPES)}{_TRAILER}".encode()


def _remove_untrue(document: minidom.Document) -> None:
    """Take out what is not so of the copy, and what the packet said of an earlier coloring."""
    for description in document.getElementsByTagNameNS(_RDF, "Description"):
        for attribute in _attributes(description):
            if _is_replaced(attribute.namespaceURI, attribute.localName):
                description.removeAttributeNode(attribute)
        for child in list(description.childNodes):
            if _is_replaced(child.namespaceURI, child.localName):
                description.removeChild(child)


def _is_replaced(space: str | None, name: str | None) -> bool:
    return space == _PHOTOCHROM or (space, name) in _UNTRUE


def _attributes(element: minidom.Element) -> list[minidom.Attr]:
    nodes = (element.attributes.item(index) for index in range(element.attributes.length))
    return [node for node in nodes if isinstance(node, minidom.Attr)]
