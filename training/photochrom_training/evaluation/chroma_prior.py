"""How often each color occurs in the training photographs: the prior that rebalanced AuC weighs pixels by.

``chroma_prior.csv`` holds the 313 bins of the a*b* plane that sRGB can show, spaced 10 CIE units (Zhang,
Isola, Efros, *Colorful Image Colorization*, 2016, section 2.1), and each one's share of the pixels of the
training shards. To take it anew, from every seventh pixel of each photograph::

    python -m photochrom_training.evaluation.chroma_prior train-*.tar
"""

import csv
import functools
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from photochrom_training.evaluation.test_set import Photograph, TestSet

_FILE = Path(__file__).with_suffix(".csv")
_FLOOR = 2e-4  # of a bin's share: keeps colors that training hardly has from outweighing all others
_EVERY = 7  # pixels; odd, so that no column of a photograph is passed over
_HALF = 110  # the plane is looked up by cells of one CIE unit within -110 to 110


def rebalancing_weights(chroma: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """One over the share of each pixel's bin: ``(2, h, w)`` a* and b* to ``(h, w)``."""
    _, shares = load()
    weights = 1 / np.maximum(shares, _FLOOR)
    return np.asarray(weights[_bin_of_cell()[_cells(chroma)]], np.float32)


@functools.cache
def load() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """The bins' centers ``(313, 2)``, CIE units, and their shares ``(313,)``."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = [(float(row["a"]), float(row["b"]), float(row["share"])) for row in csv.DictReader(file)]
    table = np.array(rows)
    return table[:, :2].astype(np.float32), table[:, 2]


def measure(photographs: Iterable[Photograph]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The bins' shares ``(313,)`` in the photographs' pixels, and their mean a* and b* ``(2,)``."""
    centers, _ = load()
    counts = np.zeros(len(centers), np.int64)
    total = np.zeros(2)
    for one in photographs:
        chroma = one.chroma.reshape(2, 1, -1)[..., ::_EVERY]
        counts += np.bincount(_bin_of_cell()[_cells(chroma)].ravel(), minlength=len(centers))
        total += chroma.sum(axis=(1, 2), dtype=np.float64)
    return counts / counts.sum(), total / counts.sum()


@functools.cache
def _bin_of_cell() -> npt.NDArray[np.intp]:
    """The nearest bin of each cell, by its middle: ``(220, 220)`` indices."""
    centers, _ = load()
    middles = np.arange(-_HALF, _HALF, dtype=np.float32) + 0.5
    a, b = np.meshgrid(middles, middles, indexing="ij")
    return np.asarray(
        np.argmin((a[..., None] - centers[:, 0]) ** 2 + (b[..., None] - centers[:, 1]) ** 2, -1)
    )


def _cells(chroma: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    cells = np.clip(np.floor(chroma).astype(np.intp) + _HALF, 0, 2 * _HALF - 1)
    return cells[0], cells[1]


def _main() -> None:
    shares, mean = measure(one for shard in sys.argv[1:] for one in TestSet.open(Path(shard)))
    centers, _ = load()
    with _FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["a", "b", "share"])
        writer.writerows(
            [f"{a:g}", f"{b:g}", f"{share:.3g}"] for (a, b), share in zip(centers, shares, strict=True)
        )
    print(f"{_FILE.name} written; mean a* {mean[0]:.3f}, mean b* {mean[1]:.3f}")


if __name__ == "__main__":
    _main()
