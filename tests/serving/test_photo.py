"""ColorizePhoto: an encoded picture in, the colored picture out."""

import io
from typing import Any

import grpc
import numpy as np
import pytest
from PIL import Image, ImageCms

from photochrom import Colorizer
from photochrom_contract import photograph
from photochrom_contract.upsampling import Upsampling
from photochrom_contract.v1 import colorizer_pb2
from photochrom_serving import photos
from photochrom_serving.errors import InvalidFieldError
from tests import model_factory
from tests.serving.conftest import Stub, refusal


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def gradient(width: int = 90, height: int = 60) -> Image.Image:
    """A grey picture that gets lighter to the right and to the bottom."""
    rows, columns = np.mgrid[0:height, 0:width]
    return Image.fromarray((255 * (rows / height + columns / width) / 2).astype(np.uint8))


def answered(stub: Stub, photo: bytes, **fields: Any) -> tuple[Image.Image, str]:
    response = stub.ColorizePhoto(colorizer_pb2.ColorizePhotoRequest(photo=photo, **fields))
    assert (response.model.name, response.model.version) == ("photochrom", 1)
    return Image.open(io.BytesIO(response.photo)), response.media_type


def colored_here(
    picture: Image.Image, size: int = model_factory.DEFAULT_SIZE, saturation: float = 1
) -> Image.Image:
    """What the tiny model makes of a picture, by the contract's own steps."""
    lightness = photograph.lightness_of(picture)
    chroma = model_factory.expected_chroma(photograph.reduce_lightness(lightness, size))
    return photograph.merge(lightness, chroma, saturation)


def assert_same(picture: Image.Image, expected: Image.Image, within: int = 1) -> None:
    assert (picture.mode, picture.size) == (expected.mode, expected.size)
    difference = np.asarray(picture).astype(int) - np.asarray(expected).astype(int)
    assert np.abs(difference).max() <= within


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "BMP", "PPM"])
def test_a_picture_comes_back_colored_as_png_at_its_own_size(stub: Stub, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    picture, media_type = answered(stub, encoded(gradient(), kind, **options))
    assert (media_type, picture.format) == ("image/png", "PNG")
    assert_same(picture, colored_here(gradient()))


def test_a_jpeg_comes_back_as_jpeg(stub: Stub) -> None:
    sent = encoded(gradient(), "JPEG", quality=95)
    picture, media_type = answered(stub, sent)
    assert (media_type, picture.format) == ("image/jpeg", "JPEG")
    assert_same(picture, colored_here(Image.open(io.BytesIO(sent))), within=6)  # compressed once more


def test_the_exif_orientation_is_applied(stub: Stub) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    picture, _ = answered(stub, encoded(gradient(), exif=exif))
    assert_same(picture, colored_here(gradient().transpose(Image.Transpose.ROTATE_270)))
    assert 0x0112 not in picture.getexif()


def test_size_and_saturation_are_the_callers(stub: Stub) -> None:
    picture, _ = answered(stub, encoded(gradient()), size=32, saturation=0.5)
    assert_same(picture, colored_here(gradient(), size=32, saturation=0.5))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        (colorizer_pb2.UPSAMPLING_UNSPECIFIED, "guided"),
        (colorizer_pb2.UPSAMPLING_GUIDED, "guided"),
        (colorizer_pb2.UPSAMPLING_BILINEAR, "bilinear"),
    ],
)
def test_chroma_is_stretched_as_the_caller_says(
    stub: Stub, target: str, asked: colorizer_pb2.Upsampling, meant: Upsampling
) -> None:
    edges = encoded(Image.fromarray(np.kron([[40, 200], [220, 60]], np.ones((45, 45))).astype(np.uint8)))
    answer, _ = answered(stub, edges, upsampling=asked)
    with Colorizer(target, upsampling=meant) as colorizer:
        assert_same(answer, colorizer.colorize(edges))
    with Colorizer(target, upsampling="bilinear" if meant == "guided" else "guided") as colorizer:
        other = np.asarray(colorizer.colorize(edges)).astype(int)
    assert np.abs(np.asarray(answer).astype(int) - other).max() > 3


def test_saturation_zero_is_not_the_default(stub: Stub) -> None:
    picture, _ = answered(stub, encoded(gradient()), saturation=0.0)
    assert_same(picture, gradient().convert("RGB"))


def test_transparency_is_kept(stub: Stub) -> None:
    picture = gradient().convert("RGBA")
    picture.putalpha(gradient())
    answer, _ = answered(stub, encoded(picture))
    assert answer.mode == "RGBA"
    assert_same(answer.getchannel("A"), gradient(), within=0)


def as_the_profile_of_another_display(picture: Image.Image) -> bytes:
    """A PNG in sRGB with the red and green primaries exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = profile.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    return encoded(picture, icc_profile=exchanged)


@pytest.mark.parametrize(
    "photo",
    [
        as_the_profile_of_another_display(
            Image.merge("RGB", [gradient(), gradient().transpose(Image.Transpose.ROTATE_180), gradient()])
        ),
        encoded(Image.fromarray(np.asarray(gradient(), np.uint16) * 257), transparency=100 * 257),
    ],
    ids=["color profile", "16 bits with a transparent grey"],
)
def test_a_photograph_is_colored_as_the_sdk_colors_it(stub: Stub, target: str, photo: bytes) -> None:
    answer, _ = answered(stub, photo)
    with Colorizer(target) as colorizer:
        expected = colorizer.colorize(photo)
    # The SDK's chroma went over the wire in 16 bits.
    assert_same(answer, expected)
    assert answer.mode == ("RGBA" if b"tRNS" in photo else "RGB")


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"photo": b""}, "photo", "is in none of the formats AVIF, BMP"),
        ({"photo": b"%!PS-Adobe-3.0 EPSF-3.0\n"}, "photo", "is in none of the formats"),
        ({"photo": encoded(gradient())[:-40]}, "photo", "cannot be decoded"),
        ({"photo": encoded(gradient()), "size": 40}, "size", "is 40, but photochrom version 1 takes 32, 64"),
        ({"photo": encoded(gradient()), "saturation": 2.5}, "saturation", "within 0 to 2"),
        ({"photo": encoded(gradient()), "saturation": float("nan")}, "saturation", "within 0 to 2"),
        ({"photo": encoded(gradient()), "upsampling": 9}, "upsampling", "is 9, which this server does not"),
    ],
)
def test_what_is_no_picture_or_out_of_range_is_refused(
    stub: Stub, fields: dict[str, Any], field: str, says: str
) -> None:
    code, message, detail = refusal(lambda: stub.ColorizePhoto(colorizer_pb2.ColorizePhotoRequest(**fields)))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert message.startswith(f"{field}: ")
    assert says in message
    assert [violation.field for violation in detail.field_violations] == [field]


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    bomb = encoded(Image.new("1", (40_000, 2_000)))
    assert len(bomb) < 20_000
    with pytest.raises(InvalidFieldError, match="photo: is 40000 x 2000 pixels, above the limit of 79999999"):
        photos.decode(bomb, 64, max_pixels=79_999_999)
