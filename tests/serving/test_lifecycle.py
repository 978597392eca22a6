"""Versions come and go while others serve: polling, explicit control, swaps under load."""

import asyncio
import functools
import gc
import io
import itertools
import os
import threading
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import pytest
from PIL import Image

from photochrom_contract.v1 import colorizer_pb2
from photochrom_serving.errors import ModelControlError, NotFoundError
from photochrom_serving.servables import Reference, Servable, State
from photochrom_serving.session import Session
from tests import model_factory
from tests.serving.conftest import connected, lightness, refusal, request, serving
from tests.serving.controlled import Controlled, controlled, status_of
from tests.serving.held_version import HeldVersion

SWAPS = 100


def test_a_published_version_takes_over_and_the_old_one_goes(model_repository: Path) -> None:
    async def run() -> None:
        async with controlled(model_repository) as server:
            assert await server.answering() == 1
            model_factory.publish(model_repository, version=2)
            await server.control.poll()
            assert await server.answering() == 2
            code, message = await status_of(server.answering(version=1))
            assert (code, message) == (
                grpc.StatusCode.NOT_FOUND,
                "model 'photochrom' has no version 1; there is 2",
            )
            assert server.told == [
                ("photochrom/1", State.AVAILABLE),  # at once, of what there is
                ("photochrom/2", State.LOADING),
                ("photochrom/2", State.AVAILABLE),
                ("photochrom/1", State.UNLOADING),
                ("photochrom/1", State.UNLOADED),
            ]

    asyncio.run(run())


def test_the_command_polls_by_itself(model_repository: Path) -> None:
    with serving(model_repository, "--poll-seconds", "0.05") as server, connected(server.target) as stub:
        assert stub.Colorize(request(lightness(32))).model.version == 1
        model_factory.publish(model_repository, version=2)
        assert server.wait_for("loaded")["model"] == "photochrom/2"
        assert server.wait_for("unloaded")["model"] == "photochrom/1"
        assert stub.Colorize(request(lightness(32))).model.version == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a model that never comes is a named pipe")
def test_a_disk_that_hangs_holds_up_neither_calls_nor_the_end(model_repository: Path) -> None:
    path = model_factory.publish(model_repository, version=2) / "model.onnx"
    aside = path.parent.rename(model_repository / "2")
    (aside / "model.onnx").unlink()
    os.mkfifo(aside / "model.onnx")
    with serving(model_repository, "--poll-seconds", "0.05") as server, connected(server.target) as stub:
        aside.rename(path.parent)
        with path.open("wb"):  # it opens when the other end is read: the version loads, without end
            listed = stub.ListModels(colorizer_pb2.ListModelsRequest())
            assert listed.models[0].versions[1].state == colorizer_pb2.ModelVersion.LOADING
            code, message, detail = refusal(lambda: stub.Colorize(request(lightness(32), version=2)))
            assert code == grpc.StatusCode.UNAVAILABLE
            assert message == "model 'photochrom' is loading version 2; try again soon"
            assert detail.retry_delay.ToMilliseconds() > 0
            assert stub.Colorize(request(lightness(32))).model.version == 1
            server.process.terminate()
            assert server.end() == 0


async def colorize(server: Controlled, seed: int) -> list[int]:
    """The version that answers a call, whose answer is right."""
    return [(await server.colorize(lightness(32, seed))).model.version]


async def colorize_photo(server: Controlled, seed: int) -> list[int]:
    """The version that answers a call with a picture."""
    file = io.BytesIO()
    Image.fromarray(lightness(32, seed)).save(file, "PNG")
    photo = colorizer_pb2.ColorizePhotoRequest(photo=file.getvalue())
    return [(await server.stub.ColorizePhoto(photo)).model.version]


async def colorize_stream(server: Controlled, seed: int) -> list[int]:
    """The versions that answer a stream."""
    requests = [request(lightness(32, seed + n)) for n in range(8)]
    return [response.model.version async for response in server.stub.ColorizeStream(iter(requests))]


async def call_until(
    stop: asyncio.Event, call: Callable[[int], Awaitable[list[int]]], answered: list[int]
) -> None:
    """Call again and again."""
    for seed in itertools.takewhile(lambda _: not stop.is_set(), itertools.count()):
        answered += await call(seed)


def resident_bytes() -> int:
    """The process's memory that is in RAM."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="the system does not tell a process's memory"
)
@pytest.mark.parametrize("way", ["explicit", "poll"])
def test_a_hundred_swaps_under_load_fail_no_call_and_leave_nothing_behind(
    model_repository: Path, tmp_path: Path, way: str
) -> None:
    model = model_factory.build_model(work=1)  # its weights alone are a megabyte
    model_factory.publish(tmp_path / "aside", version=2, model=model)
    aside, there = (folder / "photochrom" / "2" for folder in (tmp_path / "aside", model_repository))
    if way == "explicit":
        aside.rename(there)

    async def swap(server: Controlled, *, into: bool) -> None:
        if way == "poll":
            (aside if into else there).rename(there if into else aside)
            await server.control.poll()
        elif into:
            await server.control.load("photochrom", 2)
        else:
            await server.control.unload("photochrom", 2)

    async def run() -> None:
        answered: list[int] = []
        sessions: list[weakref.ref[Servable]] = []
        memory: list[int] = []
        async with controlled(model_repository, versions="1,2" if way == "poll" else "1") as server:
            stop = asyncio.Event()
            callers = [
                asyncio.create_task(call_until(stop, functools.partial(call, server), answered))
                for call in (colorize, colorize, colorize_photo, colorize_stream)
            ]
            for _ in range(SWAPS):
                await swap(server, into=True)
                with server.servables.use(Reference(version=2)) as servable:
                    sessions.append(weakref.ref(servable))
                del servable
                before = len(answered)
                while 2 not in answered[before:]:
                    assert not any(caller.done() for caller in callers)
                    await asyncio.sleep(0)
                await swap(server, into=False)
                memory.append(resident_bytes())
            while server.servables.versions("photochrom").get(2):  # its last user leaves
                await asyncio.sleep(0)
            stop.set()
            await asyncio.gather(*callers)
            assert set(answered) == {1, 2}
            states = [state for version, state in server.told if version == "photochrom/2"]
            assert states.count(State.AVAILABLE) == states.count(State.UNLOADING) == SWAPS
            assert states[-1] == State.UNLOADED
        assert not any(session() for session in sessions)
        assert not [
            thread for thread in threading.enumerate() if thread.name.startswith("runner photochrom/2")
        ]
        assert (
            max(memory[-20:]) - max(memory[:20]) < 40e6
        )  # of the 80 megabytes of weights loaded between them

    asyncio.run(run())


def test_a_version_in_use_is_unloaded_after_its_last_user(model_repository: Path) -> None:
    async def run() -> None:
        async with controlled(model_repository, versions="all") as server:
            model_factory.publish(model_repository, version=2)
            await server.control.load("photochrom")
            with server.servables.use(Reference(version=1)) as servable:
                unloading = asyncio.create_task(server.control.unload("photochrom", 1))
                while server.told[-1] != ("photochrom/1", State.UNLOADING):
                    await asyncio.sleep(0)
                listed = await server.stub.ListModels(colorizer_pb2.ListModelsRequest())
                assert [version.state for version in listed.models[0].versions] == [
                    colorizer_pb2.ModelVersion.UNLOADING,
                    colorizer_pb2.ModelVersion.AVAILABLE,
                ]
                code, _ = await status_of(server.answering(version=1))  # nobody new
                assert code == grpc.StatusCode.NOT_FOUND
                with server.servables.use(Reference(servable=servable)) as same:  # but whoever has it
                    (answer,) = await same.batcher.predict([lightness(32)], None)
                assert answer.chroma.shape == (2, 16, 16)
                assert not unloading.done()
            await unloading
            assert server.servables.versions("photochrom").get(1) is None

    asyncio.run(run())


def test_an_idle_server_holds_on_to_nothing_that_was_unloaded(model_repository: Path) -> None:
    def is_held() -> bool:
        return any(isinstance(found, Session) and found.label == "passing/1" for found in gc.get_objects())

    async def run() -> None:
        async with controlled(model_repository) as server, asyncio.timeout(60):
            model_factory.publish(model_repository, name="passing")
            await server.control.load("passing")
            await asyncio.gather(*(server.answering(name="passing") for _ in range(16)))
            assert is_held()
            await server.control.unload("passing")
            while is_held():  # the device's threads finish what they are at
                await asyncio.sleep(0)

    asyncio.run(run())


def test_calls_load_unload_and_reload(model_repository: Path) -> None:
    async def run() -> None:
        for version in (2, 3):
            model_factory.publish(model_repository, version=version)
        model_factory.publish(model_repository, name="sepia")
        async with controlled(model_repository) as server:
            assert server.servables.available() == ["photochrom/3", "sepia/1"]
            await server.control.load("photochrom", 1)
            assert await server.answering(version=1) == 1
            assert [(str(version), version.state) for version in await server.control.index()] == [
                ("photochrom/1", State.AVAILABLE),
                ("photochrom/2", State.UNLOADED),
                ("photochrom/3", State.AVAILABLE),
                ("sepia/1", State.AVAILABLE),
            ]
            await server.control.unload("photochrom", 3)
            assert await server.answering() == 1
            await server.control.load("photochrom")  # as the policy has it: the latest, and no other
            assert server.servables.available() == ["photochrom/3", "sepia/1"]
            await server.control.unload("photochrom")
            assert server.servables.default_model == "sepia"
            assert (await server.stub.Colorize(request(lightness(32)))).model.name == "sepia"
            for wrong in (
                server.control.load("autochrome"),
                server.control.load("../photochrom"),
                server.control.load("photochrom", 4),
                server.control.unload("photochrom"),
                server.control.unload("sepia", 9),
            ):
                with pytest.raises(NotFoundError):
                    await wrong

    asyncio.run(run())


def test_loading_a_version_brings_back_no_other(model_repository: Path) -> None:
    async def run() -> None:
        for version in (2, 3):
            model_factory.publish(model_repository, version=version)
        async with controlled(model_repository) as server:
            await server.control.load("photochrom", 2)
            await server.control.unload("photochrom", 3)  # rolled back, though the policy is the latest
            server.told.clear()
            await server.control.load("photochrom", 2)
            assert server.told == []
            assert await server.answering() == 2
            await server.control.load("photochrom", 1)
            assert server.servables.available() == ["photochrom/1", "photochrom/2"]

    asyncio.run(run())


def test_who_unloads_what_is_unloading_waits_for_the_same_end(model_repository: Path) -> None:
    async def run() -> None:
        async with controlled(model_repository) as server, asyncio.timeout(60):
            with server.servables.use(Reference()):
                unloading = [asyncio.create_task(server.control.unload("photochrom")) for _ in range(2)]
                for _ in range(100):  # all happens that needs nothing from outside
                    await asyncio.sleep(0)
                assert not any(task.done() for task in unloading)
            await asyncio.gather(*unloading)
            states = [state for _, state in server.told]
            assert states == [State.AVAILABLE, State.UNLOADING, State.UNLOADED]

    asyncio.run(run())


def test_what_there_is_is_told_while_a_version_loads(model_repository: Path) -> None:
    async def run() -> None:
        async with controlled(model_repository) as server:
            held = HeldVersion(model_repository, 2)
            loading = asyncio.create_task(server.control.load("photochrom"))
            while ("photochrom/2", State.LOADING) not in server.told:
                await asyncio.sleep(0)
            try:
                async with asyncio.timeout(60):
                    listed = await server.control.index()
            finally:
                await asyncio.to_thread(held.let_go)
            assert [(str(version), version.state) for version in listed] == [
                ("photochrom/1", State.AVAILABLE),
                ("photochrom/2", State.LOADING),
            ]
            await loading
            assert await server.answering() == 2

    asyncio.run(run())


def test_a_call_that_is_given_up_is_seen_through(model_repository: Path) -> None:
    async def run() -> None:
        async with controlled(model_repository) as server:
            model_factory.publish(model_repository, version=2)
            loading = asyncio.create_task(server.control.load("photochrom"))
            while ("photochrom/2", State.LOADING) not in server.told:
                await asyncio.sleep(0)
            loading.cancel()
            while server.told[-1] != ("photochrom/1", State.UNLOADED):
                await asyncio.sleep(0)
            assert await server.answering() == 2

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["none", "poll"])
def test_calls_control_nothing_unless_the_setting_allows_it(model_repository: Path, mode: str) -> None:
    async def run() -> None:
        async with controlled(model_repository, model_control=mode) as server:
            for call in (
                server.control.load("photochrom"),
                server.control.unload("photochrom"),
                server.control.set_labels("photochrom", {"stable": 1}),
            ):
                with pytest.raises(ModelControlError, match="start it with --model-control explicit"):
                    await call
            assert await server.answering() == 1

    asyncio.run(run())
