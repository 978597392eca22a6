"""The client against the real server with a real model: embedded, and at a target."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from photochrom import Colorizer
from photochrom_contract import photograph
from photochrom_serving.embedded import EmbeddedServer
from tests import model_factory


def _photochrom(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "photochrom", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_photograph_gets_the_models_colors(model_repository: Path, gradient: Image.Image) -> None:
    lightness = photograph.lightness_of(gradient)
    plane = photograph.reduce_lightness(lightness, model_factory.DEFAULT_SIZE)
    expected = photograph.merge(lightness, model_factory.expected_chroma(plane))
    with EmbeddedServer(model_repository) as server, Colorizer(server.target) as colorizer:
        colored = colorizer.colorize(gradient)
    assert np.abs(np.asarray(colored, int) - np.asarray(expected, int)).max() <= 1


def test_without_a_target_the_server_is_embedded(model_repository: Path, photo: Path) -> None:
    ended = _photochrom("colorize", photo, PHOTOCHROM_MODELS=str(model_repository))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"{photo.with_stem('photo-color')}\n"
    with Image.open(photo.with_stem("photo-color")) as colored:
        assert colored.size == (90, 60)


def test_an_embedded_server_that_does_not_start_is_one_line(tmp_path: Path, photo: Path) -> None:
    ended = _photochrom("colorize", photo, PHOTOCHROM_MODELS=str(tmp_path / "absent"))
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert ended.stderr.startswith("photochrom: the embedded server does not start: ")
    assert ended.stderr.count("\n") == 1


def test_health_and_models(model_repository: Path) -> None:
    with EmbeddedServer(model_repository) as server:
        healthy = _photochrom("health", "--json", "--target", server.target)
        models = _photochrom("models", "--json", "--target", server.target)
    assert (healthy.returncode, healthy.stderr) == (0, "")
    assert json.loads(healthy.stdout) == {"target": server.target, "serving": True}
    (row,) = json.loads(models.stdout)
    assert (row["model"], row["version"], row["state"]) == ("photochrom", 1, "available")


def test_serve_passes_its_arguments_on() -> None:
    helped = _photochrom("serve", "--help")
    assert helped.returncode == 0
    assert "--models" in helped.stdout


def test_without_the_serving_package_the_command_says_what_to_do(photo: Path) -> None:
    # As if it were not installed: the import system finds no such package.
    hidden = "import sys; sys.modules['photochrom_serving'] = None; from photochrom._cli import main; "
    for arguments in (["colorize", str(photo)], ["serve"]):
        ended = subprocess.run(
            [sys.executable, "-c", f"{hidden}sys.exit(main({arguments!r}))"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 3
        assert "pip install 'photochrom-serving[cpu]'" in ended.stderr
        assert ended.stderr.count("\n") == 1
