"""A test set may be named in place of its path."""

from pathlib import Path

import pytest

from photochrom_training.evaluation import places
from photochrom_training.photographs import PhotographsError


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    return folder


def test_a_path_is_itself(working_folder: Path) -> None:
    (working_folder / "held-out.tar").touch()
    assert places.find("held-out.tar") == Path("held-out.tar")
    assert places.find(str(working_folder)) == working_folder


def test_a_name_is_a_shard_or_a_folder_in_a_known_place(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = working_folder.parent / "shared" / "data"
    shared.mkdir(parents=True)
    (shared / "test-open.tar").touch()
    assert places.find("test-open") == Path("../shared/data/test-open.tar")

    own = working_folder / "elsewhere"
    (own / "test-open").mkdir(parents=True)
    monkeypatch.setenv(places.VARIABLE, str(own))
    assert places.find("test-open") == own / "test-open"


def test_no_name_is_not_the_working_folder() -> None:
    with pytest.raises(PhotographsError, match="no test set was named"):
        places.find("")


def test_what_is_nowhere_says_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.VARIABLE, "mine")
    with pytest.raises(PhotographsError) as raised:
        places.find("test-open")
    for tried in ("test-open.tar", "mine/test-open.tar", "data/test-open", "../shared/data/test-open.tar"):
        assert f", {tried}" in str(raised.value)
    with pytest.raises(PhotographsError, match=r"^shards/missing\.tar: no such file or folder$"):
        places.find("shards/missing.tar")
