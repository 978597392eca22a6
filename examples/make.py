"""Make the example photographs from the pictures in scikit-image's wheel: ``python examples/make.py``.

Needs nothing but the development environment. Sources and licenses are in README.md beside this file.
"""

from pathlib import Path

import skimage.data
from PIL import Image, ImageOps

SIDE = 512
QUALITY = 85

PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "coffee", "rocket")
SEPIA = "chelsea"


def main() -> None:
    """Write every photograph of the folder."""
    folder = Path(__file__).parent
    for name in PHOTOGRAPHS:
        picture = Image.fromarray(getattr(skimage.data, name)())
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        grey = picture.convert("L")
        grey.save(folder / f"{name}.jpg", quality=QUALITY, optimize=True)
        if name == SEPIA:
            toned = ImageOps.colorize(grey, black="#1c0f06", mid="#8f6f4f", white="#fbf0d9")
            toned.save(folder / f"{name}-sepia.jpg", quality=QUALITY, optimize=True)


if __name__ == "__main__":
    main()
