"""A scripted server, and photographs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.client import scripted


@pytest.fixture(autouse=True)
def _no_target_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PHOTOCHROM_TARGET", raising=False)
    monkeypatch.setenv("GRPC_VERBOSITY", "NONE")


@pytest.fixture
def service() -> scripted.Colorizer:
    """The scripted server's inside."""
    return scripted.Colorizer()


@pytest.fixture
def target(service: scripted.Colorizer) -> Iterator[str]:
    """The scripted server's target."""
    with scripted.serve(service) as name:
        yield name


@pytest.fixture
def gradient() -> Image.Image:
    """A greyscale photograph, 90 x 60: black on the left, white on the right."""
    row = np.linspace(0, 255, 90).astype(np.uint8)
    return Image.fromarray(np.tile(row, (60, 1)))


@pytest.fixture
def photo(tmp_path: Path, gradient: Image.Image) -> Path:
    """The gradient as a JPEG file."""
    path = tmp_path / "photo.jpg"
    gradient.save(path, quality=95)
    return path
