"""``photochrom doctor``: what is installed, which server answers, how fast."""

import json

import pytest

import photochrom
from photochrom._cli import main


def test_it_tells_versions_formats_the_server_its_models_and_how_fast(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for part in (f"photochrom {photochrom.__version__}", "reads", "JPEG", target, "scripted 3 available"):
        assert part in said
    assert "a photograph:" in said


def test_the_same_in_json(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["installed"]["photochrom"] == photochrom.__version__
    assert {"JPEG", "PNG", "TIFF"} <= set(said["reads"]) & set(said["writes"])
    assert said["server"]["target"] == target
    assert said["server"]["models"][0]["model"] == "scripted"
    assert said["server"]["call_ms"] > 0 < said["server"]["photograph_ms"]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_without_a_server_the_rest_is_told_all_the_same(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--target", "127.0.0.1:1", *options]) == 3
    said = capsys.readouterr().out
    assert "grpcio" in said
    assert "no server listens there" in said
