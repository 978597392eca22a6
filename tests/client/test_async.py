"""The SDK on asyncio: the same results and errors, awaited, and the event loop stays free."""

import asyncio
import contextlib
from pathlib import Path

import grpc
import numpy as np
import pytest
from PIL import Image

import photochrom
from photochrom import AsyncColorizer, Colorizer
from photochrom_serving.embedded import EmbeddedServer
from tests.client import scripted


def test_it_colors_as_the_blocking_one_does(target: str, photo: Path) -> None:
    async def color() -> Image.Image:
        async with AsyncColorizer(target, saturation=0.5) as colorizer:
            return await colorizer.colorize(photo)

    with Colorizer(target, saturation=0.5) as colorizer:
        expected = colorizer.colorize(photo)
    assert np.array_equal(np.asarray(asyncio.run(color())), np.asarray(expected))


def test_a_file_becomes_the_file_that_it_becomes_with_the_blocking_one(
    target: str, photo: Path, tmp_path: Path
) -> None:
    async def color() -> None:
        async with AsyncColorizer(target) as colorizer:
            await colorizer.colorize_file(photo, tmp_path / "one.jpg")

    asyncio.run(color())
    with Colorizer(target) as colorizer:
        colorizer.colorize_file(photo, tmp_path / "other.jpg")
    assert (tmp_path / "one.jpg").read_bytes() == (tmp_path / "other.jpg").read_bytes()


def test_many_come_in_order_with_errors_in_their_places(target: str, photo: Path) -> None:
    async def color() -> list[photochrom.Outcome]:
        async with AsyncColorizer(target) as colorizer:
            return [outcome async for outcome in colorizer.colorize_many([photo, "absent.jpg", photo])]

    first, second, third = asyncio.run(color())
    assert (first.result().size, third.result().size) == ((90, 60), (90, 60))
    assert isinstance(second.error, photochrom.PictureError)


def test_or_as_they_come(target: str, gradient: Image.Image) -> None:
    async def color() -> int:
        async with AsyncColorizer(target) as colorizer:
            outcomes = colorizer.colorize_many([gradient] * 20, in_order=False, window=4)
            return len([outcome.result() async for outcome in outcomes])

    assert asyncio.run(color()) == 20


def test_leaving_early_ends_what_is_under_way(target: str, gradient: Image.Image) -> None:
    async def color() -> set[str]:
        async with AsyncColorizer(target) as colorizer:
            async with contextlib.aclosing(colorizer.colorize_many([gradient] * 20, window=4)) as outcomes:
                async for _ in outcomes:
                    break
            return {task.get_name() for task in asyncio.all_tasks()} - {asyncio.current_task().get_name()}  # type: ignore[union-attr]

    assert asyncio.run(color()) == set()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, photochrom.BusyError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, photochrom.DeadlineError),
        (grpc.StatusCode.UNAUTHENTICATED, photochrom.AuthenticationError),
        (grpc.StatusCode.NOT_FOUND, photochrom.ModelNotFoundError),
        (grpc.StatusCode.INTERNAL, photochrom.ServerError),
    ],
)
def test_the_errors_are_the_same(
    code: grpc.StatusCode,
    error: type[photochrom.ServerError],
    target: str,
    service: scripted.Colorizer,
    gradient: Image.Image,
) -> None:
    service.failures = [(code, "no")] * 5

    async def color() -> None:
        async with AsyncColorizer(target, size=64) as colorizer:
            await colorizer.colorize(gradient)

    with pytest.raises(photochrom.ServerError) as caught:
        asyncio.run(color())
    assert type(caught.value) is error


def test_nobody_at_the_target_and_a_name_that_means_nothing(gradient: Image.Image) -> None:
    async def color(target: str) -> None:
        async with AsyncColorizer(target) as colorizer:
            await colorizer.colorize(gradient)

    with pytest.raises(photochrom.UnreachableError, match="no server listens there"):
        asyncio.run(color("127.0.0.1:1"))
    with pytest.raises(photochrom.TargetError):
        asyncio.run(color("http://localhost"))


def test_a_closed_one_says_so_before_and_meanwhile(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    async def before() -> None:
        colorizer = AsyncColorizer(target)
        await colorizer.close()
        await colorizer.colorize(gradient)

    async def meanwhile() -> None:
        colorizer = AsyncColorizer(target)
        call = asyncio.create_task(colorizer.colorize(gradient))
        await asyncio.to_thread(service.asked.wait)
        await colorizer.close()
        await call

    with pytest.raises(ValueError, match="the AsyncColorizer is closed"):
        asyncio.run(before())
    service.may_answer.clear()
    try:
        with pytest.raises(ValueError, match="was closed during the call"):
            asyncio.run(meanwhile())
    finally:
        service.may_answer.set()


def test_a_task_may_be_cancelled(target: str, service: scripted.Colorizer, gradient: Image.Image) -> None:
    async def color() -> None:
        async with AsyncColorizer(target) as colorizer:
            task = asyncio.create_task(colorizer.colorize(gradient))
            await asyncio.to_thread(service.asked.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    service.may_answer.clear()
    try:
        asyncio.run(color())
    finally:
        service.may_answer.set()


def test_against_the_real_server_in_the_same_process(model_repository: Path, gradient: Image.Image) -> None:
    async def color(target: str) -> list[Image.Image]:
        async with AsyncColorizer(target) as colorizer:
            return [outcome.result() async for outcome in colorizer.colorize_many([gradient] * 30)]

    with EmbeddedServer(model_repository) as server, Colorizer(server.target) as colorizer:
        expected = np.asarray(colorizer.colorize(gradient))
        pictures = asyncio.run(color(server.target))
    assert all(np.array_equal(np.asarray(picture), expected) for picture in pictures)


def test_a_number_out_of_range_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="must"):
        AsyncColorizer("localhost:8500", saturation=3)
