"""``photochrom batch`` leaves alone what is not its own: others' files, the copies of other photographs."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from photochrom._cli import main
from tests.client import scripted

JOURNAL = Path("archive/.photochrom/journal.jsonl")


def _album(name: str, picture: Image.Image) -> Path:
    path = Path(name) / "IMG_0001.png"
    path.parent.mkdir()
    picture.save(path)
    return path


def test_the_copy_of_another_photograph_stays(
    gradient: Image.Image, capsys: pytest.CaptureFixture[str], service: scripted.Colorizer
) -> None:
    _album("album1", gradient)
    _album("album2", gradient.rotate(180))
    assert main(["batch", "album1", "archive"]) == 0
    copy = Path("archive/IMG_0001.png").read_bytes()
    for _ in range(2):  # the first failure does not make it the second album's
        assert main(["batch", "album2", "archive"]) == 2
        first = Path("album1").absolute() / "IMG_0001.png"
        assert f"archive/IMG_0001.png: is the copy of {first}: move it away" in capsys.readouterr().err
        assert Path("archive/IMG_0001.png").read_bytes() == copy
    asked = len(service.requests)
    assert main(["batch", "album1", "archive"]) == 0
    assert capsys.readouterr().out == "archive: 1 skipped\n"
    assert len(service.requests) == asked
    assert main(["batch", "album2", "archive", "--overwrite"]) == 0
    assert Path("archive/IMG_0001.png").read_bytes() != copy


def test_a_moved_album_is_done_and_what_is_changed_there_besides_is_left(
    gradient: Image.Image, capsys: pytest.CaptureFixture[str]
) -> None:
    _album("old", gradient)
    gradient.save("old/other.png")
    assert main(["batch", "old", "archive"]) == 0
    Path("old").rename("new")
    assert main(["batch", "new", "archive"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "archive: 2 skipped"
    gradient.rotate(180).save("new/other.png")
    assert main(["batch", "new", "archive"]) == 2
    assert "old/other.png: move it away, or --overwrite it" in capsys.readouterr().err


def test_a_photograph_that_has_changed_is_colored_again_from_any_folder(
    gradient: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _album("album", gradient)
    assert main(["batch", "album", "archive"]) == 0
    gradient.rotate(180).save(path)
    (tmp_path / "link").symlink_to(tmp_path / "album")
    monkeypatch.chdir(tmp_path / "album")
    assert main(["batch", "../link", "../archive"]) == 0


def test_a_file_beside_the_copy_stays_though_the_copy_would_now_have_its_name(
    gradient: Image.Image, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("album").mkdir()
    gradient.save("album/a.jpg")
    assert main(["batch", "album", "archive"]) == 0
    Path("archive/a.jpg.png").write_text("mine")
    gradient.save("album/a.jpg", "GIF")
    assert main(["batch", "album", "archive"]) == 2
    assert "archive/a.jpg.png: is there already, and not as this batch wrote it" in capsys.readouterr().err
    assert Path("archive/a.jpg.png").read_text() == "mine"


def test_a_file_that_came_while_the_copy_was_made_stays(
    gradient: Image.Image, service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    _album("album", gradient)
    Path("archive").mkdir()
    mine = Path("archive/IMG_0001.png")
    service.may_answer.clear()

    def write() -> None:
        service.asked.wait()
        mine.write_text("mine")
        service.may_answer.set()

    with ThreadPoolExecutor(1) as other:
        written = other.submit(write)
        assert main(["batch", "album", "archive"]) == 2
        written.result()
    assert "IMG_0001.png: is there already" in capsys.readouterr().err
    assert mine.read_text() == "mine"


def test_a_file_that_came_after_the_batch_was_killed_stays(
    gradient: Image.Image, capsys: pytest.CaptureFixture[str]
) -> None:
    _album("album", gradient)
    main(["batch", "album", "archive"])
    record = json.loads(JOURNAL.read_text("ascii").splitlines()[-1])
    copy = Path("archive", record["output"])
    copy.rename(Path("archive/.photochrom/staging", record["staged"]))  # as if killed just before
    copy.write_text("mine")
    assert main(["batch", "album", "archive"]) == 2
    assert "IMG_0001.png: is there already" in capsys.readouterr().err
    assert copy.read_text() == "mine"


def test_a_copy_that_was_to_replace_an_older_one_when_the_batch_was_killed_does(
    gradient: Image.Image, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _album("album", gradient)
    main(["batch", "album", "archive"])
    copy = Path("archive/IMG_0001.png")
    shutil.copy2(copy, "older.png")
    gradient.rotate(180).save(path)
    main(["batch", "album", "archive"])
    newer = copy.read_bytes()
    record = json.loads(JOURNAL.read_text("ascii").splitlines()[-1])
    copy.rename(Path("archive/.photochrom/staging", record["staged"]))
    shutil.copy2("older.png", copy)
    capsys.readouterr()
    assert main(["batch", "album", "archive"]) == 0
    assert capsys.readouterr().out == "archive: 1 skipped\n"
    assert copy.read_bytes() == newer


def test_a_link_whose_file_is_elsewhere_now_stays(gradient: Image.Image) -> None:
    _album("album", gradient)
    Path("archive").mkdir()
    link = Path("archive/IMG_0001.png")
    link.symlink_to("dropped")
    assert main(["batch", "album", "archive"]) == 2
    assert link.is_symlink()


def test_a_named_file_and_one_of_its_name_in_a_folder_would_share_a_place(
    gradient: Image.Image, capsys: pytest.CaptureFixture[str]
) -> None:
    _album("album1", gradient)
    path = _album("album2", gradient)
    for sources in (["album1", str(path)], [str(path), "album1"]):
        assert main(["batch", *sources, "archive"]) == 2
        assert "would share a place in archive" in capsys.readouterr().err
    assert not Path("archive").exists()
