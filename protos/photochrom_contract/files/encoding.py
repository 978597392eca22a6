"""An original and its pages' chroma to a colored file."""

from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import numpy as np
from PIL import Image, ImageCms

from photochrom_contract.files import orientation
from photochrom_contract.files.formats import Format
from photochrom_contract.files.original import Original
from photochrom_contract.files.page import Chroma, Page, colored
from photochrom_contract.files.provenance import Provenance

_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "AVIF": {"quality": 90},
    "JPEG": {"quality": 95, "subsampling": 0},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {"quality": 95},
}


_HOLD_XMP: Final = ("AVIF", "JPEG", "WEBP")
_SRGB: Final[bytes] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def encode(
    original: Original,
    chroma: Sequence[Chroma],
    file: BinaryIO,
    form: Format,
    *,
    provenance: Provenance | None = None,
    saturation: float = 1.0,
) -> None:
    """Write the colored copy of an original.

    :param chroma: of each page, in order, upright.
    :param file: open for binary writing, and seekable.
    :param form: a format without transparency shows the picture on white; one without pages holds the
        first.
    :param provenance: written into the metadata, where the format has any.
    :param saturation: a factor on the chroma, 0 (grey) to 2.
    :raises ValueError: if there is not one chroma plane a page.
    :raises OSError: if the file cannot be written.
    :raises UnreadableError: if a page is damaged.
    """
    if len(chroma) != len(original.pages):
        raise ValueError(f"{len(chroma)} chroma planes for {len(original.pages)} pages")
    pages = original.pages if form.holds_pages else original.pages[:1]
    pictures = [
        picture_of(page, plane, saturation, upright=not form.holds_orientation)
        for page, plane in zip(pages, chroma, strict=False)
    ]
    first, *rest = pictures
    metadata = original.metadata
    options: dict[str, Any] = {}
    if rest:
        options |= {"save_all": True, "append_images": rest}
        if pages[0].duration:
            options["duration"] = [round(page.duration) for page in pages]
    if metadata.exif and form.holds_orientation:
        options["exif"] = metadata.exif
    if metadata.dpi:
        options["dpi"] = metadata.dpi
    if provenance is not None and form.name in _HOLD_XMP:
        options["xmp"] = provenance.packet()
    save(first, file, form, **options)


def save(picture: Image.Image, file: BinaryIO, form: Format, **options: Any) -> None:
    """Write one picture in sRGB; a format without transparency shows it on white."""
    shown = picture if form.holds_alpha else on_white(picture)
    shown.save(file, form.name, icc_profile=_SRGB, **(_OPTIONS.get(form.name, {}) | options))


def picture_of(page: Page, chroma: Chroma, saturation: float = 1.0, *, upright: bool = True) -> Image.Image:
    """A page with color, as a Pillow picture in sRGB of mode ``RGB`` or ``RGBA``."""
    pixels = np.concatenate(list(colored(page, chroma, saturation)))
    if upright and page.orientation != orientation.AS_STORED:
        channels = np.moveaxis(pixels, -1, 0)
        pixels = np.moveaxis(orientation.to_upright(channels, page.orientation), 0, -1)
    return Image.fromarray(np.ascontiguousarray(pixels))


def on_white(picture: Image.Image) -> Image.Image:
    """A picture as a format without transparency shows it."""
    if picture.mode != "RGBA":
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white
