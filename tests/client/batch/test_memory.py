"""What a batch holds in memory: so many pixels, and little for each of a million photographs."""

import threading
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from PIL import Image, ImageFile

from photochrom import Colorizer
from photochrom._batch._batch import Batch
from photochrom._batch._journal import Journal, Record
from photochrom._batch._result import State
from photochrom._batch._walk import Filter, Item, walk
from photochrom._dialogue import ModelVersion
from photochrom._options import Options
from photochrom._photographs import Photograph

_VERSION: Final = ModelVersion("scripted", 3, 64, "its digest")
_COUNT: Final = 5000


def _items(album: Path, destination: Path) -> list[Item]:
    return list(walk([album], destination, Filter(), lambda _: None))


@pytest.mark.parametrize("kind", ["jpg", "bmp"])
def test_no_more_photographs_are_decoded_at_a_time_than_there_is_room_for(
    kind: str, tmp_path: Path, gradient: Image.Image, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "album").mkdir()
    for number in range(4):
        gradient.save(tmp_path / "album" / f"{number}.{kind}")
    decoded, together = list[str](), list[str]()
    meeting = threading.Barrier(2, timeout=1)

    def note(picture: ImageFile.ImageFile) -> None:
        """Called by Pillow at the end of each decoding; waits there for another to reach it too."""
        name = str(picture.filename)
        if "album" not in name:
            return
        decoded.append(name)
        try:
            meeting.wait()
        except threading.BrokenBarrierError:
            return
        together.append(name)

    monkeypatch.setattr(ImageFile.ImageFile, "load_end", note)
    items = _items(tmp_path / "album", tmp_path / "colored")
    with (
        Colorizer(target) as colorizer,
        Batch(
            items,
            tmp_path / "colored",
            colorizer,
            Options(),
            _VERSION,
            window=4,
            patience=0,
            pixels=gradient.width * gradient.height,
        ) as batch,
    ):
        assert [result.state for result in batch.run()] == [State.COLORED] * 4
    assert together == []
    if kind == "jpg":  # a BMP may have transparency, which its copy would not: it is decoded to know
        assert set(Counter(decoded).values()) == {1}


@pytest.mark.parametrize(("name", "held"), [("a.gif", 3), ("a.png", 3), ("a.webp", 3), ("a.tif", 1)])
def test_all_pages_count_where_they_are_in_memory_together(
    name: str, held: int, tmp_path: Path, gradient: Image.Image
) -> None:
    others = [gradient.rotate(180), gradient.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    gradient.save(tmp_path / name, save_all=True, append_images=others)
    with Photograph.open(tmp_path / name) as photograph:
        assert photograph.pages == 3
        assert photograph.pixels == held * 90 * 60


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
def test_the_records_of_a_journal_stay_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path):
        pass
    made = Record(place="", source="/mnt/archive/album/IMG.jpg", source_sha256="0" * 64, recipe="1" * 64)
    with path.open("a") as file:  # as Journal.add does, but for the waits for the disk
        line = _line_of(made, tmp_path)
        for number in range(_COUNT):
            file.write(line.replace('"place":""', f'"place":"album/deep/IMG_{number:07}.jpg"'))
    tracemalloc.clear_traces()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    with Journal(path) as journal:
        held, peak = (now - before for now in tracemalloc.get_traced_memory())
        last = journal.latest(f"album/deep/IMG_{_COUNT - 1:07}.jpg")
    assert last is not None
    assert last.recipe == made.recipe
    assert held < 300 * _COUNT
    assert peak < 400 * _COUNT


def _line_of(record: Record, folder: Path) -> str:
    with Journal(folder / "one.jsonl") as journal:
        journal.add(record)
    return (folder / "one.jsonl").read_text("ascii").splitlines(keepends=True)[-1]


@pytest.mark.usefixtures("traced")
def test_the_photographs_of_a_folder_share_what_names_it(tmp_path: Path) -> None:
    album = tmp_path / "a folder with a long name" / "deep" / "down"
    album.mkdir(parents=True)
    for number in range(_COUNT):
        (album / f"IMG_{number:07}.jpg").touch()
    before, _ = tracemalloc.get_traced_memory()
    items = _items(tmp_path, tmp_path / "colored")
    held = tracemalloc.get_traced_memory()[0] - before
    assert len(items) == _COUNT
    assert held < 250 * _COUNT
