"""An original and its pages' chroma to a colored file."""

import functools
import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from photochrom_contract.files import heif, jpeg, jpeg2000, orientation, png16, tiff_writing
from photochrom_contract.files.carrying import SRGB_PROFILE, carried
from photochrom_contract.files.formats import Format
from photochrom_contract.files.metadata import Metadata
from photochrom_contract.files.original import Original
from photochrom_contract.files.page import Chroma, Page
from photochrom_contract.files.provenance import Provenance
from photochrom_contract.unreadable import UnreadableError
from photochrom_contract.upsampling import Upsampling

_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "AVIF": {"quality": 90, "subsampling": "4:4:4"},
    "HEIF": {"quality": 90, "chroma": 444},
    "JPEG": {"quality": 95, "subsampling": 0},
    "JPEG2000": {"irreversible": False},
    "PNG": {"compress_level": 3},  # of 9: nearly as small as the default, in half its time
    "WEBP": {"quality": 95, "method": 4},
}


def encode(
    original: Original,
    chroma: Sequence[Chroma],
    file: BinaryIO,
    form: Format,
    *,
    provenance: Provenance | None = None,
    saturation: float = 1.0,
    upsampling: Upsampling = "guided",
) -> None:
    """Write the colored copy of an original.

    :param chroma: of each page, in order, upright.
    :param file: open for binary writing, and seekable.
    :param form: a format without transparency shows the picture on white; one without pages holds the
        first.
    :param provenance: written into the metadata, where the format has any. Only a TIFF has metadata of each
        page; other formats have that of the first.
    :param saturation: a factor on the chroma, 0 (grey) to 2.
    :raises ValueError: if there is not one chroma plane a page.
    :raises OSError: if the file cannot be written.
    :raises UnreadableError: if a page is damaged, or has more pixels than its format can be written with.
    """
    if len(chroma) != len(original.pages):
        raise ValueError(f"{len(chroma)} chroma planes for {len(original.pages)} pages")
    pages = original.pages if form.holds_pages else original.pages[:1]

    def said(page: Page) -> Metadata:
        turn = page.rows.orientation if form.holds_orientation else orientation.AS_STORED
        return carried(page.metadata(), form, turn, provenance)

    color = functools.partial(Page.colored, saturation=saturation, upsampling=upsampling)
    if form.name == "TIFF":
        tiff_writing.write(
            file,
            pages,
            chroma,
            map(said, pages),
            saturation=saturation,
            upsampling=upsampling,
            big=bool(original.encoding.get("bigtiff")),
        )
    elif form.name == "PPM":
        _write_ppm(file, pages[0], color(pages[0], chroma[0]), provenance)
    elif form.name == "PNG" and len(pages) == 1 and pages[0].rows.bits > 8:
        rows = pages[0].rows
        size = rows.width, rows.height
        png16.write(file, color(pages[0], chroma[0]), size, has_alpha=rows.has_alpha, metadata=said(pages[0]))
    else:
        metadata = said(pages[0])
        pictures = [
            picture_of(page, plane, saturation, upsampling, upright=not form.holds_orientation)
            for page, plane in zip(pages, chroma, strict=False)
        ]
        options = dict(original.encoding) if form.name == original.format else {}
        if len(pages) > 1:
            options |= {"save_all": True, "append_images": pictures[1:]}
            options |= {"duration": [round(page.duration()) for page in pages], "loop": metadata.loop or 0}
        save(pictures[0], file, form, metadata, **options)


def save(
    picture: Image.Image, file: BinaryIO, form: Format, metadata: Metadata | None = None, **options: Any
) -> None:
    """Write one picture in sRGB; a format without transparency shows it on white."""
    said = metadata or Metadata()
    shown = picture if form.holds_alpha else on_white(picture)
    settings: dict[str, Any] = _OPTIONS.get(form.name, {}) | {"icc_profile": SRGB_PROFILE} | options
    if form.holds_dpi and said.dpi:
        settings["dpi"] = said.dpi
    if form.holds_exif and said.exif:
        settings["exif"] = said.exif
    if form.name in ("AVIF", "HEIF", "WEBP") and said.xmp:
        settings["xmp"] = said.xmp
    if form.name == "JPEG":
        settings = jpeg.settings(said, settings)
    elif form.name == "PNG":
        settings["pnginfo"] = _png_info(said)
    elif form.name == "HEIF":
        heif.register()
    if form.name == "JPEG2000":
        stream = io.BytesIO()
        comment = said.comment[: jpeg2000.LONGEST_COMMENT]
        shown.save(stream, form.name, comment=comment or None, **_OPTIONS[form.name])
        file.write(jpeg2000.with_metadata(stream.getvalue(), said))
    else:
        shown.save(file, form.name, **settings)


def picture_of(
    page: Page,
    chroma: Chroma,
    saturation: float = 1.0,
    upsampling: Upsampling = "guided",
    *,
    upright: bool = True,
) -> Image.Image:
    """A page with color, as a Pillow picture in sRGB of mode ``RGB`` or ``RGBA``, 8 bits a channel.

    :raises UnreadableError: if it has more pixels than Pillow takes.
    """
    rows = page.rows
    limit = 2 * Image.MAX_IMAGE_PIXELS if Image.MAX_IMAGE_PIXELS else None
    if limit is not None and rows.width * rows.height > limit:
        raise UnreadableError(f"has more than {limit / 1e6:.0f} megapixels: color it into a .tif")
    pixels = np.empty((rows.height, rows.width, 4 if rows.has_alpha else 3), np.uint8)
    top = 0
    for strip in page.colored(chroma, saturation, upsampling):
        pixels[top : top + len(strip)] = strip if strip.dtype == np.uint8 else strip >> 8
        top += len(strip)
    if upright and rows.orientation != orientation.AS_STORED:
        channels = orientation.to_upright(np.moveaxis(pixels, -1, 0), rows.orientation)
        pixels = np.ascontiguousarray(np.moveaxis(channels, 0, -1))
    return Image.fromarray(pixels)


def on_white(picture: Image.Image) -> Image.Image:
    """A picture as a format without transparency shows it."""
    if picture.mode != "RGBA":
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _png_info(metadata: Metadata) -> PngInfo:
    info = PngInfo()
    if metadata.xmp:
        info.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
    for keyword, text in metadata.png_text().items():
        info.add_itxt(keyword, text)
    return info


def _write_ppm(
    file: BinaryIO, page: Page, strips: Iterator[npt.NDArray[Any]], provenance: Provenance | None
) -> None:
    """Netpbm's PPM, binary, of 8 or 16 bits; upright, for it holds no orientation."""
    pixels: Iterator[npt.NDArray[Any]] = strips
    if page.rows.orientation != orientation.AS_STORED or page.rows.has_alpha:
        whole = np.concatenate(list(strips))
        if page.rows.has_alpha:
            top = np.iinfo(whole.dtype).max
            alpha = whole[..., 3:].astype(np.float32) / top
            whole = np.rint(whole[..., :3] * alpha + top * (1 - alpha)).astype(whole.dtype)
        channels = orientation.to_upright(np.moveaxis(whole, -1, 0), page.rows.orientation)
        pixels = iter([np.moveaxis(channels, 0, -1)])
    first = next(pixels)
    upright = page.rows.orientation < 5
    width, height = (page.rows.width, page.rows.height)[:: 1 if upright else -1]
    comment = f"# {provenance.sentence}\n" if provenance else ""
    file.write(f"P6\n{comment}{width} {height}\n{np.iinfo(first.dtype).max}\n".encode())
    for strip in (first, *pixels):
        file.write(np.ascontiguousarray(strip, strip.dtype.newbyteorder(">")).tobytes())
