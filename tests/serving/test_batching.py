"""Batching: what waits together runs together; what nobody waits for does not run.

A model whose every batch takes long makes requests wait; the server's log says what it ran.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from photochrom_serving import deadline
from photochrom_serving.batcher import Answer, Batcher, BatchRun, Timing, Watch, ignore
from photochrom_serving.device import Device
from photochrom_serving.errors import ExpiredError, PredictionError
from photochrom_serving.session import Plane
from tests import model_factory
from tests.serving.conftest import assert_answers, connected, lightness, request, serving
from tests.serving.held_model import POISON, HeldModel, plane_of


def test_requests_that_wait_are_coalesced_by_size_and_answered_rightly(tmp_path: Path) -> None:
    model_factory.publish(tmp_path, model=model_factory.build_model(work=200))  # slower than any caller
    planes = [lightness((32, 64)[seed % 2], seed) for seed in range(48)]
    # Warmed up, for what larger batches gain is measured then: this model's cost what one photograph does.
    with serving(tmp_path, "--log-level", "debug", "--max-batch-size", "8") as server:
        with connected(server.target) as stub, ThreadPoolExecutor(48) as callers:
            for plane, response in zip(planes, callers.map(stub.Colorize, map(request, planes)), strict=True):
                assert_answers(response, plane)
        server.process.terminate()
        assert server.end() == 0
    batches = server.of("batch")
    assert sum(batch["photographs"] for batch in batches) == 48
    assert max(batch["photographs"] for batch in batches) <= 8
    assert len(batches) < 24  # two a batch would already be 24
    assert {batch["size"] for batch in batches} == {32, 64}


@contextlib.contextmanager
def batching(model: HeldModel, watch: Watch = ignore) -> Iterator[Batcher]:
    """A batcher over a device that runs one batch at a time."""
    device = Device(1, watch=watch)
    try:
        yield Batcher(device, model)
    finally:
        device.close()


async def answered(batcher: Batcher, value: int, size: int = 2, temperature: float | None = None) -> Answer:
    (answer,) = await batcher.predict([plane_of(value, size)], None, temperature)
    return answer


async def run_first(batcher: Batcher, model: HeldModel) -> asyncio.Task[Answer]:
    """Have a batch of the value 0 running, held up."""
    first = asyncio.create_task(answered(batcher, 0))
    assert await asyncio.to_thread(model.started.acquire, timeout=30)
    return first


def test_while_one_batch_runs_the_next_gathers_up_to_its_limit() -> None:
    model = HeldModel(1, 2, 3)

    async def scenario(batcher: Batcher) -> None:
        first = await run_first(batcher, model)
        rest = [asyncio.create_task(answered(batcher, n)) for n in range(1, 6)]
        await asyncio.sleep(0)
        model.go.set()
        for value, answer in enumerate(await asyncio.gather(first, *rest)):
            np.testing.assert_array_equal(answer.chroma, model_factory.expected_chroma(plane_of(value)))

    with batching(model) as batcher:
        asyncio.run(scenario(batcher))
    assert model.batches == [[0], [1, 2, 3], [4, 5]]


def test_with_a_delay_a_batch_that_is_not_full_waits_for_company() -> None:
    model = HeldModel(2)
    model.go.set()
    device = Device(1, delay=600)

    async def scenario(batcher: Batcher) -> None:
        await asyncio.gather(*(answered(batcher, value) for value in range(4)))
        first = asyncio.create_task(answered(batcher, 4))
        while not len(batcher.lane(2)):
            await asyncio.sleep(0)
        assert len(model.batches) == 2
        await asyncio.gather(first, answered(batcher, 5))

    asyncio.run(scenario(Batcher(device, model)))
    device.close()
    assert model.batches == [[0, 1], [2, 3], [4, 5]]


def test_the_photographs_of_one_request_stay_in_order() -> None:
    model = HeldModel(2)
    model.go.set()
    with batching(model) as batcher:
        answers = asyncio.run(_predict(batcher, [plane_of(n) for n in range(5)]))
    for value, answer in enumerate(answers):
        np.testing.assert_array_equal(answer.chroma, model_factory.expected_chroma(plane_of(value)))


async def _predict(batcher: Batcher, planes: Sequence[Plane]) -> Sequence[Answer]:
    return await batcher.predict(planes, None)


def test_batches_have_one_size_and_the_longest_waiting_goes_first() -> None:
    model = HeldModel(1, 2, 3)
    model.go.set()

    async def scenario(batcher: Batcher) -> None:
        await asyncio.gather(*(answered(batcher, n, 2 + 2 * (n % 2)) for n in range(5)))

    with batching(model) as batcher:
        asyncio.run(scenario(batcher))
    assert model.batches == [[0, 2, 4], [1, 3]]


def test_batches_have_one_temperature() -> None:
    model = HeldModel(1, 2)
    model.go.set()

    async def scenario(batcher: Batcher) -> None:
        temperatures = (None, 0.5, None, 0.5, 1.0)
        await asyncio.gather(*(answered(batcher, n, temperature=t) for n, t in enumerate(temperatures)))

    with batching(model) as batcher:
        asyncio.run(scenario(batcher))
    assert model.batches == [[0, 2], [1, 3], [4]]


def test_every_batch_is_told_of_and_every_answer_knows_its_times() -> None:
    model = HeldModel(1, 4)
    model.go.set()
    runs: list[BatchRun] = []

    async def scenario(batcher: Batcher) -> None:
        answers = await asyncio.gather(*(answered(batcher, n) for n in range(3)))
        for answer, waited in zip(answers, runs[0].queue_seconds, strict=True):
            assert answer.timing == Timing(waited, runs[0].compute_seconds, batch_size=3)
        with pytest.raises(PredictionError):
            await answered(batcher, POISON)

    with batching(model, watch=runs.append) as batcher:
        asyncio.run(scenario(batcher))
    told, failed = runs
    assert (told.model, told.size, told.photographs, told.bucket) == ("tiny/1", 2, 3, 4)
    assert min(*told.queue_seconds, told.assembly_seconds, told.compute_seconds) > 0
    assert (told.failed, failed.failed, failed.photographs) == (False, True, 1)


def test_the_cancelled_and_the_expired_leave_before_a_batch_forms() -> None:
    model = HeldModel(1, 2, 4)

    async def scenario(batcher: Batcher) -> None:
        first = await run_first(batcher, model)
        cancelled = asyncio.create_task(answered(batcher, 1))
        expired = asyncio.create_task(batcher.predict([plane_of(2)], deadline.after(0)))
        kept = asyncio.create_task(batcher.predict([plane_of(3)], deadline.after(60)))
        await asyncio.sleep(0)
        cancelled.cancel()
        model.go.set()
        await asyncio.gather(first, kept)
        with pytest.raises(ExpiredError, match="the deadline passed in the queue"):
            await expired

    with batching(model) as batcher:
        asyncio.run(scenario(batcher))
    assert model.batches == [[0], [3]]


def test_a_batch_that_fails_fails_its_own_requests_and_no_other() -> None:
    model = HeldModel(2)
    model.go.set()

    async def scenario(batcher: Batcher) -> list[Answer | BaseException]:
        calls = [answered(batcher, value) for value in (0, 1, 254, POISON, 2, 3)]
        return await asyncio.gather(*calls, return_exceptions=True)

    with batching(model) as batcher:
        answers = asyncio.run(scenario(batcher))
    failed = [isinstance(answer, PredictionError) for answer in answers]
    assert failed == [False, False, True, True, False, False]
    assert "tiny/1 failed" in str(answers[2])
    assert "white" not in str(answers[2])  # that is for the log
