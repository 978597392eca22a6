"""SavedModels written and exported once, by real processes, for all tests of the export."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., subprocess.CompletedProcess[str]]


def _run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


@pytest.fixture(scope="session")
def run_export() -> Run:
    """Run ``photochrom-export`` with the given arguments."""
    return lambda *arguments, cwd=None: _run("-m", "photochrom_export", *arguments, cwd=cwd)


@pytest.fixture(scope="session")
def saved_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SavedModels ``unet`` and ``koala``."""
    folder = tmp_path_factory.mktemp("saved-models")
    done = _run(Path(__file__).with_name("networks.py"), folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two pictures of different kinds and sizes."""
    folder = tmp_path_factory.mktemp("photographs")
    ramp = np.add.outer(np.arange(90), np.arange(120)).astype(np.uint8)
    Image.fromarray(ramp).save(folder / "ramp.png")
    noise = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    Image.fromarray(noise).save(folder / "noise.jpg")
    return folder


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def unet_export(
    run_export: Run, saved_models: Path, photographs: Path, repository: Path
) -> subprocess.CompletedProcess[str]:
    """The default network, exported as it is by default."""
    return run_export(saved_models / "unet", repository, "--photographs", photographs)


@pytest.fixture(scope="session")
def koala_export(
    run_export: Run, saved_models: Path, photographs: Path, repository: Path
) -> subprocess.CompletedProcess[str]:
    """Koala with float16 weights, under a version and with a card of its own."""
    card = repository.parent / "card.md"
    card.write_text("# Koala\n\nWritten by people.\n\n<!-- export -->\n\n## Limits\n")
    options = ["--photographs", photographs, "--precision", "float16", "--version", 7, "--card", card]
    return run_export(saved_models / "koala", repository, *options)
