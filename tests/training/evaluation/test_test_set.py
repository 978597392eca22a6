"""A tar shard and the folder it was made from are one test set."""

import tarfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom_contract import photograph
from photochrom_training.evaluation.test_set import TestSet
from photochrom_training.photographs import PhotographsError
from tests.contract.test_profiles import ADOBE

NAMES = [f"source/label/{number}.png" for number in range(5)]


def test_shard_and_folder_give_the_same_photographs_in_alphabetical_order(
    shard: Path, tmp_path: Path
) -> None:
    with tarfile.open(shard) as tar:
        tar.extractall(tmp_path, filter="data")
    (tmp_path / "README.md").write_text("not a photograph")
    from_shard, from_folder = list(TestSet.open(shard)), list(TestSet.open(tmp_path))
    assert [one.name for one in from_shard] == [one.name for one in from_folder] == NAMES
    for one, other in zip(from_shard, from_folder, strict=True):
        assert np.array_equal(one.rgb, other.rgb)


@pytest.mark.parametrize(
    ("every", "limit", "kept"), [(2, None, [0, 2, 4]), (1, 2, [0, 1]), (2, 2, [0, 2]), (9, 9, [0])]
)
def test_every_and_limit(shard: Path, every: int, limit: int | None, kept: list[int]) -> None:
    assert TestSet.open(shard, every, limit).names == tuple(NAMES[number] for number in kept)


def test_a_pick_is_spread_over_the_set(shard: Path) -> None:
    photographs = TestSet.open(shard)
    assert photographs.pick(3).names == (NAMES[0], NAMES[2], NAMES[4])
    assert photographs.pick(99).names == tuple(NAMES)


def test_the_planes_put_together_are_the_photograph(shard: Path) -> None:
    one = next(iter(TestSet.open(shard)))
    assert one.lightness == pytest.approx(one.lab[..., 0], abs=2e-3)  # a table's; a step of 8 bits is 0.4
    again = np.asarray(photograph.merge(one.lightness, one.chroma)).astype(int)
    assert np.abs(again - one.rgb).max() <= 1


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    Image.new("RGB", (40, 20)).save(tmp_path / "lying.jpg", exif=exif)
    assert next(iter(TestSet.open(tmp_path / "lying.jpg"))).rgb.shape == (40, 20, 3)


def test_its_colors_are_those_of_its_profile(tmp_path: Path) -> None:
    """So that its own chroma, merged with its own lightness, is the photograph."""
    skin = np.full((32, 32, 3), (200, 150, 120), np.uint8)
    Image.fromarray(skin).save(tmp_path / "adobe.png", icc_profile=ADOBE)
    one = next(iter(TestSet.open(tmp_path / "adobe.png")))
    assert one.rgb[0, 0, 0] > 210  # Adobe RGB's red lies beyond sRGB's
    again = np.asarray(photograph.merge(one.lightness, one.chroma)).astype(int)
    assert np.abs(again - one.rgb).max() <= 1


def test_greys_of_16_bits_are_scaled(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)
    Image.fromarray(np.tile(ramp, (32, 1))).save(tmp_path / "deep.png")
    one = next(iter(TestSet.open(tmp_path / "deep.png")))
    assert one.rgb[0, :, 1].tolist() == [round(value / 257) for value in ramp.tolist()]


def test_of_two_members_of_one_name_the_last_is_the_photograph(shard: Path, tmp_path: Path) -> None:
    twice = tmp_path / "twice.tar"
    with tarfile.open(twice, "w") as tar, tarfile.open(shard) as source:
        for number in (0, 1):
            member = tarfile.TarInfo("same.png")
            data = source.extractfile(NAMES[number])
            assert data is not None
            member.size = source.getmember(NAMES[number]).size
            tar.addfile(member, data)
    (one,) = TestSet.open(twice)
    assert np.array_equal(one.rgb, list(TestSet.open(shard))[1].rgb)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PhotographsError, match=r"missing\.tar: no such file"):
        TestSet.open(tmp_path / "missing.tar")
    with pytest.raises(PhotographsError, match="holds no photograph"):
        TestSet.open(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 cut short")
    with pytest.raises(PhotographsError, match=r"not a readable picture.*broken\.jpg"):
        list(TestSet.open(tmp_path))
    tifffile.imwrite(tmp_path / "broken.jpg", np.zeros((40, 40), np.int16))
    with pytest.raises(PhotographsError, match=r"broken\.jpg: holds signed numbers of 16 bits"):
        list(TestSet.open(tmp_path))
