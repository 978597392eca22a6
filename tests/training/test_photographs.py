"""Photographs are found in folders and shards, read in any format, and parted repeatably."""

import io
import tarfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom_training import photographs


def picture(seed: int, *, grey: bool = False) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), np.uint8)
    coarse = Image.fromarray(noise).resize((64, 48), Image.Resampling.BILINEAR)
    return coarse.convert("L").convert("RGB") if grey else coarse


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "bmp", "jp2", "ppm"])
def test_a_folder_is_searched_to_any_depth_for_any_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "forest" / "deep" / f"one.{suffix}"
    path.parent.mkdir(parents=True)
    picture(0).save(path)
    (tmp_path / "notes.txt").write_text("not a photograph")

    (found,) = photographs.index([tmp_path])

    assert found.name == f"forest/deep/one.{suffix}"
    assert found.read().size == (64, 48)


def make_shard(path: Path, start: str = "") -> None:
    with tarfile.open(path, "w") as shard:
        for number in range(3):
            data = io.BytesIO()
            picture(number).save(data, "PNG")
            member = tarfile.TarInfo(f"{start}source/label/{number}.png")
            member.size = len(data.getvalue())
            shard.addfile(member, io.BytesIO(data.getvalue()))


@pytest.mark.parametrize("start", ["", "./"])  # as tar names the members of a folder, and of the working one
def test_a_shard_gives_the_same_pictures_as_a_folder(tmp_path: Path, start: str) -> None:
    make_shard(tmp_path / "shard.tar", start)

    found = photographs.index([tmp_path / "shard.tar"])

    assert [each.name for each in found] == [f"source/label/{number}.png" for number in range(3)]
    for number, each in enumerate(found):
        np.testing.assert_array_equal(np.asarray(each.read()), np.asarray(picture(number)))


def test_labels_pick_the_photographs_in_folders_of_their_names(tmp_path: Path) -> None:
    for name in ("scenes/forest/1.png", "scenes/church/2.png", "forest/3.png", "4.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        picture(0).save(tmp_path / name)
    found = photographs.index([tmp_path])

    forests = photographs.with_labels(found, ["forest"])
    both = photographs.with_labels(found, ["forest", "church"])

    assert [each.name for each in forests] == ["forest/3.png", "scenes/forest/1.png"]
    assert len(both) == 3
    with pytest.raises(photographs.PhotographsError, match="'sea'; the labels are: church, forest"):
        photographs.with_labels(found, ["church", "sea"])


def test_a_photograph_is_read_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees to see it upright
    picture(0).save(tmp_path / "turned.jpg", exif=exif)

    (found,) = photographs.index([tmp_path])

    assert found.read().size == (48, 64)


def test_what_is_not_a_picture_says_so(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and then nothing")
    (found,) = photographs.index([tmp_path])

    with pytest.raises(OSError, match=r"broken\.jpg"):
        found.read()


@pytest.mark.parametrize("name", ["absent", "empty", "torn.tar", "packed.tar.gz"])
def test_a_place_without_photographs_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn.tar").write_bytes(b"not a tar file" * 100)
    with tarfile.open(tmp_path / "packed.tar.gz", "w:gz") as shard:
        shard.add(Path(__file__), "one.png")

    with pytest.raises(photographs.PhotographsError, match=name):
        photographs.index([tmp_path / name])


@pytest.mark.parametrize("damage", ["header", "cut in a header", "cut before a header", "two in one"])
def test_of_a_damaged_shard_nothing_is_taken_for_the_whole(tmp_path: Path, damage: str) -> None:
    shard = tmp_path / "shard.tar"
    make_shard(shard)
    whole = shard.read_bytes()
    last = photographs.index([shard])[-1].offset - tarfile.BLOCKSIZE
    damaged = {
        "header": whole[:last] + b"?" * tarfile.BLOCKSIZE + whole[last + tarfile.BLOCKSIZE :],
        "cut in a header": whole[: last + 100],
        "cut before a header": whole[:last],
        "two in one": whole[: whole.rindex(b"IEND") // 512 * 512 + 1024] + whole,
    }
    shard.write_bytes(damaged[damage])

    with pytest.raises(photographs.PhotographsError, match=r"shard\.tar: .*at byte \d+ is neither"):
        photographs.index([shard])


def test_the_index_of_a_shard_takes_no_more_memory_than_its_photographs(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "shard.tar", "w") as shard:
        for number in range(2000):
            shard.addfile(tarfile.TarInfo(f"label/{number}.png"))
    tracemalloc.start()

    found = photographs.index([tmp_path / "shard.tar"])

    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 2000
    assert most < 1.5 * held


def test_the_split_loses_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    every = [photographs.Photograph(tmp_path, number, 1, str(number)) for number in range(2000)]

    training, validation = photographs.split(every, 0.13)

    assert 215 < len(validation) < 305  # 260, three times a binomial's deviation either way
    assert sorted(training + validation, key=every.index) == every
    assert training == sorted(training, key=every.index)
    assert validation != every[: len(validation)]


def test_what_is_held_out_stays_so_wherever_it_lies_and_whatever_is_added(tmp_path: Path) -> None:
    few, more = (
        [photographs.Photograph(tmp_path / str(count), number, 1, str(number)) for number in range(count)]
        for count in (1000, 1100)
    )

    before, after = ({each.name for each in photographs.split(every, 0.1)[1]} for every in (few, more))

    assert before < after
    assert {name for name in after if int(name) < 1000} == before


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_there_is_one_at_least_on_either_side(share: float, tmp_path: Path) -> None:
    pair = [photographs.Photograph(tmp_path, number, 1, str(number)) for number in range(2)]

    assert [len(part) for part in photographs.split(pair, share)] == [1, 1]


def test_one_photograph_cannot_be_parted(tmp_path: Path) -> None:
    with pytest.raises(photographs.PhotographsError, match="too few"):
        photographs.split([photographs.Photograph(tmp_path, 0, 1, "one")], 0.1)


def test_grey_and_sepia_teach_no_color() -> None:
    grey = np.asarray(picture(3, grey=True))
    sepia = np.clip(grey * [1.0, 0.85, 0.65] + [20, 10, 0], 0, 255).astype(np.uint8)

    assert photographs.is_toned(grey)
    assert photographs.is_toned(sepia)
    assert not photographs.is_toned(np.asarray(picture(3)))


@pytest.mark.parametrize("side", [1, 4])
def test_a_speck_has_one_hue(side: int) -> None:
    assert photographs.is_toned(np.full((side, side, 3), (200, 90, 40), np.uint8))
