"""The threads for pictures: nobody's pictures hold up everybody else's."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Coroutine
from typing import Any

import pytest

from photochrom_serving.drain import Drain
from photochrom_serving.errors import ExpiredError, QueueFullError
from photochrom_serving.photo_pool import PhotoPool


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


def test_callers_take_turns_however_many_pictures_one_has() -> None:
    async def scenario() -> None:
        pool, go, order = PhotoPool(1, 16, Drain()), threading.Event(), list[str]()
        first = asyncio.create_task(pool.run("hostile", None, go.wait, 60))
        await asyncio.sleep(0)  # it has the thread
        tasks = [
            asyncio.create_task(pool.run("hostile", None, order.append, f"hostile {n}")) for n in range(5)
        ]
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(pool.run(name, None, order.append, name)) for name in ("one", "other")]
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, *tasks)
        assert order == ["hostile 0", "one", "other", *(f"hostile {n}" for n in range(1, 5))]
        pool.close()

    run(scenario())


def test_one_caller_does_not_get_all_the_places() -> None:
    async def scenario() -> None:
        pool = PhotoPool(1, 8, Drain())
        inside = [pool.admit("hostile", None) for _ in range(6)]
        for place in inside:
            place.__enter__()
        with pytest.raises(QueueFullError), pool.admit("hostile", None):
            pass
        others = [pool.admit(name, None) for name in ("one", "other")]
        for place in others:
            place.__enter__()
        with pytest.raises(QueueFullError), pool.admit("third", None):
            pass
        for place in (*inside, *others):
            place.__exit__(None, None, None)
        with pool.admit("hostile", None):
            pass
        await asyncio.wait_for(pool.empty(), 60)
        pool.close()

    run(scenario())


def test_a_picture_whose_deadline_passes_or_whose_caller_leaves_is_not_decoded() -> None:
    async def scenario() -> None:
        pool, go, order = PhotoPool(1, 8, Drain()), threading.Event(), list[str]()
        first = asyncio.create_task(pool.run("one", None, go.wait, 60))
        await asyncio.sleep(0)
        late = asyncio.create_task(pool.run("one", time.monotonic(), order.append, "late"))
        left = asyncio.create_task(pool.run("one", None, order.append, "left"))
        last = asyncio.create_task(pool.run("one", None, order.append, "last"))
        await asyncio.sleep(0)
        left.cancel()
        go.set()
        await asyncio.gather(first, last)
        with pytest.raises(ExpiredError):
            await late
        assert order == ["last"]
        pool.close()

    run(scenario())


def test_a_picture_whose_caller_leaves_is_not_kept_until_its_turn() -> None:
    class Picture:
        """What a weak reference can be of."""

    async def scenario() -> None:
        pool, go = PhotoPool(1, 8, Drain()), threading.Event()
        first = asyncio.create_task(pool.run("one", None, go.wait, 60))
        await asyncio.sleep(0)
        picture = Picture()
        kept = weakref.ref(picture)
        left = asyncio.create_task(pool.run("one", None, id, picture))
        del picture
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait({left})
        del left
        gc.collect()
        assert kept() is None
        go.set()
        await first
        assert await pool.run("one", None, int, "7") == 7
        pool.close()

    run(scenario())


def test_what_fails_fails_for_its_caller_alone() -> None:
    async def scenario() -> None:
        pool = PhotoPool(2, 8, Drain())
        with pytest.raises(ZeroDivisionError):
            await pool.run("one", None, lambda: 1 // 0)
        assert await pool.run("one", None, int, "7") == 7
        pool.close()

    run(scenario())
