"""Make the README's picture, with the embedded server: ``python examples/before_after.py``."""

from pathlib import Path

from PIL import Image, ImageOps

from photochrom import Colorizer

PHOTOGRAPHS = ("camera", "astronaut", "rocket")
SIDE = 300
GAP = 6


def main() -> None:
    """Grey above, colored below, one photograph beside the other."""
    folder = Path(__file__).parent
    width = (SIDE + GAP) * len(PHOTOGRAPHS) - GAP
    sheet = Image.new("RGB", (width, 2 * SIDE + GAP), "white")
    with Colorizer() as colorizer:
        for column, name in enumerate(PHOTOGRAPHS):
            path = folder / f"{name}.jpg"
            with Image.open(path) as before:
                pictures = (before.convert("RGB"), colorizer.colorize(path))
            for row, picture in enumerate(pictures):
                tile = ImageOps.fit(picture, (SIDE, SIDE), Image.Resampling.LANCZOS)
                sheet.paste(tile, (column * (SIDE + GAP), row * (SIDE + GAP)))
    sheet.save(folder / "before-after.jpg", quality=90, optimize=True)


if __name__ == "__main__":
    main()
