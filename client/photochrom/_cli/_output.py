"""Where colored pictures go, and how they get there whole."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image

from photochrom import _pictures
from photochrom._errors import PictureError
from photochrom_contract.photograph import Prepared

# The formats that hold full color, by their files' extensions, and how to write each.
_FORMATS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    ".avif": ("AVIF", {"quality": 90}),
    ".bmp": ("BMP", {}),
    ".jp2": ("JPEG2000", {}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".png": ("PNG", {}),
    ".ppm": ("PPM", {}),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}),
    ".tiff": ("TIFF", {"compression": "tiff_lzw"}),
    ".webp": ("WEBP", {"quality": 95}),
}
_OPAQUE: Final = frozenset({".bmp", ".jpeg", ".jpg", ".ppm"})


class Outputs:
    """The outputs of one command: never onto an input, and no two onto one file."""

    def __init__(self, inputs: Sequence[Path], output: Path | None) -> None:
        """Choose where they go.

        :param output: for one input a file, if it has an extension; otherwise a folder, which need
            not exist. ``None`` for ``<stem>-color`` beside each input.
        :raises PictureError: for a file whose extension names no format for full color, and for a
            file where there are several inputs.
        """
        self._inputs = {path.resolve() for path in inputs}
        self._taken: set[Path] = set()
        self._file: Path | None = None
        self._folder: Path | None = output
        if output is None or output.is_dir():
            return
        is_color = output.suffix.lower() in _FORMATS
        if len(inputs) > 1 and (is_color or output.exists()):
            raise PictureError(str(output), f"is one file for {len(inputs)} pictures: name a folder")
        if len(inputs) == 1 and output.suffix:
            self._file, self._folder = output, None
            if not is_color:
                known = " ".join(sorted(_FORMATS))
                raise PictureError(
                    str(output), f"its extension names no format for full color; use one of {known}"
                )

    def of(self, path: Path, *, transparent: bool) -> Path:
        """The file for the colored picture of ``path``: in its format if that holds it, or else in PNG."""
        if self._file is not None:
            return self._claim(self._file)
        suffix = path.suffix
        if suffix.lower() not in _FORMATS or (transparent and suffix.lower() in _OPAQUE):
            suffix = ".png"
        folder = path.parent if self._folder is None else self._folder
        return self._claim(folder / f"{path.stem}-color{suffix}")

    def beside(self, output: Path) -> Path:
        """The file for the comparison that goes with ``output``."""
        return self._claim(output.with_stem(f"{output.stem}-compare"))

    def _claim(self, output: Path) -> Path:
        resolved = output.resolve()
        if resolved in self._inputs:
            raise PictureError(str(output), "is one of the pictures to color: choose another output (-o)")
        if resolved in self._taken:
            raise PictureError(
                str(output), "is the output of two pictures: color them one by one, each with -o"
            )
        self._taken.add(resolved)
        return output


def write(picture: Image.Image, output: Path) -> None:
    """Write a picture in the format of its file's extension: the whole file or none.

    A format without transparency shows the picture on white.

    :raises PictureError: if it cannot be written.
    """
    suffix = output.suffix.lower()
    name, options = _FORMATS[suffix]
    # Short: the output's own name may be as long as the file system allows.
    partial = output.with_name(f".{secrets.token_hex(8)}.part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        _on_white(picture, always=suffix in _OPAQUE).save(partial, name, **options)
        partial.replace(output)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PictureError(str(output), f"cannot be written: {reason}") from error
    finally:
        _remove(partial)


def comparison(before: Prepared, after: Image.Image) -> Image.Image:
    """The photograph as it was and as it is colored, side by side."""
    gap = max(1, after.width // 64)
    strip = Image.new("RGB", (2 * after.width + gap, after.height), "white")
    strip.paste(_on_white(_pictures.shown(before)), (0, 0))
    strip.paste(_on_white(after), (after.width + gap, 0))
    return strip


def _on_white(picture: Image.Image, *, always: bool = True) -> Image.Image:
    if picture.mode != "RGBA" or not always:
        return picture
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _remove(partial: Path) -> None:
    try:
        partial.unlink(missing_ok=True)
    except OSError:  # its folder is none, or not ours: then there is no partial file either
        return
