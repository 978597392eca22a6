"""What a photograph costs beside its remote call: 12 megapixels, against scikit-image's Lab in the same run.

Decoding and encoding are left out. Everything runs in turns, so that whatever else the machine does meets
all alike. Writes markdown.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from PIL import Image
from skimage import color, data

from photochrom_contract import fast_lab, lab, photograph, strips
from photochrom_contract.files.original import open_original

WIDTH, HEIGHT = 4000, 3000


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    picture = Image.fromarray(data.astronaut()).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    grey = picture.convert("L")
    rgb = np.asarray(picture)
    truth = color.rgb2lab(rgb)
    lightness = truth[..., 0].astype(np.float32)
    small = Image.fromarray(rgb).resize((48, 48), Image.Resampling.BOX)
    chroma = np.moveaxis(lab.rgb_to_lab(np.asarray(small, np.float32) / 255)[..., 1:], -1, 0)

    planes = [np.ascontiguousarray(truth[..., channel], np.float32) for channel in range(3)]

    def convert_back() -> None:
        """As lab2rgb does it, in its own colors, to 8 bits."""
        out = np.empty((HEIGHT, WIDTH, 3), np.uint8)

        def fill(rows: slice) -> None:
            fast_lab.encode_srgb(planes[0][rows], planes[1][rows], planes[2][rows], out[rows])

        for _ in strips.in_order(fill, strips.rows_of(HEIGHT, WIDTH)):
            pass

    def end_to_end(original_picture: Image.Image) -> None:
        with open_original(original_picture) as original:
            page = original.pages[0]
            page.plane(192)
            for _ in page.colored(chroma):
                pass

    actions: dict[str, Callable[[], object]] = {
        "scikit-image: rgb2lab": lambda: color.rgb2lab(rgb),
        "scikit-image: lab2rgb": lambda: color.lab2rgb(truth),
        "lightness of a color picture": lambda: photograph.lightness_of(picture),
        "lightness of a grey picture": lambda: photograph.lightness_of(grey),
        "Lab to sRGB alone": convert_back,
        "merge, guided": lambda: photograph.merge(lightness, chroma),
        "merge, bilinear": lambda: photograph.merge(lightness, chroma, upsampling="bilinear"),
        "end to end, color": lambda: end_to_end(picture),
        "end to end, grey": lambda: end_to_end(grey),
    }
    seconds = {name: [] for name in actions}  # type: dict[str, list[float]]
    for turn in range(rounds + 1):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    there, back = medians["scikit-image: rgb2lab"], medians["scikit-image: lab2rgb"]
    print(f"\n{WIDTH} x {HEIGHT} px, {strips.cores()} cores, medians of {rounds}\n")
    print("| | seconds | scikit-image's time over it |\n| --- | ---: | ---: |")
    for name, value in medians.items():
        base = there if "lightness" in name else back if name.startswith(("merge", "Lab")) else there + back
        ratio = "" if name.startswith("scikit") else f"{base / value:.1f}"
        print(f"| {name} | {value:.3f} | {ratio} |")
    print_errors(rgb, truth)


def print_errors(rgb: np.ndarray, truth: np.ndarray) -> None:
    """How far from scikit-image's values those by table are, L* there and L*a*b* back."""
    there = np.abs(photograph.lightness_of(Image.fromarray(rgb)) - truth[..., 0]).max()
    rows = slice(0, 300)
    planes = [np.ascontiguousarray(truth[rows, :, channel], np.float32) for channel in range(3)]
    out = np.empty((*planes[0].shape, 3), np.uint16)
    fast_lab.encode_srgb(planes[0], planes[1], planes[2], out)
    back = np.abs(color.rgb2lab(out / 65535) - truth[rows]).max(axis=(0, 1))
    print(f"\nGreatest error there: L* {there:.4f}; back, 16 bits: ", end="")
    print(", ".join(f"{name} {value:.4f}" for name, value in zip(("L*", "a*", "b*"), back, strict=True)))


if __name__ == "__main__":
    main()
