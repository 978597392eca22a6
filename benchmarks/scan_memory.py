"""What memory a large scan takes: its colored copy is written strip by strip, from a TIFF in tiles.

The scan is generated, also strip by strip. Peak memory is the process's own, above what it had before the
scan was opened. Writes markdown.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile

from photochrom_contract.files import encoding, formats
from photochrom_contract.files.original import open_original

TILE = 512


def main() -> None:
    """Generate a scan, color it, and print a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=int, nargs="+", default=[25, 100, 200])
    print("| megapixels | decoded | peak above before | seconds |\n| ---: | ---: | ---: | ---: |")
    for megapixels in parser.parse_args().megapixels:
        with tempfile.TemporaryDirectory() as folder:
            print_row(Path(folder), megapixels)


def print_row(folder: Path, megapixels: int) -> None:
    """Color one scan of 16 bits, 4 to 3 in shape."""
    tiles = max(1, round((megapixels * 1e6 / 12) ** 0.5 / TILE))
    height, width = 3 * tiles * TILE, 4 * tiles * TILE
    scan = folder / "scan.tif"
    tifffile.imwrite(
        scan, generated(height, width), shape=(height, width), dtype=np.uint16, tile=(TILE, TILE),
        photometric="minisblack", compression="zlib", compressionargs={"level": 1},
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


def generated(height: int, width: int) -> Iterator[np.ndarray]:
    """Tiles of slopes and grain."""
    generator = np.random.default_rng(0)
    slope = np.arange(TILE, dtype=np.uint16) * 64
    for _ in range(height // TILE * (width // TILE)):
        yield slope[:, None] + slope[None] // 2 + generator.integers(0, 500, (TILE, TILE), np.uint16)


def peak() -> float:
    """The process's greatest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
