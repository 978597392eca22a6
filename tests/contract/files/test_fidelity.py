"""A colored copy is its original plus color: size, lightness, depth, transparency, pages, orientation."""

import io
import struct
import sys
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom_contract import lab
from photochrom_contract.files import formats, provenance
from photochrom_contract.files.original import open_original
from tests.contract.files import originals


@pytest.mark.parametrize("name", originals.FILES)
def test_lightness_stays_and_color_comes_in_every_format(name: str) -> None:
    data = originals.FILES[name]
    copy = originals.colored(data)
    before, after = originals.lightness(data), originals.lightness(copy)
    assert after.shape == before.shape
    assert np.abs(after - before).mean() < 0.5
    with Image.open(io.BytesIO(copy)) as picture:
        colorful = np.ptp(np.asarray(picture.convert("RGB"), int), axis=2).mean()
    assert colorful > 20 or name == "tiff with ccitt"  # black and white have no other color


@pytest.mark.parametrize("kind", formats.BY_NAME)
def test_every_format_is_written_from_every_depth(kind: str) -> None:
    for name in ("png", "tiff of 16 bits"):
        data = originals.FILES[name]
        copy = originals.colored(data, kind)
        assert Image.open(io.BytesIO(copy)).format == kind
        assert np.abs(originals.lightness(copy) - originals.lightness(data)).mean() < 0.5


@pytest.mark.parametrize("name", sorted(originals.FILES))
def test_a_copy_says_where_its_colors_are_from(name: str) -> None:
    copy = originals.colored(originals.FILES[name])
    with Image.open(io.BytesIO(copy)) as picture:
        if picture.format == "PPM":
            assert originals.PROVENANCE.sentence.encode() in copy[:300]
        elif picture.format != "BMP":  # which has no place for it
            assert provenance.read(io.BytesIO(copy)) == originals.PROVENANCE
    assert provenance.read(io.BytesIO(originals.FILES[name])) is None


@pytest.mark.parametrize(
    "name", ["tiff of 16 bits", "tiff in tiles", "bigtiff", "tiff of 16 bits, big-endian"]
)
def test_a_tiff_of_16_bits_keeps_them(name: str) -> None:
    copy = originals.colored(originals.FILES[name])
    with tifffile.TiffFile(io.BytesIO(copy)) as file:
        values = file.asarray()
        assert file.is_bigtiff == (name == "bigtiff")
    assert (values.dtype.name, values.shape) == ("uint16", (256, 256, 3))
    assert len(np.unique(values[..., 1])) > 2000  # 8 bits have 256
    assert np.abs(originals.lightness(copy) - originals.lightness(originals.FILES[name])).max() < 0.3


def test_a_png_of_16_bits_keeps_them() -> None:
    copy = originals.colored(originals.FILES["png of 16 bits"])
    values = imagecodecs.png_decode(copy)
    assert (values.dtype.name, values.shape) == ("uint16", (256, 256, 3))
    in_tiff = originals.colored(originals.FILES["tiff of 16 bits"])
    assert np.abs(values.astype(int) - tifffile.imread(io.BytesIO(in_tiff))).max() <= 4


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_a_png_of_16_bits_with_colors_or_alpha_keeps_them(channels: int) -> None:
    sepia = np.stack([originals.DEEP, originals.DEEP * 0.9, originals.DEEP * 0.7], axis=-1)
    alpha = originals.DEEP.T[..., np.newaxis]
    parts = {2: (originals.DEEP[..., np.newaxis], alpha), 3: (sepia,), 4: (sepia, alpha)}[channels]
    pixels = np.concatenate(parts, axis=-1).astype(np.uint16)
    copy = imagecodecs.png_decode(originals.colored(bytes(imagecodecs.png_encode(pixels))))
    assert (copy.dtype.name, copy.shape) == ("uint16", (256, 256, 3 if channels == 3 else 4))
    if channels != 3:
        assert np.array_equal(copy[..., 3], alpha[..., 0])
    rgb = pixels[..., :3] if channels > 2 else np.repeat(pixels[..., :1], 3, axis=-1)
    before, after = (lab.rgb_to_lab(each / 65535)[..., 0] for each in (rgb, copy[..., :3]))
    assert np.median(np.abs(after - before)) < 0.005  # at 8 bits a tenth
    assert np.abs(after - before).max() < 0.2


def test_a_png_of_16_bits_is_read_at_8_without_imagecodecs(monkeypatch: pytest.MonkeyPatch) -> None:
    file = bytes(imagecodecs.png_encode(np.repeat(originals.DEEP[..., np.newaxis], 3, axis=-1)))
    deep = originals.lightness(file)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    shallow = originals.lightness(file)
    assert 0 < np.abs(shallow - deep).max() < 0.5


def test_the_color_that_a_png_of_16_bits_declares_transparent_is_transparent() -> None:
    pixels = np.repeat(originals.DEEP[..., np.newaxis], 3, axis=-1)
    file = bytes(imagecodecs.png_encode(pixels))
    color = struct.pack(">4sHHH", b"tRNS", *map(int, pixels[9, 40]))
    place = file.index(b"IDAT") - 4
    chunk = struct.pack(">I", 6) + color + struct.pack(">I", zlib.crc32(color))
    copy = imagecodecs.png_decode(originals.colored(file[:place] + chunk + file[place:]))
    assert np.array_equal(copy[..., 3] == 0, (pixels == pixels[9, 40]).all(axis=-1))


def test_transparency_is_kept() -> None:
    for kind in ("PNG", "TIFF", "WEBP"):
        copy = originals.colored(originals.FILES["png with alpha"], kind, saturation=0.5)
        with Image.open(io.BytesIO(copy)) as picture:
            assert np.array_equal(np.asarray(picture.getchannel("A")), originals.GREYS)
    opaque = Image.open(io.BytesIO(originals.colored(originals.FILES["png with alpha"], "JPEG")))
    assert opaque.mode == "RGB"  # on white
    assert np.asarray(opaque.convert("L"))[originals.GREYS < 20].mean() > 230


def test_every_page_of_a_scan_is_colored() -> None:
    stack = np.stack([originals.GREYS, originals.GREYS[::-1], originals.GREYS.T])
    data = originals.tiff(stack, photometric="minisblack")
    copy = originals.colored(data)
    with open_original(io.BytesIO(copy)) as original:
        assert len(original.pages) == 3
    for page in range(3):
        assert np.abs(originals.lightness(copy, page) - originals.lightness(data, page)).mean() < 0.5


@pytest.mark.parametrize(
    ("kind", "written"), [("GIF", "PNG"), ("WEBP", "WEBP"), ("PNG", "PNG"), ("AVIF", "AVIF")]
)
def test_an_animation_stays_one_with_its_durations(kind: str, written: str) -> None:
    frames = [originals.CAMERA.rotate(angle).resize((96, 96)).convert("RGB") for angle in (0, 90, 180)]
    data = originals.encoded(
        frames[0], kind, save_all=True, append_images=frames[1:], duration=[100, 200, 300]
    )
    with Image.open(io.BytesIO(originals.colored(data))) as copy:
        assert (copy.format, copy.n_frames) == (written, 3)  # type: ignore[attr-defined]
        durations = []
        for frame in range(3):
            copy.seek(frame)
            copy.load()
            durations.append(copy.info["duration"])
    assert durations == [100, 200, 300]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "JPEG2000", "PPM", "BMP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_copy_is_shown_as_its_original_is(kind: str, turn: int) -> None:
    stored = originals.CAMERA.resize((64, 48)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = turn
    data = originals.encoded(stored, "JPEG", quality=95, exif=exif)
    copy = originals.colored(data, kind)
    assert np.abs(shown(copy) - shown(data)).mean() < 1
    with open_original(io.BytesIO(copy)) as original:
        holds = formats.BY_NAME[kind].holds_orientation
        assert original.pages[0].rows.orientation == (turn if holds else 1)


def shown(data: bytes) -> np.ndarray:
    """L* of a file's picture, as a viewer turns it."""
    with open_original(io.BytesIO(data)) as original:
        page = original.pages[0]
        return page.plane(48).astype(int) / 2.55


def test_jpeg_is_as_fine_as_it_was() -> None:
    coarse, fine = (
        Image.open(io.BytesIO(originals.colored(originals.FILES[f"jpeg of quality {quality}"])))
        for quality in (75, 95)
    )
    given = Image.open(io.BytesIO(originals.FILES["jpeg of quality 95"])).quantization  # type: ignore[attr-defined]
    assert fine.quantization[0] == [min(step, 6) for step in given[0]]  # type: ignore[attr-defined]
    assert sum(coarse.quantization[0]) > sum(fine.quantization[0])  # type: ignore[attr-defined]
    assert coarse.layer[0][1:3] == coarse.layer[1][1:3]  # type: ignore[attr-defined]  # 4:4:4
