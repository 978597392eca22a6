"""A model version's manifest: written, read, verified, and refused when something is amiss."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom_contract.description import Description, DescriptionError
from photochrom_contract.manifest import (
    MANIFEST_FILE,
    MAX_VERSION,
    MODEL_FILE,
    Manifest,
    ManifestError,
    digest,
)
from photochrom_contract.tensors import MAX_SIDE

MODEL = b"not really a graph"


def _manifest(**changes: Any) -> Manifest:
    fields: dict[str, Any] = {
        "name": "photochrom",
        "version": 1,
        "description": "Colors photographs.",
        "sha256": hashlib.sha256(MODEL).hexdigest(),
        "sizes": (128, 256),
        "default_size": 256,
        "chroma_stride": 4,
        "provenance": {"data": ["a", "b"], "metrics": {"psnr": 24.5}},
    }
    return Manifest(**{**fields, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / MODEL_FILE).write_bytes(MODEL)
    _manifest().write(tmp_path)
    return tmp_path


@given(
    name=st.text(min_size=1),
    version=st.integers(1, MAX_VERSION),
    planes=st.tuples(st.sampled_from([1, 2, 4]), st.sets(st.integers(1, MAX_SIDE // 4), min_size=1)),
    description=st.text(),
)
def test_what_is_written_is_read(
    name: str,
    version: int,
    planes: tuple[int, set[int]],
    description: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    stride, chroma_sides = planes
    sizes = tuple(sorted(stride * side for side in chroma_sides))
    written = _manifest(
        name=name,
        version=version,
        sizes=sizes,
        default_size=max(sizes),
        chroma_stride=stride,
        description=description,
    )
    place = tmp_path_factory.mktemp("version")
    written.write(place)
    assert Manifest.read(place) == written


def test_the_model_that_was_published_is_verified(folder: Path) -> None:
    assert digest(folder / MODEL_FILE) == hashlib.sha256(MODEL).hexdigest()
    assert Manifest.read(folder).verify(folder) == folder / MODEL_FILE


def test_another_model_is_refused_by_its_path(folder: Path) -> None:
    (folder / MODEL_FILE).write_bytes(MODEL + b"!")
    with pytest.raises(ManifestError, match="damaged or not the one that was published") as caught:
        Manifest.read(folder).verify(folder)
    assert str(folder / MODEL_FILE) in str(caught.value)


def test_a_missing_model_is_refused_by_its_path(folder: Path) -> None:
    (folder / MODEL_FILE).unlink()
    with pytest.raises(ManifestError, match="cannot be read") as caught:
        Manifest.read(folder).verify(folder)
    assert str(folder / MODEL_FILE) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"sizes": []}',
        '{"sizes": [256], "surprise": 1}',
        "\xff",
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_named(text: str, folder: Path) -> None:
    (folder / MANIFEST_FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(ManifestError, match="not a readable manifest") as caught:
        Manifest.read(folder)
    assert str(folder / MANIFEST_FILE) in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", 7),
        ("description", None),
        ("description", "half a \ud800 pair"),
        ("version", 0),
        ("version", "1"),
        ("version", 1.0),
        ("version", MAX_VERSION + 1),
        ("sha256", None),
        ("sizes", None),
        ("sizes", 256),
        ("sizes", "256"),
        ("sizes", []),
        ("sizes", [0, 256]),
        ("sizes", [256, 128]),
        ("sizes", [256, 256]),
        ("sizes", [256, MAX_SIDE + 4]),
        ("sizes", [[256]]),
        ("default_size", 192),
        ("default_size", 256.0),
        ("default_size", [256]),
        ("chroma_stride", 0),
        ("chroma_stride", -4),
        ("chroma_stride", "x"),
        ("chroma_stride", True),
        ("chroma_stride", 3),
        ("provenance", "attic"),
    ],
)
def test_a_value_that_does_not_do_is_refused_by_file_and_field(
    field: str, value: object, folder: Path
) -> None:
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(ManifestError) as caught:
        Manifest.read(folder)
    assert str(caught.value).startswith(f"{path}: {field}: must ")


def test_a_field_that_a_manifest_does_not_have_is_refused(folder: Path) -> None:
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "surprise": 1}))
    with pytest.raises(ManifestError, match=r"not a readable manifest: .*'surprise'"):
        Manifest.read(folder)


def test_a_saved_models_description_survives(tmp_path: Path) -> None:
    written = Description("koala", "Colors.", (224, 256), 224, {"epochs": 3})
    written.write(tmp_path)
    assert Description.read(tmp_path) == written


def test_a_saved_model_without_a_description_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="not a readable description"):
        Description.read(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"), [("name", 7), ("sizes", "224"), ("sizes", [224, 9999]), ("default_size", 1)]
)
def test_a_description_that_does_not_do_is_refused_by_file_and_field(
    field: str, value: object, tmp_path: Path
) -> None:
    Description("koala", "Colors.", (224, 256), 224).write(tmp_path)
    (path,) = tmp_path.rglob("*.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(DescriptionError) as caught:
        Description.read(tmp_path)
    assert str(caught.value).startswith(f"{path}: {field}: must ")
