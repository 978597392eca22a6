"""``photochrom models``."""

import json

import pytest

from photochrom._cli import main
from tests.client import scripted


def test_models_as_a_table_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["MODEL", "VERSION", "STATE", "SIZES", "DESCRIPTION"]
    assert line.split(maxsplit=5) == ["scripted*", "3", "stable", "available", "64*", "Says one color"]
    assert main(["models", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["model"], row["version"], row["default"], row["default_size"]) == ("scripted", 3, True, 64)


def test_the_default_is_the_version_that_answers(
    service: scripted.Colorizer, capsys: pytest.CaptureFixture[str]
) -> None:
    service.versions += [service.failed(4, "its digest is another")]
    assert main(["models"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["scripted*", "3", "stable"],
        ["scripted", "4", "failed"],
    ]
    assert "its digest is another" in lines[1]
