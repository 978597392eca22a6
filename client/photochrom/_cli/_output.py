"""Where colored pictures go, and how they get there whole."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from photochrom._cli._streams import STREAM
from photochrom._errors import PictureError
from photochrom._photographs import format_of
from photochrom._replacing import replacing
from photochrom_contract.files import encoding, formats


class Outputs:
    """The outputs of one command: never onto an input, and no two onto one file."""

    def __init__(self, inputs: Sequence[Path], output: Path | None) -> None:
        """Choose where they go.

        :param output: for one input a file, if it has an extension; otherwise a folder, which need
            not exist. ``None`` for ``<stem>-color`` beside each input.
        :raises PictureError: for a file whose extension names no format for full color, and for a
            file where there are several inputs.
        """
        self._inputs = {path.resolve() for path in inputs if path != STREAM}
        self._taken: set[Path] = set()
        self._file: Path | None = None
        self._folder: Path | None = output
        if output is None or output.is_dir():
            return
        is_color = formats.of_path(output) is not None
        if len(inputs) > 1 and (is_color or output.exists()):
            raise PictureError(str(output), f"is one file for {len(inputs)} pictures: name a folder")
        if len(inputs) == 1 and output.suffix:
            self._file, self._folder = output, None
            format_of(output)  # or else it says which there are

    def of(self, path: Path, suffix: str) -> Path:
        """The file for the colored picture of ``path``, with an extension unless a file was named."""
        if self._file is not None:
            return self._claim(self._file)
        folder = path.parent if self._folder is None else self._folder
        stem = "photograph" if path == STREAM else path.stem
        return self._claim(folder / f"{stem}-color{suffix}")

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


def write_comparison(before: Image.Image, after: Image.Image, output: Path) -> None:
    """Write the photograph as it was and as it is colored, side by side.

    :raises PictureError: if it cannot be written.
    """
    gap = max(1, after.width // 64)
    strip = Image.new("RGB", (2 * after.width + gap, after.height), "white")
    strip.paste(encoding.on_white(before), (0, 0))
    strip.paste(encoding.on_white(after), (after.width + gap, 0))
    with replacing(output) as file:
        encoding.save(strip, file, format_of(output))
