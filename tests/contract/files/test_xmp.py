"""XMP packets of other programs: what they say is kept, but for what is not so of a copy."""

import io
import xml.dom.minidom

import numpy as np
import pytest
from PIL import Image

from photochrom_contract.files import encoding, formats, provenance, xmp
from photochrom_contract.files.original import open_original
from tests.contract.files import originals

DESCRIPTION = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmlns:p="urn:p" {}>{}'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def packet(attributes: str = "", content: str = "") -> bytes:
    return DESCRIPTION.format(attributes, content).encode()


def packet_of(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        return bytes(picture.info["xmp"])


@pytest.mark.parametrize("size", [64_000, 65_107, 65_504])
def test_a_jpeg_without_room_for_a_packet_says_at_least_where_its_colors_are_from(size: int) -> None:
    room = size - len(packet(content="<p:Text></p:Text>"))
    given = packet(content=f"<p:Text>{'x' * room}</p:Text>")
    data = originals.encoded(originals.CAMERA, "JPEG", xmp=given)
    copy = originals.colored(data)
    assert provenance.read(io.BytesIO(copy)) == originals.PROVENANCE
    assert xmp.DIGITAL_SOURCE_TYPE.encode() in packet_of(copy)
    assert (b"xxxx" in packet_of(copy)) == (size == 64_000)
    assert b"xxxx" in packet_of(originals.colored(data, "TIFF"))


def test_a_packet_with_character_data_is_kept() -> None:
    written = originals.PROVENANCE.packet(packet(content="<p:Html><![CDATA[<b>Grass & sky</b>]]></p:Html>"))
    (element,) = xml.dom.minidom.parseString(written).getElementsByTagNameNS("urn:p", "Html")
    assert element.firstChild is not None
    assert element.firstChild.nodeValue == "<b>Grass & sky</b>"
    assert xmp.read(written)["Model"] == "photochrom"


@pytest.mark.parametrize("encoding_of", ["utf-8", "utf-16"])
def test_a_packet_with_entities_is_left_out(encoding_of: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY b "bomb">]>' + packet(content="<p:Text>&b;</p:Text>").decode()
    assert b"bomb" not in originals.PROVENANCE.packet(bomb.encode(encoding_of)).replace(b"\0", b"")


def test_white_space_in_attributes_is_kept() -> None:
    written = originals.PROVENANCE.packet(packet('p:Text="Grass,&#10;sky,&#9;a man&#13;"'))
    description = xml.dom.minidom.parseString(written).getElementsByTagName("rdf:Description")[0]
    assert description.getAttributeNS("urn:p", "Text") == "Grass,\nsky,\ta man\r"


@pytest.mark.parametrize(
    ("attributes", "content"),
    [('tiff:Orientation="6"', ""), ("", "<tiff:Orientation>6</tiff:Orientation>")],
    ids=["attribute", "element"],
)
@pytest.mark.parametrize("written", ["HEIF", "JPEG2000", "JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("says_provenance", [True, False])
def test_a_copy_is_not_turned_again_by_its_xmp(
    written: str, attributes: str, content: str, says_provenance: bool
) -> None:
    stored = originals.CAMERA.resize((64, 48)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    data = originals.encoded(stored, "JPEG", quality=95, exif=exif, xmp=packet(attributes, content))
    file = io.BytesIO()
    with open_original(io.BytesIO(data)) as original:
        before = original.pages[0].plane(48).astype(int)
        source = originals.PROVENANCE if says_provenance else None
        encoding.encode(original, [originals.CHROMA], file, formats.BY_NAME[written], provenance=source)
    with open_original(io.BytesIO(file.getvalue())) as copy:
        assert np.abs(copy.pages[0].plane(48) - before).mean() < 2
    with Image.open(file) as picture:
        turns = formats.BY_NAME[written].holds_orientation
        assert picture.getexif().get(0x0112, 1) == (6 if turns else 1)
    assert b"tiff:Orientation" not in file.getvalue()


def test_a_copy_names_no_extension_that_it_has_not() -> None:
    data = originals.encoded(originals.CAMERA, "JPEG", xmp=packet(f'xmpNote:HasExtendedXMP="{"0" * 32}"'))
    assert b"HasExtendedXMP" not in originals.colored(data)
