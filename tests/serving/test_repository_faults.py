"""What can be wrong with a repository while the server runs: what is loaded goes on serving."""

import asyncio
import os
import shutil
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto

from photochrom_contract import manifest
from photochrom_serving import repository
from photochrom_serving.errors import ModelControlError, NotReadyError, RepositoryError
from photochrom_serving.servables import Servables, State, Version
from photochrom_serving.settings import Settings
from tests import model_factory
from tests.serving.controlled import Controlled, controlled, logged


def replace(path: Path, data: bytes) -> None:
    """Replace a file by another: one that was written to at once might look as it did, time and all."""
    path.with_suffix(".new").write_bytes(data)
    path.with_suffix(".new").replace(path)


def damage(folder: Path) -> None:
    path = folder / manifest.MODEL_FILE
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    replace(path, bytes(data))


def known(server: Controlled, number: int) -> Version:
    version = server.servables.versions("photochrom").get(number)
    assert version
    return version


def test_a_corrupt_version_dropped_in_is_refused_once_and_loaded_when_it_is_mended(
    model_repository: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with controlled(model_repository) as server:
            folder = model_factory.publish(model_repository, version=2)
            good = (folder / manifest.MODEL_FILE).read_bytes()
            damage(folder)
            for _ in range(3):
                await server.control.poll()
            assert await server.answering() == 1
            assert known(server, 2).state == State.FAILED
            assert f"{folder}/model.onnx: its SHA-256 is" in known(server, 2).problem
            assert len(logged(caplog, "refused_model")) == 1
            with pytest.raises(ModelControlError, match=r"photochrom/2 was refused: .* its SHA-256 is"):
                await server.control.load("photochrom", 2)  # who asks for it has it tried again
            assert len(logged(caplog, "refused_model")) == 2
            replace(folder / manifest.MODEL_FILE, good)
            await server.control.poll()
            assert await server.answering() == 2

    asyncio.run(run())


def test_the_latest_version_is_the_latest_that_loads(model_repository: Path) -> None:
    for version in (2, 3):
        damage(model_factory.publish(model_repository, version=version))
    servables = Servables.load(Settings(models=model_repository, versions="latest:1"))
    assert servables.available() == ["photochrom/1"]
    servables.close()


def test_a_version_whose_folder_changes_is_replaced_and_a_broken_change_refused(
    model_repository: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        folder = model_repository / "photochrom" / "1"
        model, text = (folder / name for name in (manifest.MODEL_FILE, manifest.MANIFEST_FILE))
        async with controlled(model_repository) as server:
            first = known(server, 1).servable
            replace(model, model.read_bytes())
            await server.control.poll()  # nothing of it is new
            assert known(server, 1).servable is first
            replace(text, text.read_bytes().replace(b"A tiny model", b"A model"))
            await server.control.poll()
            second = known(server, 1).servable
            assert second
            assert second.manifest.description == "A model for tests"
            good = model.read_bytes()
            damage(folder)
            for _ in range(3):
                await server.control.poll()
            assert known(server, 1).servable is second
            assert known(server, 1).state == State.AVAILABLE
            assert "its SHA-256 is" in known(server, 1).problem
            assert len(logged(caplog, "refused_model")) == 1
            assert await server.answering() == 1
            replace(model, good)
            await server.control.poll()
            assert known(server, 1).problem == ""

    asyncio.run(run())


@pytest.mark.parametrize("left", ["nothing", "an empty folder", "a file", "an empty model"])
def test_a_disk_that_is_gone_ends_nothing_and_is_looked_at_again(
    model_repository: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, left: str
) -> None:
    async def run() -> None:
        model_factory.publish(model_repository, name="sepia")
        async with controlled(model_repository) as server:
            away = tmp_path / "away"
            if left == "an empty model":  # a volume of its own
                (model_repository / "photochrom").rename(away)
                (model_repository / "photochrom").mkdir()
            else:
                model_repository.rename(away)
            if left == "an empty folder":  # as of a volume that is not mounted
                model_repository.mkdir()
            if left == "a file":
                model_repository.touch()
            for _ in range(3):
                await server.control.poll()
            assert await server.answering() == 1
            assert server.servables.available() == ["photochrom/1", "sepia/1"]
            if left == "an empty model":
                (model_repository / "photochrom").rmdir()
                away.rename(model_repository / "photochrom")
            else:
                assert len(logged(caplog, "repository_unreadable")) == 1
                if left in ("nothing", "a file"):
                    with pytest.raises(NotReadyError, match="cannot be read"):
                        await server.control.load("photochrom")
                for remains in tmp_path.glob("models"):
                    remains.unlink() if remains.is_file() else remains.rmdir()
                away.rename(model_repository)
            model_factory.publish(model_repository, version=2)
            await server.control.poll()
            assert await server.answering() == 2

    asyncio.run(run())


def test_a_model_whose_folder_is_gone_is_unloaded(model_repository: Path, tmp_path: Path) -> None:
    async def run() -> None:
        model_factory.publish(model_repository, name="sepia")
        async with controlled(model_repository) as server:
            (model_repository / "sepia").rename(tmp_path / "sepia")
            await server.control.poll()
            assert server.servables.available() == ["photochrom/1"]

    asyncio.run(run())


@pytest.mark.parametrize("linked", ["model.onnx", "manifest.json", "a version", "a model", "labels.json"])
def test_what_leads_out_of_the_repository_is_refused(
    model_repository: Path, tmp_path: Path, linked: str
) -> None:
    outside = model_factory.publish(tmp_path / "outside", version=2)
    folder = model_repository / "photochrom" / "2"
    if linked == "a model":
        model_factory.publish(tmp_path / "outside", name="sepia")
        (model_repository / "sepia").symlink_to(tmp_path / "outside" / "sepia")
    elif linked == "a version":
        folder.symlink_to(Path("..", "..", "outside", "photochrom", "2"))
    elif linked == "labels.json":
        (tmp_path / "labels.json").write_text('{"stable": 1}')
        (model_repository / "photochrom" / "labels.json").symlink_to(tmp_path / "labels.json")
    else:
        outside.rename(folder)
        (folder / linked).rename(tmp_path / linked)
        (folder / linked).symlink_to(tmp_path / linked)
    servables = Servables(Settings(models=model_repository, versions="all"))
    problems = servables.load_all()
    assert servables.available() == ["photochrom/1"]
    assert servables.labels("photochrom") == {}
    (problem,) = problems
    assert f", outside the model repository {model_repository}" in problem
    servables.close()


def test_folders_of_the_system_and_names_that_no_message_can_carry_are_no_models(
    model_repository: Path,
) -> None:
    for name in (b".snapshot", b"caf\xe9"):
        shutil.copytree(model_repository / "photochrom", model_repository / os.fsdecode(name))
    assert list(repository.scan(model_repository)) == ["photochrom"]


def test_links_within_the_repository_are_followed(model_repository: Path, tmp_path: Path) -> None:
    """A volume of Kubernetes is made of them, and so may the path to the repository be."""
    (model_repository / "photochrom").rename(model_repository / "..data")
    (model_repository / "photochrom").symlink_to("..data")
    (tmp_path / "current").symlink_to(model_repository)
    servables = Servables(Settings(models=tmp_path / "current"))
    servables.load_all()
    assert servables.available() == ["photochrom/1"]
    servables.close()


def test_a_graph_does_not_read_files_outside_its_folder(model_repository: Path) -> None:
    (model_repository / "secret").write_bytes(bytes(8))
    model = model_factory.build_model()
    factors = next(tensor for tensor in model.graph.initializer if tensor.name == "factors")
    factors.ClearField("raw_data")
    factors.data_location = TensorProto.EXTERNAL
    factors.external_data.add(key="location", value="../../secret")
    folder = model_factory.publish(model_repository, version=2, model=onnx.ModelProto())
    (folder / manifest.MODEL_FILE).write_bytes(model.SerializeToString())
    stated = manifest.Manifest.read(folder)
    digest = manifest.digest(folder / manifest.MODEL_FILE)
    text = folder / manifest.MANIFEST_FILE
    text.write_text(text.read_text().replace(stated.sha256, digest))
    with pytest.raises(RepositoryError, match="escapes model directory"):
        Servables.load(Settings(models=model_repository, versions="2"))
