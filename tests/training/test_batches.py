"""Batches hold what the contract says, repeatably, and leave out what teaches nothing."""

from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom_contract import lab
from photochrom_training import augmentation, configuration, photographs
from photochrom_training.batches import Batches, View, keep_colored

VIEW = View(side=32, chroma_stride=4, smallest_crop=0.5, ageing=0.5)


@pytest.fixture
def folder(tmp_path: Path) -> list[photographs.Photograph]:
    random = np.random.default_rng(0)
    for number in range(10):
        small = Image.fromarray(random.integers(0, 256, (6, 6, 3), np.uint8))
        small.resize((48, 48), Image.Resampling.BILINEAR).save(tmp_path / f"{number}.png")
    return photographs.index([tmp_path])


def test_planes_have_the_contracts_shapes_and_ranges(folder: list[photographs.Photograph]) -> None:
    lightness, chroma = Batches(folder, VIEW, 4, steps=3)[0]

    assert lightness.shape == (4, 1, 32, 32)
    assert chroma.shape == (4, 2, 8, 8)
    assert lightness.dtype == chroma.dtype == np.float32
    assert lightness.min() >= 0
    assert lightness.max() <= 100
    assert np.abs(chroma).max() > 20


def test_a_batch_depends_on_the_seed_and_its_number_alone(folder: list[photographs.Photograph]) -> None:
    first, again = (Batches(folder, VIEW, 4, steps=3, seed=5) for _ in range(2))
    first.on_epoch_end()
    again.epoch = 1
    _ = again[2]  # asked for out of order, as several workers do

    for one, other in zip(first[1], again[1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first[1][0], Batches(folder, VIEW, 4, steps=3, seed=6)[1][0])
    assert not np.array_equal(first[1][0], first[2][0])


def test_validation_passes_once_over_all_without_augmentation(folder: list[photographs.Photograph]) -> None:
    batches = Batches(folder, VIEW, 4)

    seen = [batches[number] for number in range(len(batches))]

    assert [len(lightness) for lightness, _ in seen] == [4, 4, 2]
    picture = augmentation.center_view(folder[0].read(), 32)
    expected = lab.rgb_to_lab(np.asarray(picture, np.float32) / 255)
    np.testing.assert_allclose(seen[0][0][0, 0], expected[..., 0], atol=1e-4)
    cell = expected[:4, :4, 1:].mean((0, 1))
    np.testing.assert_allclose(seen[0][1][0, :, 0, 0], cell, atol=1e-3)


@pytest.fixture
def spoiled(folder: list[photographs.Photograph], tmp_path: Path) -> list[photographs.Photograph]:
    Image.new("L", (48, 48), 90).save(tmp_path / "grey.png")
    (tmp_path / "torn.png").write_bytes(b"\x89PNG and then nothing")
    tifffile.imwrite(tmp_path / "signed.tif", np.zeros((48, 48), np.int16))  # which do not say what is white
    return photographs.index([tmp_path])


@pytest.mark.parametrize("steps", [2, None], ids=["learning", "validation"])
def test_the_parts_of_a_batch_are_the_batch(folder: list[photographs.Photograph], steps: int | None) -> None:
    whole = Batches(folder, VIEW, 4, steps=steps, seed=5)
    parts = [Batches(folder, VIEW, 4, steps=steps, seed=5, part=part, parts=2) for part in range(2)]

    for number in range(len(whole)):
        joined = (np.concatenate(planes) for planes in zip(*(part[number] for part in parts), strict=True))
        for planes, expected in zip(joined, whole[number], strict=True):
            np.testing.assert_array_equal(planes, expected)


def test_unreadable_and_colorless_photographs_make_way_for_others(
    spoiled: list[photographs.Photograph], tmp_path: Path
) -> None:
    stream = Batches(spoiled, VIEW, 4, steps=6)

    sizes = {len(stream[number][0]) for number in range(len(stream))}

    assert sizes == {4}
    assert set(stream.skipped) == {str(tmp_path / name) for name in ("grey.png", "signed.tif", "torn.png")}
    assert stream.skipped[str(tmp_path / "grey.png")] == "has no color"
    assert "holds signed numbers" in stream.skipped[str(tmp_path / "signed.tif")]


def test_what_can_be_learned_from_is_known_before_validation(
    folder: list[photographs.Photograph], spoiled: list[photographs.Photograph]
) -> None:
    kept, problems = keep_colored(spoiled)

    assert kept == folder
    assert len(problems) == 3
    assert len(Batches(kept, VIEW, len(kept))[0][0]) == len(kept)


def test_few_photographs_take_no_more_memory_the_longer_they_are_shown(
    folder: list[photographs.Photograph],
) -> None:
    stream = Batches(folder[:2], VIEW, 16, steps=40)

    with ThreadPool(4) as workers:
        list(workers.imap(stream.__getitem__, range(len(stream))))

    assert len(stream._shuffles) < 40


def test_a_distortion_of_nothing_is_the_view_itself_or_its_mirror() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)
    picture = Image.fromarray(noise)
    still = augmentation.Distortion(rotation=0, shear=0, zoom=0)

    views = [
        np.asarray(augmentation.distorted_view(picture, 32, still, np.random.default_rng(seed)))
        for seed in range(8)
    ]

    view = np.asarray(augmentation.center_view(picture, 32))
    mirrored = [np.array_equal(each, view[:, ::-1]) for each in views]
    assert all(mirror or np.array_equal(each, view) for each, mirror in zip(views, mirrored, strict=True))
    assert 0 < sum(mirrored) < 8


def test_a_distorted_view_turns_about_its_center_and_invents_no_color() -> None:
    plane = np.zeros((64, 64, 3), np.uint8)
    plane[:] = (200, 90, 40)
    plane[24:40, 24:40] = (40, 90, 200)
    most = augmentation.Distortion(rotation=20, shear=0.2, zoom=0.2)

    for seed in range(20):
        view = np.asarray(
            augmentation.distorted_view(Image.fromarray(plane), 64, most, np.random.default_rng(seed))
        )
        assert view[32, 32].tolist() == [40, 90, 200]
        assert all(view[y, x].tolist() == [200, 90, 40] for y in (0, 63) for x in (0, 63))


def test_koala_sees_photographs_distorted(folder: list[photographs.Photograph]) -> None:
    view = configuration.find("koala").view

    first, second = (Batches(folder, view, 2, steps=1, seed=seed)[0] for seed in (0, 1))

    assert first[0].shape == second[0].shape == (2, 1, 128, 128)
    assert first[1].shape == (2, 2, 128, 128)
    assert not np.array_equal(first[0], second[0])


def test_a_stream_whose_photographs_are_gone_ends_and_says_so(folder: list[photographs.Photograph]) -> None:
    stream = Batches(folder, VIEW, 4, steps=3)
    assert len(stream[0][0]) == 4
    for photograph in folder:
        photograph.file.unlink()

    with pytest.raises(photographs.PhotographsError, match="no photograph can be learned from any more"):
        _ = stream[1]


def test_a_held_out_photograph_that_is_gone_ends_validation_and_is_named(
    folder: list[photographs.Photograph],
) -> None:
    validation = Batches(folder, VIEW, 4)
    folder[5].file.unlink()

    with pytest.raises(
        photographs.PhotographsError, match=r"held out cannot be read any more.*5\.png.*again"
    ):
        _ = validation[1]
