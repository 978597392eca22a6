"""A small test set."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tar of five smooth color pictures, 48 x 64 and 64 x 64, not in alphabetical order."""
    path = tmp_path_factory.mktemp("shard") / "small.tar"
    with tarfile.open(path, "w") as tar:
        for number in (3, 0, 4, 1, 2):
            corners = np.random.default_rng(number).integers(0, 256, (3, 3, 3), dtype=np.uint8)
            picture = Image.fromarray(corners).resize(
                (48 if number > 2 else 64, 64), Image.Resampling.BICUBIC
            )
            data = io.BytesIO()
            picture.save(data, "PNG")
            member = tarfile.TarInfo(f"source/label/{number}.png")
            member.size = len(data.getvalue())
            tar.addfile(member, io.BytesIO(data.getvalue()))
    return path
