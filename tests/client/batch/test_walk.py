"""Which photographs a batch finds, and where their copies belong."""

import os
from pathlib import Path

import pytest

from photochrom import PictureError
from photochrom._batch._walk import Filter, walk


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def _places(*sources: Path, destination: Path = Path("out"), chosen: Filter | None = None) -> list[str]:
    def refuse(error: PictureError) -> None:
        raise error

    return [item.place for item in walk(sources, destination, chosen or Filter(), refuse)]


def test_a_folders_tree_is_mirrored_and_only_pictures_are_taken(tmp_path: Path) -> None:
    _touch(tmp_path, "b.jpg", "a.TIF", "notes.txt", "deep/down/c.png", "deep/Thumbs.db")
    assert _places(tmp_path) == ["a.TIF", "b.jpg", "deep/down/c.png"]


def test_several_folders_keep_their_names_apart(tmp_path: Path) -> None:
    _touch(tmp_path, "one/a.jpg", "two/a.jpg", "a.jpg")
    places = _places(tmp_path / "one", tmp_path / "two", tmp_path / "a.jpg")
    assert places == ["one/a.jpg", "two/a.jpg", "a.jpg"]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    _touch(tmp_path, ".scan", "one/a.jpg")
    assert _places(tmp_path / ".scan", tmp_path / "one") == [".scan", "a.jpg"]


def test_two_sources_of_one_name_would_share_a_place(tmp_path: Path) -> None:
    _touch(tmp_path, "1/a.jpg", "2/a.jpg")
    with pytest.raises(PictureError, match="would share a place in out"):
        _places(tmp_path / "1" / "a.jpg", tmp_path / "2" / "a.jpg")


@pytest.mark.parametrize(
    ("chosen", "places"),
    [
        (Filter(include=["*.TXT"]), ["notes.txt"]),
        (Filter(include=["deep/*"]), ["deep/b.jpg", "deep/down/c.jpg"]),
        (Filter(include=["deep/*", "a.*"]), ["a.jpg", "deep/b.jpg", "deep/down/c.jpg"]),
        (Filter(exclude=["down"]), ["a.jpg", "deep/b.jpg"]),
        (Filter(exclude=["*.jpg"]), []),
        (Filter(exclude=["deep/*"]), ["a.jpg"]),
        (Filter(hidden=True), [".e.jpg", ".hidden/d.jpg", "a.jpg", "deep/b.jpg", "deep/down/c.jpg"]),
    ],
)
def test_patterns_choose(chosen: Filter, places: list[str], tmp_path: Path) -> None:
    _touch(tmp_path, "a.jpg", "notes.txt", "deep/b.jpg", "deep/down/c.jpg", ".hidden/d.jpg", ".e.jpg")
    assert sorted(_places(tmp_path, chosen=chosen)) == places


def test_links_are_followed_and_a_loop_ends(tmp_path: Path) -> None:
    _touch(tmp_path, "album/a.jpg", "album/deep/b.jpg", "elsewhere/c.jpg")
    album = tmp_path / "album"
    (album / "deep" / "loop").symlink_to(album)
    (album / "aa").symlink_to(album / "deep")  # comes before deep, but deep has the place of its own
    (album / "more").symlink_to(tmp_path / "elsewhere")
    (album / "also").symlink_to(tmp_path / "elsewhere")
    (album / "link.jpg").symlink_to(album / "a.jpg")
    (album / "itself.jpg").symlink_to(album / "itself.jpg")
    (album / "itself").symlink_to(album / "itself")
    assert sorted(_places(album)) == ["a.jpg", "deep/b.jpg", "itself.jpg", "link.jpg", "more/c.jpg"]


def test_the_destination_is_not_walked_and_is_no_source(tmp_path: Path) -> None:
    _touch(tmp_path, "a.jpg", "colored/a.jpg")
    assert _places(tmp_path, destination=tmp_path / "colored") == ["a.jpg"]
    with pytest.raises(PictureError, match="is the destination too"):
        _places(tmp_path, destination=tmp_path / "colored" / "..")


def test_a_source_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"absent: no such file or folder"):
        _places(tmp_path / "absent")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    _touch(tmp_path, "locked/a.jpg", "open/b.jpg")
    (tmp_path / "locked").chmod(0)
    told = list[PictureError]()
    try:
        items = list(walk([tmp_path], Path("out"), Filter(), told.append))
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert [item.place for item in items] == ["open/b.jpg"]
    assert [error.source for error in told] == [str(tmp_path / "locked")]
