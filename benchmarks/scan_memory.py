"""What memory a large scan takes: its colored copy is written strip by strip, from a TIFF in tiles or strips.

The scan is generated, also strip by strip. Peak memory is that of a process of its own, above what it
had before the scan was opened. Writes markdown.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile

from photochrom_contract.files import encoding, formats
from photochrom_contract.files.original import open_original

TILE = 512
STRIP_ROWS = 64


def main() -> None:
    """Generate a scan, color it, and print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=int, nargs="+", default=[25, 100, 200])
    parser.add_argument("--layout", choices=["tiles", "strips"], default="tiles")
    arguments = parser.parse_args()
    print("| megapixels | decoded | peak above before | seconds |\n| ---: | ---: | ---: | ---: |")
    for megapixels in arguments.megapixels:
        with tempfile.TemporaryDirectory() as folder:
            # In a process of its own: a peak is one for its whole life.
            row = multiprocessing.get_context("spawn").Process(
                target=print_row, args=(Path(folder), megapixels, arguments.layout)
            )
            row.start()
            row.join()


def print_row(folder: Path, megapixels: int, layout: str) -> None:
    """Color one scan of 16 bits, 4 to 3 in shape."""
    tiles = max(1, round((megapixels * 1e6 / 12) ** 0.5 / TILE))
    height, width = 3 * tiles * TILE, 4 * tiles * TILE
    scan = folder / "scan.tif"
    piece = (TILE, TILE) if layout == "tiles" else (STRIP_ROWS, width)
    stored = {"tile": piece} if layout == "tiles" else {"rowsperstrip": STRIP_ROWS}
    tifffile.imwrite(
        scan, generated(height, width, piece), shape=(height, width), dtype=np.uint16, **stored,
        photometric="minisblack", compression="zlib",
    )  # fmt: skip
    before = peak()
    start = time.perf_counter()
    with open_original(str(scan)) as original, (folder / "copy.tif").open("xb+") as file:
        original.pages[0].plane(192)
        chroma = np.full((2, 48, 48), 15, np.float32)
        encoding.encode(original, [chroma], file, formats.BY_NAME["TIFF"])
    seconds = time.perf_counter() - start
    decoded = height * width * 2 / 1e6
    print(
        f"| {height * width / 1e6:.0f} | {decoded:.0f} MB | {peak() - before:.0f} MB | {seconds:.1f} |",
        flush=True,
    )


def generated(height: int, width: int, piece: tuple[int, int]) -> Iterator[bytes]:
    """Tiles or strips of slopes and grain, compressed."""
    generator = np.random.default_rng(0)
    down, across = (np.arange(length, dtype=np.uint16) % TILE * 64 for length in piece)
    for _ in range(height // piece[0] * (width // piece[1])):
        pixels = down[:, None] + across[None] // 2 + generator.integers(0, 500, piece, np.uint16)
        yield zlib.compress(pixels.tobytes(), 1)


def peak() -> float:
    """The process's greatest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
