"""The proof: what it compares, and what it refuses."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom_export import photographs
from photochrom_export.errors import InputError, ParityError
from photochrom_export.parity import Planes, onnx_predictor, prove
from tests import model_factory

SCENES = [np.linspace(0, 100, 60 * 80, dtype=np.float32).reshape(60, 80) for _ in range(3)]


def reference(lightness: Planes) -> Planes:
    """Chroma at half the size, within 0 to 50."""
    return np.repeat(lightness[:, :, ::2, ::2], 2, axis=1) * np.float32(0.5)


def test_every_size_alone_and_together() -> None:
    seen = []

    def candidate(lightness: Planes) -> Planes:
        seen.append(lightness.shape)
        return reference(lightness) + np.float32(0.01)

    parity = prove(reference, candidate, SCENES, (8, 16), bound=0.1)
    assert seen == [(1, 1, 8, 8)] * 3 + [(3, 1, 8, 8)] + [(1, 1, 16, 16)] * 3 + [(3, 1, 16, 16)]
    assert parity.largest == pytest.approx(0.01, abs=1e-4)
    assert parity.mean == pytest.approx(0.01, abs=1e-4)
    assert (parity.batches, parity.chroma_stride) == ((1, 3), 2)


def test_one_photograph_still_makes_a_batch() -> None:
    assert prove(reference, reference, SCENES[:1], (8,), bound=0).batches == (1, 2)


def test_one_bad_pixel_of_one_batch_is_enough() -> None:
    def candidate(lightness: Planes) -> Planes:
        chroma = reference(lightness)
        if len(lightness) > 1:
            chroma[-1, 1, 0, 0] += 0.2
        return chroma

    with pytest.raises(ParityError, match=r"up to 0\.2 a\*b\* units .* above the bound of 0\.1"):
        prove(reference, candidate, SCENES, (8,), bound=0.1)


def test_what_breaks_the_contract_is_refused() -> None:
    with pytest.raises(ParityError, match="the ONNX chroma is"):
        prove(reference, lambda lightness: reference(lightness)[..., 1:], SCENES, (8,), bound=1)
    with pytest.raises(ParityError, match="not finite"):
        prove(reference, lambda lightness: reference(lightness) * np.float32(np.nan), SCENES, (8,), bound=1)
    with pytest.raises(ParityError, match="leaves -110 to 110"):
        prove(lambda lightness: 3 * reference(lightness), reference, SCENES, (8,), bound=1)
    with pytest.raises(ParityError, match=r"must be .*, with a side that divides"):
        prove(lambda lightness: reference(lightness)[..., 1:], reference, SCENES, (8,), bound=1)


def test_a_graph_or_a_batch_that_the_runtime_does_not_take_is_refused() -> None:
    with pytest.raises(ParityError, match="ONNX Runtime does not take the graph: "):
        onnx_predictor(b"no graph")
    predict = onnx_predictor(model_factory.build_model().SerializeToString())
    with pytest.raises(ParityError, match="at size 8 x 8, batch 3: ONNX Runtime does not run the graph: "):
        predict(np.zeros((3, 2, 8, 8), np.float32))  # the graph takes one channel


def test_a_network_that_answers_everything_alike_proves_nothing() -> None:
    """What weights that silently were not loaded look like."""

    def beige(lightness: Planes) -> Planes:
        return 0 * reference(lightness) + np.reshape([3, 7], (2, 1, 1)).astype(np.float32)

    with pytest.raises(ParityError, match=r"with a\* 3, b\* 7 at every pixel, so nothing is proven"):
        prove(beige, beige, SCENES, (8,), bound=0.1)


def test_photographs_come_spread_evenly_from_folders_tars_and_files(tmp_path: Path) -> None:
    scenes = tmp_path / "scenes" / "deep"
    scenes.mkdir(parents=True)
    for value in range(16):
        Image.new("L", (4, 4), value * 16).save(scenes / f"{value:02}.png")
    (scenes / "notes.txt").write_text("not a picture")
    with tarfile.open(tmp_path / "scenes.tar", "w") as archive:
        archive.add(scenes, "scenes")
    folder = [float(plane[0, 0]) for plane in photographs.read([tmp_path / "scenes"])]
    assert len(folder) == photographs.ENOUGH
    assert folder == sorted(folder)
    assert folder[0] < 1
    assert folder[-1] > 80
    assert [float(plane[0, 0]) for plane in photographs.read([tmp_path / "scenes.tar"])] == folder
    assert len(photographs.read([scenes / "00.png", scenes / "01.png"])) == 2


def test_every_kind_of_picture_that_can_be_read_is_taken(tmp_path: Path) -> None:
    for value, suffix in enumerate([".png", ".GIF", ".jp2", ".ppm", ".tga"]):
        Image.new("L", (4, 4), value).save(tmp_path / f"{value}{suffix}")
    assert len(photographs.read([tmp_path])) == 5


@pytest.mark.parametrize("compression", ["", "gz", "xz"])
@pytest.mark.parametrize("kept", [0.4, 0.95])
def test_a_damaged_archive_is_named(tmp_path: Path, compression: str, kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    path = tmp_path / "noise.tar"
    with tarfile.open(path, f"w:{compression}") as archive:  # type: ignore[call-overload]
        for index in range(4):
            archive.add(tmp_path / "noise.png", f"{index}.png")
        end = archive.offset  # of what is not zeros
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * (len(whole) if compression else end))])
    with pytest.raises(InputError, match=r"noise\.tar: the archive is damaged"):
        photographs.read([path])
