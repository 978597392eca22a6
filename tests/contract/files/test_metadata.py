"""What an original says beside its pixels, its copy says too, and where its colors are from."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from photochrom_contract.files import provenance, xmp
from photochrom_contract.files.metadata import IPTC, Metadata, parse_resources, resource_blocks
from photochrom_contract.files.original import open_original
from tests.contract.files import originals

CAPTION = b"\x1c\x02\x78\x00\x05Grass"
PACKET = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="uuid:7" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm">
<dc:creator><rdf:Seq><rdf:li>Grandfather</rdf:li></rdf:Seq></dc:creator></rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def exif() -> Image.Exif:
    block = Image.Exif()
    block[0x010F] = "Ihagee"
    block[0x0131] = "A scanner's program"
    block.get_ifd(0x8769)[0x9003] = "1936:05:01 12:00:00"
    block.get_ifd(0x8825)[1] = "N"
    return block


def resources() -> bytes:
    block = b"Photoshop 3.0\0" + resource_blocks({IPTC: CAPTION})
    return b"\xff\xed" + (len(block) + 2).to_bytes(2) + block


FILES = {
    "JPEG": originals.encoded(
        originals.CAMERA,
        "JPEG",
        exif=exif(),
        xmp=PACKET,
        dpi=(600, 600),
        comment=b"In the park",
        extra=resources(),
    ),
    "WEBP": originals.encoded(originals.CAMERA.convert("RGB"), "WEBP", exif=exif(), xmp=PACKET),
    "AVIF": originals.encoded(originals.CAMERA, "AVIF", exif=exif(), xmp=PACKET),
    "HEIF": originals.encoded(originals.CAMERA, "HEIF", exif=exif().tobytes(), xmp=PACKET),
}

FILES["JPEG2000"] = originals.colored(FILES["JPEG"], "JPEG2000")  # no writer at hand has its boxes but ours

# Pillow writes no blocks of EXIF into a TIFF; it reads those that are written here.
FILES["TIFF"] = originals.colored(FILES["JPEG"], "TIFF")


def said(data: bytes) -> Metadata:
    with open_original(io.BytesIO(data)) as original:
        return original.pages[0].metadata()


@pytest.mark.parametrize("kind", FILES)
def test_exif_and_xmp_are_kept(kind: str) -> None:
    copy = said(originals.colored(FILES[kind]))
    block = Image.Exif()
    block.load(copy.exif)
    assert (block[0x010F], block[0x0131]) == ("Ihagee", "A scanner's program")
    assert block.get_ifd(0x8769)[0x9003] == "1936:05:01 12:00:00"
    assert block.get_ifd(0x8825)[1] == "N"
    assert block[0x000B] == "Photochrom 0.1.0"  # ProcessingSoftware
    assert b"Grandfather" in copy.xmp
    assert copy.xmp.count(b"DigitalSourceType") == 1
    assert xmp.DIGITAL_SOURCE_TYPE.encode() in copy.xmp
    assert b'rdf:about="uuid:7"' in copy.xmp


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "JPEG2000"])
@pytest.mark.parametrize("written", ["JPEG", "TIFF", "JPEG2000"])
def test_iptc_and_the_dots_an_inch_are_kept(kind: str, written: str) -> None:
    copy = said(originals.colored(FILES[kind], written))
    assert copy.resources[IPTC] == CAPTION
    assert copy.dpi == pytest.approx((600, 600), abs=0.1)


def test_comments_and_keywords_are_kept() -> None:
    assert said(originals.colored(FILES["JPEG"])).comment == b"In the park"
    assert said(originals.colored(FILES["JPEG2000"])).comment == b"In the park"
    assert said(originals.colored(FILES["JPEG"], "PNG")).text["Comment"] == "In the park"
    info = PngInfo()
    info.add_text("Title", "Grass")
    png = originals.encoded(originals.CAMERA, "PNG", pnginfo=info, dpi=(300, 300))
    copy = said(originals.colored(png))
    assert copy.text["Title"] == "Grass"
    assert copy.dpi == pytest.approx((300, 300), abs=0.1)


def test_metadata_crosses_into_a_png_of_16_bits() -> None:
    data = originals.tiff(originals.DEEP, resolution=(400, 400), resolutionunit="inch", software="Scan")
    copy = originals.colored(data, "PNG")
    assert said(copy).dpi == pytest.approx((400, 400), abs=0.1)
    assert provenance.read(io.BytesIO(copy)) == originals.PROVENANCE
    with Image.open(io.BytesIO(copy)) as picture:
        assert picture.getexif()[0x0131] == "Scan"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_a_copy_is_in_srgb_and_says_so(kind: str) -> None:
    with Image.open(io.BytesIO(originals.colored(originals.FILES["png"], kind))) as copy:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(copy.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_coloring_a_copy_again_replaces_what_it_says() -> None:
    again = originals.colored(originals.colored(FILES["JPEG"]))
    assert said(again).xmp.count(b"DigitalSourceType") == 1
    assert said(again).xmp.count(b"photochrom:Model") == 1


@pytest.mark.parametrize(
    "packet",
    [b"", b"not XML", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', PACKET[:300], b"\xff\xfe"],
)
def test_a_broken_packet_is_left_out(packet: bytes) -> None:
    written = originals.PROVENANCE.packet(packet)
    assert xmp.read(written)["Model"] == "photochrom"
    assert b"ENTITY" not in written


def test_image_resources_there_and_back() -> None:
    values = {IPTC: CAPTION, 0x0425: b"odd"}
    assert parse_resources(resource_blocks(values)) == values
    assert parse_resources(resource_blocks(values)[:-9]).keys() <= values.keys()
    assert np.array_equal(list(parse_resources(b"8BIM")), [])
