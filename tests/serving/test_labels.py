"""Labels: what a request that names one gets, where they are kept, and rollback."""

import asyncio
import contextlib
import json
import resource
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from photochrom_contract.v1 import colorizer_pb2
from photochrom_serving import labels
from photochrom_serving.errors import ModelControlError, NotFoundError, RepositoryError
from photochrom_serving.servables import Servables, State
from photochrom_serving.settings import Settings
from tests import model_factory
from tests.serving.controlled import controlled, logged, status_of


@pytest.fixture
def folder(model_repository: Path) -> Path:
    """The folder of a model with versions 1, 2 and 3, of which 1 is stable and 3 the canary."""
    for version in (2, 3):
        model_factory.publish(model_repository, version=version)
    folder = model_repository / "photochrom"
    labels.write(folder, {"stable": 1, "canary": 3})
    return folder


def test_a_request_names_a_label_and_the_answer_names_the_version(folder: Path) -> None:
    async def run() -> None:
        async with controlled(folder.parent) as server:
            assert await server.answering(label="stable") == 1  # served for its label alone
            assert await server.answering(label="canary") == 3
            assert await server.answering() == 3
            listed = await server.stub.ListModels(colorizer_pb2.ListModelsRequest())
            assert {version.version: list(version.labels) for version in listed.models[0].versions} == {
                1: ["stable"],
                3: ["canary"],
            }
            assert await status_of(server.answering(label="beta")) == (
                grpc.StatusCode.NOT_FOUND,
                "model 'photochrom' has no label 'beta'; there is canary, stable",
            )

    asyncio.run(run())


def test_a_rollback_is_a_label_moved_back(folder: Path) -> None:
    async def run() -> None:
        async with controlled(folder.parent) as server:
            await server.control.set_labels("photochrom", {"stable": 3})
            assert await server.answering(label="stable") == 3
            assert json.loads((folder / labels.FILE).read_text()) == {"stable": 3}
            assert await server.answering(version=1) == 1  # loaded until it is asked to go
            await server.control.set_labels("photochrom", {"stable": 1, "bad": 3})
            assert await server.answering(label="stable") == 1
        async with controlled(folder.parent) as server:  # kept
            assert server.servables.labels("photochrom") == {"stable": 1, "bad": 3}

    asyncio.run(run())


def test_a_changed_file_is_followed_and_a_label_moves_when_its_version_is_there(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with controlled(folder.parent) as server:
            labels.write(folder, {"stable": 2, "canary": 9})
            await server.control.poll()
            assert await server.answering(label="stable") == 2
            assert await server.answering(label="canary") == 3  # there is no version 9: it means what it did
            assert server.servables.versions("photochrom").get(1) is None  # nothing means it any more
            for _ in range(3):
                await server.control.poll()
            (pending,) = logged(caplog, "labels_pending")
            assert pending["problem"] == "no available version for canary"
            model_factory.publish(folder.parent, version=9)
            await server.control.poll()
            assert await server.answering(label="canary") == 9
            (folder / labels.FILE).unlink()
            await server.control.poll()
            assert server.servables.labels("photochrom") == {}
            assert server.servables.available() == ["photochrom/9"]

    asyncio.run(run())


def test_only_an_available_version_can_be_labelled_by_a_call(folder: Path) -> None:
    async def run() -> None:
        async with controlled(folder.parent) as server:
            before = server.servables.labels("photochrom")
            for wrong, complaint in (
                ({"stable": 3, "old": 2}, "label 'old': photochrom has no version 2 that is available"),
                ({"new\n": 3}, "is no label"),
            ):
                with pytest.raises(ModelControlError, match=complaint):
                    await server.control.set_labels("photochrom", wrong)
            with pytest.raises(NotFoundError):
                await server.control.set_labels("sepia", {})
            with pytest.raises(ModelControlError, match="photochrom/1 is what stable means"):
                await server.control.unload("photochrom", 1)
            assert server.servables.labels("photochrom") == before == {"stable": 1, "canary": 3}
            assert json.loads((folder / labels.FILE).read_text()) == before

    asyncio.run(run())


def test_listeners_are_told_of_labels(folder: Path) -> None:
    async def run() -> None:
        async with controlled(folder.parent) as server:
            del server.told[:]
            await server.control.set_labels("photochrom", {"stable": 3, "canary": 3})
            assert server.told == [("photochrom/1", State.AVAILABLE), ("photochrom/3", State.AVAILABLE)]

    asyncio.run(run())


@contextlib.contextmanager
def nothing_can_be_written() -> Iterator[None]:
    """A full disk, or as good as a read-only one: it holds for root as well."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_labels_that_cannot_be_written_hold_until_the_server_ends(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with controlled(folder.parent) as server:
            with nothing_can_be_written():
                await server.control.set_labels("photochrom", {"stable": 3})
            assert await server.answering(label="stable") == 3
            (event,) = logged(caplog, "labels_not_kept")
            assert event["model"] == "photochrom"
            await server.control.load("photochrom")
            assert server.servables.labels("photochrom") == {"stable": 3}

    asyncio.run(run())
    assert labels.read(folder) == {"stable": 1, "canary": 3}
    assert [path.name for path in folder.glob(".*")] == []


@pytest.mark.parametrize(
    "text", ['["stable"]', '{"stable": "1"}', '{"stable": true}', '{"": 1}', "{", "\xff"]
)
def test_a_file_that_is_no_labels_is_named_and_changes_nothing(folder: Path, text: str) -> None:
    async def run() -> None:
        async with controlled(folder.parent) as server:
            (folder / labels.FILE).write_text(text, "latin-1")
            with pytest.raises(RepositoryError, match=f"^{folder}/labels.json: "):
                labels.read(folder)
            with pytest.raises(ModelControlError, match=f"^{folder}/labels.json: "):
                await server.control.load("photochrom")
            assert await server.answering(label="stable") == 1

    asyncio.run(run())


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    wanted = {"stable": 1, "Übung": (1 << 63) - 1}
    labels.write(tmp_path, wanted)
    assert labels.read(tmp_path) == wanted
    assert [path.name for path in tmp_path.iterdir()] == [labels.FILE]


def test_a_servers_start_follows_the_file(folder: Path) -> None:
    labels.write(folder, {"stable": 2, "next": 4})
    servables = Servables(Settings(models=folder.parent))
    assert servables.load_all() == [f"{folder}: no available version for next"]
    assert servables.labels("photochrom") == {"stable": 2}
    assert servables.available() == ["photochrom/2", "photochrom/3"]
    servables.close()
