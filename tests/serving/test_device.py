"""The device: batches side by side or one at a time, lanes in turn, and an open batch that misses nobody."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator

import numpy as np
import pytest

from photochrom_serving.batcher import Answer, Batcher
from photochrom_serving.device import Device
from photochrom_serving.errors import StartupError
from tests import model_factory
from tests.serving.held_model import HeldModel, plane_of


@contextlib.contextmanager
def on_device(model: HeldModel, workers: int = 1, *, one_at_a_time: bool = False) -> Iterator[Batcher]:
    """A batcher on a device of its own."""
    device = Device(workers, one_at_a_time=one_at_a_time)
    try:
        yield Batcher(device, model)
    finally:
        model.go.set()
        device.close()


async def colored(batcher: Batcher, value: int, size: int = 2) -> Answer:
    """Check the answer to a plane of one value."""
    (answer,) = await batcher.predict([plane_of(value, size)], None)
    np.testing.assert_array_equal(answer.chroma, model_factory.expected_chroma(plane_of(value, size)))
    return answer


async def started(model: HeldModel) -> None:
    assert await asyncio.to_thread(model.started.acquire, timeout=30)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happened():
            await asyncio.sleep(0)


def test_on_the_cpu_batches_run_side_by_side() -> None:
    model = HeldModel(1)

    async def scenario(batcher: Batcher) -> None:
        calls = [asyncio.create_task(colored(batcher, value)) for value in range(3)]
        await started(model)
        await started(model)  # the first has not ended
        assert sorted(model.batches) == [[0], [1]]
        model.go.set()
        await asyncio.gather(*calls)

    with on_device(model, workers=2) as batcher:
        asyncio.run(scenario(batcher))


def _on_gpu(model: HeldModel, scenario: Callable[[Batcher], Awaitable[None]]) -> None:
    async def run(batcher: Batcher) -> None:
        await scenario(batcher)

    with on_device(model, workers=2, one_at_a_time=True) as batcher:
        asyncio.run(run(batcher))


def test_on_a_gpu_the_next_batch_is_assembled_while_one_runs_and_takes_in_whoever_arrives_until_then() -> (
    None
):
    model = HeldModel(1, 2, 3)

    async def scenario(batcher: Batcher) -> None:
        calls = [asyncio.create_task(colored(batcher, 0))]
        await started(model)
        for value in (1, 2):  # one after the other: the second finds the batch open
            calls.append(asyncio.create_task(colored(batcher, value)))
            await until(lambda value=value: value in model.written)  # type: ignore[misc]
        assert model.batches == [[0]]
        model.go.set()
        await asyncio.gather(*calls)

    _on_gpu(model, scenario)
    assert model.batches == [[0], [1, 2]]


def test_whoever_leaves_an_open_batch_is_not_run_and_the_others_are_answered_rightly() -> None:
    model = HeldModel(1, 2, 3, 4)

    async def scenario(batcher: Batcher) -> None:
        calls = [asyncio.create_task(colored(batcher, 0))]
        await started(model)
        calls += [asyncio.create_task(colored(batcher, value)) for value in (1, 2, 3, 4)]
        await until(lambda: len(model.written) == 5)
        for gone in (calls.pop(3), calls.pop(1)):
            gone.cancel()
        model.go.set()
        await asyncio.gather(*calls)

    _on_gpu(model, scenario)
    assert model.batches == [[0], [2, 4]]


def test_an_open_batch_that_everybody_has_left_is_not_run() -> None:
    model = HeldModel(1)

    async def scenario(batcher: Batcher) -> None:
        first = asyncio.create_task(colored(batcher, 0))
        await started(model)
        gone = asyncio.create_task(colored(batcher, 1))
        await until(lambda: 1 in model.written)
        gone.cancel()
        model.go.set()
        await first
        await colored(batcher, 2)

    _on_gpu(model, scenario)
    assert model.batches == [[0], [2]]


def test_a_batch_that_is_being_assembled_as_the_device_closes_is_answered() -> None:
    model = HeldModel(1)
    model.go.set()
    device = Device(2, one_at_a_time=True)

    class Closing(list[int]):
        def append(self, value: int) -> None:
            device.close()

    model.written = Closing()
    asyncio.run(colored(Batcher(device, model), 7))
    assert device.ended.result(30) is None


def test_one_thread_alone_runs_what_a_gpu_runs() -> None:
    model = HeldModel(1)
    model.go.set()
    threads: set[int] = set()
    device = Device(2, one_at_a_time=True)
    for _ in range(4):
        device.perform(lambda: threads.add(threading.get_ident()))
    device.close()
    assert len(threads) == 1


def test_a_backlog_of_one_size_keeps_no_other_waiting() -> None:
    model = HeldModel(1)

    async def scenario(batcher: Batcher) -> None:
        backlog = [asyncio.create_task(colored(batcher, value)) for value in range(20)]
        await started(model)
        other = asyncio.create_task(colored(batcher, 99, size=4))
        await asyncio.sleep(0)
        model.go.set()
        await asyncio.gather(other, *backlog)

    with on_device(model) as batcher:
        asyncio.run(scenario(batcher))
    assert model.batches.index([99]) == 1


def test_models_share_the_device_by_the_time_that_their_batches_take() -> None:
    slow, quick = HeldModel(1, seconds=0.5), HeldModel(1)
    device = Device(1)
    order: list[str] = []

    async def color(batcher: Batcher, name: str) -> None:
        await colored(batcher, 1)
        order.append(name)

    async def scenario() -> None:
        of_slow, of_quick = Batcher(device, slow), Batcher(device, quick)
        for model, batcher in ((slow, of_slow), (quick, of_quick)):
            model.go.set()
            batcher.warm_up(2, 1)
        await asyncio.gather(
            *(color(of_slow, "slow") for _ in range(3)), *(color(of_quick, "quick") for _ in range(9))
        )

    asyncio.run(scenario())
    device.close()
    assert order[0] == "slow"  # it came first
    assert order[1:10] == ["quick"] * 9  # all of them together have had less of the device


def test_a_backlog_keeps_no_warm_up_waiting_and_a_warm_up_no_photograph() -> None:
    model = HeldModel(1)
    done: list[int] = []

    async def scenario(batcher: Batcher, device: Device) -> None:
        backlog = [asyncio.create_task(colored(batcher, value)) for value in range(20)]
        await started(model)
        warm_up = [
            asyncio.create_task(asyncio.to_thread(device.perform, lambda: done.append(len(model.batches))))
            for _ in range(2)
        ]
        await until(lambda: len(device.errands) == 2)
        model.go.set()
        await asyncio.gather(*warm_up, *backlog)

    device = Device(1)
    asyncio.run(scenario(Batcher(device, model), device))
    device.close()
    assert done[0] == 1
    assert done[1] < 20


def test_what_an_errand_raises_reaches_who_sent_it_and_a_closed_device_takes_none() -> None:
    device = Device(1)
    with pytest.raises(ZeroDivisionError):
        device.perform(lambda: 1 // 0)
    device.close()
    with pytest.raises(StartupError, match="stopping"):
        device.perform(lambda: 1)
    device.ended.result(timeout=30)
