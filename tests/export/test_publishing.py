"""A version is there as a whole or not at all, and never changes."""

import dataclasses
import stat
from pathlib import Path

import pytest

from photochrom_contract.manifest import Manifest
from photochrom_export.errors import InputError, PublishingError
from photochrom_export.publishing import choose_version, publish

MANIFEST = Manifest("photochrom", 1, "A model.", "", (32,), 32, 1)


def publish_one(repository: Path, version: int = 1) -> Path:
    return publish(
        repository,
        b"graph",
        lambda sha256: dataclasses.replace(MANIFEST, version=version, sha256=sha256),
        str,
    )


def test_versions_count_up_from_what_is_there(tmp_path: Path) -> None:
    assert choose_version(tmp_path, "photochrom") == 1
    publish_one(tmp_path, 1)
    publish_one(tmp_path, 9)
    (tmp_path / "photochrom" / "notes").mkdir()
    assert choose_version(tmp_path, "photochrom") == 10
    assert choose_version(tmp_path, "photochrom", 3) == 3


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", ".hidden", "ä"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be a folder"):
        choose_version(tmp_path, name)


def test_a_version_that_is_taken_or_below_one_is_refused(tmp_path: Path) -> None:
    publish_one(tmp_path)
    with pytest.raises(InputError, match="is published already"):
        choose_version(tmp_path, "photochrom", 1)
    with pytest.raises(InputError, match="count from 1"):
        choose_version(tmp_path, "photochrom", 0)


def test_two_exports_of_one_version_leave_the_first(tmp_path: Path) -> None:
    first = publish_one(tmp_path)
    before = (first / "manifest.json").stat()
    with pytest.raises(PublishingError, match="meanwhile"):
        publish_one(tmp_path)
    assert (first / "manifest.json").stat() == before
    assert [path.name for path in tmp_path.iterdir()] == ["photochrom"]


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    def fail(manifest: Manifest) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, b"graph", lambda sha256: MANIFEST, fail)
    assert list(tmp_path.rglob("*")) == []


def test_a_server_of_another_user_can_read_it(tmp_path: Path) -> None:
    folder = publish_one(tmp_path)
    plain = tmp_path / "plain"
    plain.mkdir()
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_a_repository_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(PublishingError, match="models: cannot be written"):
        publish_one(tmp_path / "models")
