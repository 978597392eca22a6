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
PUBLIC_NAMES = ("photochrom_contract.tensorflow_serving", "photochrom_contract.open_inference")
"""Their wire types register names that TensorFlow, and the clients of Triton and KServe, register too."""
FACES = Path("serving/photochrom_serving/protocols")
SERVER = Path("serving/photochrom_serving/process.py")
"""It imports the faces, inside the function that runs a server process."""
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


def _modules(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """The modules that a module imports, and whether it does so inside a function."""
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
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            yield name, id(node) in late


def _imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """The top-level packages that a module imports, and whether it does so inside a function."""
    for name, late in _modules(tree):
        yield name.partition(".")[0], late


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


def test_the_public_protocols_names_are_registered_in_a_server_process_alone() -> None:
    faces = ".".join(FACES.parts[1:])
    generated = [ROOT / "protos" / name.replace(".", "/") for name in PUBLIC_NAMES]
    for path in [source for folder in (*PACKAGES, "tests") for source in (ROOT / folder).rglob("*.py")]:
        where = path.relative_to(ROOT)
        if where.is_relative_to(FACES) or path.parent in generated:
            continue
        for name, late in _modules(ast.parse(path.read_bytes())):
            assert not name.startswith(PUBLIC_NAMES), f"{where} imports {name}"
            if name.startswith(faces):
                assert where == SERVER, f"{where} imports {name}"
                assert late, f"{where} imports {name} before a server process needs it"


def test_one_version_number_for_all() -> None:
    versions = {}
    for folder, package in PACKAGES.items():
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
        versions[folder] = project["version"]
        source = (ROOT / folder / package / "__init__.py").read_text("utf-8")
        said = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
        versions[package] = said and said[1]
    assert len(set(versions.values())) == 1, versions
