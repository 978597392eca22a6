"""The design's arrows: who may import whom, and one version number for all."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PACKAGES = {
    "protos": "photochrom_contract",
    "client": "photochrom",
    "serving": "photochrom_serving",
    "training": "photochrom_training",
    "export": "photochrom_export",
}
MAY_IMPORT = {
    "photochrom_contract": set[str](),
    "photochrom": {"photochrom_contract"},
    "photochrom_serving": {"photochrom_contract"},
    "photochrom_training": {"photochrom_contract"},
    "photochrom_export": {"photochrom_contract"},
}
EMBEDDED_MODE = Path("client/photochrom/_embedded.py")
"""The one exception: it imports photochrom_serving, inside the functions that need it."""


def _sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder / PACKAGES[folder]).rglob("*.py"))


def _imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """The top-level packages that a module imports, and whether it does so inside a function."""
    late = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            yield name.partition(".")[0], id(node) in late


@pytest.mark.parametrize("folder", PACKAGES)
def test_a_package_imports_only_those_that_the_arrows_allow(folder: str) -> None:
    package = PACKAGES[folder]
    forbidden = set(PACKAGES.values()) - {package} - MAY_IMPORT[package]
    sources = _sources(folder)
    assert sources
    for path in sources:
        for name, late in _imports(ast.parse(path.read_bytes())):
            where = path.relative_to(ROOT)
            if where == EMBEDDED_MODE and name == "photochrom_serving":
                assert late, f"{where} imports {name} before it is needed"
            else:
                assert name not in forbidden, f"{where} imports {name}"


@pytest.mark.parametrize("folder", PACKAGES)
def test_a_distribution_depends_on_what_its_package_may_import(folder: str) -> None:
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
    own = {text for text in project["dependencies"] if text.startswith("photochrom")}
    contract = set() if folder == "protos" else {"photochrom-contract==" + project["version"]}
    assert own == contract


def test_nobody_imports_the_tests() -> None:
    for folder in PACKAGES:
        for path in _sources(folder):
            assert "tests" not in {name for name, _ in _imports(ast.parse(path.read_bytes()))}, path


def test_one_version_number_for_all() -> None:
    versions = {}
    for folder, package in PACKAGES.items():
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
        versions[folder] = project["version"]
        source = (ROOT / folder / package / "__init__.py").read_text("utf-8")
        said = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
        versions[package] = said and said[1]
    assert len(set(versions.values())) == 1, versions
