"""What is written is so: client/README.md's blocks and docstrings' examples run, no option is left out."""

import doctest
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer
from PIL import Image

import photochrom
from photochrom._cli._app import app
from photochrom._cli._options_table import markdown_table
from photochrom_serving.embedded import EmbeddedServer
from tests import model_factory
from tests.client.video import films
from tests.test_readme import Block, blocks_of

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PAGE = (ROOT / "client" / "README.md").read_text("utf-8")
COMMANDS = vars(typer.main.get_command(app))["commands"]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server with the tiny model."""
    repository = tmp_path_factory.mktemp("server") / "models"
    model_factory.publish(repository)
    with EmbeddedServer(repository) as server:
        yield server.target


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the page speaks of; later blocks find what earlier ones wrote."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "album" / "drafts").mkdir(parents=True)
    for name in ("album/1.jpg", "album/2.jpg", "album/drafts/3.jpg", "grandmother.jpg"):
        shutil.copy(EXAMPLES / "camera.jpg", folder / name)
    with Image.open(EXAMPLES / "camera.jpg") as picture:
        picture.save(folder / "scan.tif")
    films.write(folder / "film.mp4", films.grey_frames(12), codec="libx264", pixels="yuv420p")
    return folder


BLOCKS = blocks_of(PAGE)


@pytest.mark.parametrize("block", BLOCKS, ids=[f"line-{block.line}" for block in BLOCKS])
def test_a_block_of_the_page_runs(block: Block, target: str, desk: Path) -> None:
    if block.excuse:
        pytest.skip(f"client/README.md:{block.line}: {block.excuse}")
    interpreter = [sys.executable] if block.language == "python" else ["bash", "-euo", "pipefail"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [*interpreter, "-c", block.code],
        cwd=desk, env={**os.environ, "PHOTOCHROM_TARGET": target, "PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, f"client/README.md:{block.line}:\n{block.code}\n{ended.stderr}"
    assert ended.stderr == ""


def test_the_page_shows_ten_things_that_people_do() -> None:
    assert len([block for block in BLOCKS if block.excuse is None]) >= 10


def test_every_option_is_in_the_pages_table() -> None:
    assert markdown_table() in PAGE, "python -m photochrom._cli._options_table writes the table anew"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_on_the_page_and_has_help_for_all_that_it_takes(name: str) -> None:
    assert f"photochrom {name}" in PAGE
    assert COMMANDS[name].help
    for parameter in COMMANDS[name].params:
        assert parameter.help or parameter.name == "help", f"{name} {parameter.opts}"


def test_every_public_name_is_on_the_page() -> None:
    for name in set(photochrom.__all__) - {"__version__", "PhotochromError"}:
        assert name in PAGE, name


def _modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(photochrom.__path__, "photochrom.")
    names = [module.name for module in found if not module.name.endswith("__main__")]
    return [photochrom, *map(importlib.import_module, names)]


def _examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    return [found for module in _modules() for found in finder.find(module) if found.examples]


@pytest.mark.parametrize("example", _examples(), ids=lambda example: example.name)
def test_the_example_of_a_docstring_runs(
    example: doctest.DocTest, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(EXAMPLES / "astronaut.jpg", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PHOTOCHROM_TARGET", target)
    runner = doctest.DebugRunner(optionflags=doctest.ELLIPSIS)
    runner.run(example)
