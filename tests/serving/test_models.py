"""The model repository: what is loaded, what is refused, and what the list of models tells."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from photochrom_contract import manifest
from photochrom_contract.v1 import colorizer_pb2
from photochrom_serving import repository
from photochrom_serving.embedded import EmbeddedServer
from photochrom_serving.errors import RepositoryError, StartupError
from tests import model_factory
from tests.serving.conftest import connected, lightness, request, run_to_its_end

_State = colorizer_pb2.ModelVersion.State


def damage(folder: Path) -> Path:
    """Flip a bit in the middle of a model file."""
    path = folder / manifest.MODEL_FILE
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return path


def test_the_list_has_what_a_caller_needs_to_know(model_repository: Path) -> None:
    folder = model_factory.publish(model_repository, name="sepia", version=7, sizes=(16,), default_size=16)
    with EmbeddedServer(model_repository) as server, connected(server.target) as stub:
        listed = stub.ListModels(colorizer_pb2.ListModelsRequest())
    assert listed.default_model == "photochrom"
    assert [model.name for model in listed.models] == ["photochrom", "sepia"]
    (version,) = listed.models[1].versions
    assert version == colorizer_pb2.ModelVersion(
        version=7,
        state=_State.AVAILABLE,
        sizes=[16],
        default_size=16,
        sha256=manifest.digest(folder / manifest.MODEL_FILE),
        description="A tiny model for tests",
    )


def test_the_latest_version_answers_and_versions_are_numbers(model_repository: Path) -> None:
    for version in (2, 10):
        model_factory.publish(model_repository, version=version)
    (model_repository / "photochrom" / ".11.partial").mkdir()  # being published
    with EmbeddedServer(model_repository) as server, connected(server.target) as stub:
        listed = stub.ListModels(colorizer_pb2.ListModelsRequest())
        assert [version.version for version in listed.models[0].versions] == [1, 2, 10]
        assert stub.Colorize(request(lightness(32))).model.version == 10
        assert stub.Colorize(request(lightness(32), version=2)).model.version == 2


def test_without_a_photochrom_the_first_model_is_the_default(tmp_path: Path) -> None:
    for name in ("sepia", "autochrome"):
        model_factory.publish(tmp_path, name=name)
    with EmbeddedServer(tmp_path) as server, connected(server.target) as stub:
        assert stub.Colorize(request(lightness(32))).model.name == "autochrome"


def test_a_damaged_version_is_refused_while_the_others_serve(model_repository: Path) -> None:
    path = damage(model_factory.publish(model_repository, version=2))
    with EmbeddedServer(model_repository) as server, connected(server.target) as stub:
        assert stub.Colorize(request(lightness(32))).model.version == 1
        listed = stub.ListModels(colorizer_pb2.ListModelsRequest())
        refused = listed.models[0].versions[1]
        assert refused.state == _State.FAILED
        assert f"{path}: its SHA-256 is" in refused.message
        with pytest.raises(grpc.RpcError) as caught:
            stub.Colorize(request(lightness(32), version=2))
        assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_manifest_that_does_not_do_is_refused_while_the_others_serve(model_repository: Path) -> None:
    wrong = {"chroma_stride": 0, "sizes": [32, 4096], "default_size": "64", "description": "\ud800"}
    for version, (field, value) in enumerate(wrong.items(), start=2):
        path = model_factory.publish(model_repository, version=version) / manifest.MANIFEST_FILE
        path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    (model_repository / "photochrom" / "99999999999999999999").mkdir()  # no version: no protocol has room
    with EmbeddedServer(model_repository) as server, connected(server.target) as stub:
        assert stub.Colorize(request(lightness(32))).model.version == 1
        listed = stub.ListModels(colorizer_pb2.ListModelsRequest())
    _, *refused = listed.models[0].versions
    assert [version.state for version in refused] == [_State.FAILED] * len(wrong)
    for version, field in zip(refused, wrong, strict=True):
        assert f"{version.version}/manifest.json: {field}: must " in version.message


def test_a_server_whose_only_model_is_damaged_does_not_start_and_names_the_file(
    model_repository: Path,
) -> None:
    path = damage(model_repository / "photochrom" / "1")
    ended = run_to_its_end("--models", str(model_repository), "--port", "0", "--log-level", "error")
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(f"photochrom-serve: {path}: its SHA-256 is")
    assert "Traceback" not in ended.stderr


def test_a_manifest_of_another_version_is_refused(model_repository: Path) -> None:
    (model_repository / "photochrom" / "1").rename(model_repository / "photochrom" / "3")
    with pytest.raises(RepositoryError, match=r"photochrom/3: its manifest is of photochrom version 1"):
        EmbeddedServer(model_repository)


def test_a_graph_that_is_not_of_the_contract_is_refused(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(input_name="grey"))
    with pytest.raises(RepositoryError, match="wants one tensor 'lightness' here, the graph has grey"):
        EmbeddedServer(tmp_path)


def test_a_manifest_that_promises_what_the_graph_does_not_do_is_refused(model_repository: Path) -> None:
    folder = model_repository / "photochrom" / "1"
    path = folder / manifest.MANIFEST_FILE
    path.write_text(path.read_text().replace('"chroma_stride": 2', '"chroma_stride": 4'))
    with pytest.raises(RepositoryError, match=r"chroma is \(1, 2, 32, 32\), not \(1, 2, 16, 16\)"):
        EmbeddedServer(model_repository)


@pytest.mark.parametrize("exists", [True, False])
def test_a_repository_without_models_is_an_error_that_names_it(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "nothing"
    if exists:
        folder.mkdir()
    with pytest.raises(StartupError, match=str(folder)):
        EmbeddedServer(folder)


def test_a_models_folder_near_an_installation_is_not_taken_for_the_checkouts(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    shutil.copytree(Path(repository.__file__).parent, site / "photochrom_serving")
    shutil.rmtree(site / "photochrom_serving" / "models", ignore_errors=True)
    (tmp_path / "models").mkdir()
    ended = subprocess.run(
        [sys.executable, "-m", "photochrom_serving"],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert ended.returncode == 2
    assert "no models came with this installation" in ended.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may enter every folder")
def test_a_folder_that_may_not_be_entered_is_passed_over(model_repository: Path) -> None:
    locked = model_repository / "lost+found"
    locked.mkdir(mode=0)
    folders = repository.scan(model_repository)
    assert [name for name, folder in folders.items() if folder.versions] == ["photochrom"]
    assert folders["lost+found"].problem == f"{locked}: cannot be read: Permission denied"
