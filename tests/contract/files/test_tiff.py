"""TIFFs whose strips or tiles are larger than the picture: a little, as many are, or vastly, as bombs are."""

import io
import json
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from photochrom_contract.unreadable import UnreadableError
from tests.contract.files import originals, tiffs

ROOT = Path(__file__).parents[3]

COLORS = np.dstack([originals.GREYS, originals.GREYS.T, originals.GREYS[::-1]])
LAYOUTS: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
    "raw": (originals.GREYS, {}),
    "deflate": (originals.GREYS, {"compression": "zlib"}),
    "16 bits, predictor": (originals.DEEP, {"compression": "zlib", "predictor": True}),
    "16 bits, big-endian": (originals.DEEP, {"compression": "zlib", "predictor": True, "byteorder": ">"}),
    "16 bits, raw, big-endian": (originals.DEEP, {"byteorder": ">"}),
    "lzw": (originals.GREYS, {"compression": "lzw", "predictor": True}),
    "packbits": (originals.GREYS, {"compression": "packbits"}),
    "zstd": (originals.GREYS, {"compression": "zstd"}),
    "colors": (COLORS, {"photometric": "rgb", "compression": "zlib", "predictor": True}),
    "planes": (COLORS, {"photometric": "rgb", "planarconfig": "separate", "compression": "zlib"}),
}


@pytest.mark.parametrize("codecs", ["with imagecodecs", "without"])
@pytest.mark.parametrize("tile", [(16, 16), (64, 128), (256, 256), (512, 512), (2048, 2048)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_tiles_may_reach_beyond_the_picture(
    layout: str, tile: tuple[int, int], codecs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, options = LAYOUTS[layout]
    for height, width in ((200, 249), (256, 256), (64, 64), (40, 50), (250, 100), (17, 250)):
        pixels = values[:height, :width]
        planes = np.moveaxis(pixels, -1, 0) if layout == "planes" else pixels
        data = originals.tiff(planes, tile=tile, **options)
        with monkeypatch.context() as patch:
            if codecs == "without":
                patch.setitem(sys.modules, "imagecodecs", None)
            read = originals.lightness(data)
        kind = {"photometric": "rgb"} if pixels.ndim > 2 else {}
        assert read.shape == (height, width)
        assert np.abs(read - originals.lightness(originals.tiff(pixels, **kind))).max() < 1e-3


def test_a_picture_in_partial_tiles_is_colored_as_one_in_strips() -> None:
    pixels = originals.GREYS[:200, :249]
    in_tiles, in_strips = (
        tifffile.imread(io.BytesIO(originals.colored(originals.tiff(pixels, **options))))
        for options in ({"tile": (64, 512), "compression": "zlib"}, {})
    )
    assert in_tiles.shape == (200, 249, 3)
    assert np.array_equal(in_tiles, in_strips)


def test_each_page_has_tiles_of_its_own() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for side, tile in ((200, 256), (249, 64), (30, 512)):
            writer.write(originals.GREYS[:side, :side], tile=(tile, tile), compression="zlib", metadata=None)
    for page, side in enumerate((200, 249, 30)):
        expected = originals.lightness(originals.tiff(originals.GREYS[:side, :side]))
        assert np.array_equal(originals.lightness(file.getvalue(), page), expected)


def test_the_last_strip_may_be_as_high_as_the_others() -> None:
    rows = originals.GREYS[:64, :64]
    strips = [zlib.compress(rows[:40].tobytes()), zlib.compress(rows[40:].tobytes() + bytes(16 * 64))]
    data = tiffs.made(8, {278: (3, [40])}, *strips)
    assert np.array_equal(originals.lightness(data), originals.lightness(originals.tiff(rows)))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (tiffs.made(8, {}, zlib.compress(bytes(64 * 63))), "its pixels end too early"),
        (
            tiffs.made(8, {}, zlib.compress(originals.GREYS[:64, :64].tobytes())[:200]),
            "its pixels end too early",
        ),
        (tiffs.tiled(8, zlib.compress(bytes(32 * 32)), 32), "a part of its pixels is missing"),
        (tiffs.tiled(1, bytes(128 * 50), 128), "its pixels end too early"),
        (tiffs.tiled(8, zlib.compress(bytes(64 * 64)), 0), "does not say how large its tiles are"),
        (tiffs.made(8, {278: (3, [40])}, *[zlib.compress(bytes(41 * 64))] * 2), "holds more than its pixels"),
    ],
)
def test_what_is_damaged_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(UnreadableError, match=says):
        originals.lightness(data)


_READ = """
import io, json, sys
from pathlib import Path
if sys.argv[1] == "without":
    sys.modules["imagecodecs"] = None
from photochrom_contract.files.original import open_original
from photochrom_contract.unreadable import UnreadableError

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10

for path in sys.argv[2:]:
    before = peak()
    try:
        with open_original(io.BytesIO(Path(path).read_bytes())) as original:
            says = str(original.pages[0].plane(64).shape)
    except UnreadableError as error:
        says = str(error)
    print(json.dumps([says, peak() - before]))
"""
"""Linux's own measure: that of ``resource`` begins with what the process that started this one had."""


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux does")
@pytest.mark.parametrize("codecs", ["with imagecodecs", "without"])
def test_what_holds_far_more_than_the_picture_takes_no_memory_for_it(codecs: str, tmp_path: Path) -> None:
    read = "(64, 64)"
    expected = dict(tiffs.REFUSED) | {name: (data, read) for name, data in tiffs.CUT.items()}
    expected["strip, LZW"] = (tiffs.LZW_STRIP, read if codecs == "without" else "holds more than its pixels")
    paths = [tmp_path / f"{index}.tif" for index in range(len(expected) + 1)]
    for path, data in zip(
        paths, (originals.tiff(originals.GREYS), *(each for each, _ in expected.values())), strict=True
    ):
        path.write_bytes(data)
    command = [sys.executable, "-c", _READ, codecs, *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    for (name, (_, says)), (said, megabytes) in zip(expected.items(), answers[1:], strict=True):
        assert says in said, name
        assert megabytes < tiffs.SIDE**2 / 4e6, name  # of 67 that it holds
