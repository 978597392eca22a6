"""Every picture file comes out upright and in sRGB, or as one line that says why not."""

import contextlib
import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from photochrom import PictureError
from photochrom._photographs import NO_CHROMA, Photograph, Source

ORIENTATION = 0x0112


def read(source: Source) -> Image.Image:
    """The photograph in greys."""
    with Photograph.open(source) as photograph:
        return photograph.picture(0, NO_CHROMA)


def _encoded(picture: Image.Image, name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, name, **options)
    return file.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(orientation: int, gradient: Image.Image) -> None:
    upright = gradient.convert("RGB")
    upright.paste("red", (0, 0, 10, 10))
    undo: dict[int, Image.Transpose | None] = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    turn = undo[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture = read(_encoded(stored, "PNG", exif=exif))
    assert np.array_equal(np.asarray(picture), np.asarray(read(upright)))


def test_a_color_profile_is_applied() -> None:
    # sRGB's own profile with its red and green primaries exchanged: what it calls red is green.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = profile.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)
    stored = Image.new("RGB", (8, 8), (200, 40, 90))
    shown = read(_encoded(stored, "PNG", icc_profile=exchanged))
    expected = read(Image.new("RGB", (8, 8), (40, 200, 90)))
    assert np.asarray(shown, int) == pytest.approx(np.asarray(expected, int), abs=1)


@pytest.mark.parametrize("profile", [b"", b"not a profile", b"\0" * 128])
def test_a_broken_color_profile_is_ignored(profile: bytes, gradient: Image.Image) -> None:
    picture = read(_encoded(gradient, "PNG", icc_profile=profile))
    assert np.asarray(picture, int)[..., 0] == pytest.approx(np.asarray(gradient, int), abs=1)


def test_transparency_is_kept_apart(gradient: Image.Image) -> None:
    rgba = gradient.convert("RGBA")
    rgba.putalpha(gradient)
    photograph = read(_encoded(rgba, "PNG"))
    assert photograph.mode == "RGBA"
    assert np.array_equal(np.asarray(photograph.getchannel("A")), np.asarray(gradient))


def test_a_palette_with_a_transparent_color_is_transparent(gradient: Image.Image) -> None:
    photograph = read(_encoded(gradient.convert("P"), "GIF", transparency=255))
    assert photograph.getchannel("A").getextrema() == (0, 255)


def test_a_picture_object_is_left_as_it_is(gradient: Image.Image) -> None:
    before = gradient.tobytes(), gradient.mode, gradient.size
    read(gradient)
    assert (gradient.tobytes(), gradient.mode, gradient.size) == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a picture"),
        (b"GIF89a", "is not a picture"),
        (b"Dear grandmother,\n" * 50, "is not a picture"),
    ],
)
def test_what_is_not_a_picture_is_named(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=reason) as caught:
        read(path)
    assert caught.value.source == str(path)
    assert "\n" not in str(caught.value)


def test_a_path_that_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"absent\.jpg: no such file"):
        read(tmp_path / "absent.jpg")
    with pytest.raises(PictureError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(PictureError, match="is not a file"):
        read("/dev/null")
    with pytest.raises(PictureError):
        read("x" * 5000)
    with pytest.raises(PictureError):
        read("null\0byte.jpg")


def test_a_decompression_bomb_is_refused_before_it_goes_off() -> None:
    # A PNG's header claims 60,000 x 60,000 pixels; nothing follows that could be so large.
    header = b"IHDR" + (60_000).to_bytes(4) * 2 + b"\x08\x00\x00\x00\x00"
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    png = b"\x89PNG\r\n\x1a\n"
    for chunk in (header, data, b"IEND"):
        png += (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    with pytest.raises(PictureError, match=r"more than 179 megapixels.*reduce it first"):
        read(png)


_SMALL = Image.effect_noise((48, 32), 60).convert("RGB")
_FILES = {name: _encoded(_SMALL, name) for name in ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP", "PPM")}


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "PPM"])
def test_half_a_file_is_damaged(name: str) -> None:
    with pytest.raises(PictureError, match=r"is damaged|is not a picture"):
        read(_FILES[name][: len(_FILES[name]) // 2])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(st.sampled_from(sorted(_FILES)), st.data())
def test_no_damage_whatever_escapes_as_another_error(name: str, data: st.DataObject) -> None:
    content = bytearray(_FILES[name])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)))
    with contextlib.suppress(PictureError):
        assert read(bytes(content[:end])).width > 0
