"""constraints.txt pins what the five distributions and the build ask for, to versions that they accept."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
DISTRIBUTIONS = ["protos", "client", "serving", "training", "export"]
PINS = {
    name: Version(version)
    for name, version in re.findall(
        r"^([a-z0-9-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE
    )
}


def requirements(distribution: str) -> list[Requirement]:
    table = tomllib.loads((ROOT / distribution / "pyproject.toml").read_text("utf-8"))
    texts = [*table["build-system"]["requires"], *table["project"]["dependencies"]]
    for extra in table["project"].get("optional-dependencies", {}).values():
        texts += extra
    return [Requirement(text) for text in texts]


def test_every_line_is_a_comment_or_a_pin() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert len(pins) == len(PINS)
    assert pins == sorted(pins)
    assert all(name == canonicalize_name(name) for name in PINS)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_dependencies_are_pinned_within_their_bounds(distribution: str) -> None:
    for requirement in requirements(distribution):
        name = canonicalize_name(requirement.name)
        if not name.startswith("photochrom"):
            assert name in PINS, f"{distribution}: {name} is not pinned"
            assert requirement.specifier.contains(PINS[name]), (
                f"{distribution}: {requirement}, pinned {PINS[name]}"
            )


def test_the_environment_under_test_is_the_pinned_one() -> None:
    from importlib.metadata import version

    for name in ("grpcio", "numpy", "onnxruntime", "pillow", "protobuf"):
        assert Version(version(name)) == PINS[name], name
