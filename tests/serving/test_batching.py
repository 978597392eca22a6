"""Batching: what waits together runs together; what nobody waits for does not run.

A model whose every batch takes long makes requests wait; the server's log says what it ran.
"""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from photochrom_contract import manifest, tensors
from photochrom_serving import deadline
from photochrom_serving.batcher import Answer, Batcher, BatchRun, Timing
from photochrom_serving.errors import ExpiredError, PredictionError
from photochrom_serving.session import Outcome, Plane, Session
from photochrom_serving.settings import Settings
from tests import model_factory
from tests.serving.conftest import assert_answers, connected, lightness, request, serving


def test_requests_that_wait_are_coalesced_by_size_and_answered_rightly(slow_model_repository: Path) -> None:
    planes = [lightness((32, 64)[seed % 2], seed) for seed in range(48)]
    with serving(
        slow_model_repository, "--log-level", "debug", "--max-batch-size", "8", "--no-warm-up"
    ) as server:
        with connected(server.target) as stub, ThreadPoolExecutor(48) as callers:
            for plane, response in zip(planes, callers.map(stub.Colorize, map(request, planes)), strict=True):
                assert_answers(response, plane)
        server.process.terminate()
        assert server.end() == 0
    batches = server.of("batch")
    assert sum(batch["photographs"] for batch in batches) == 48
    assert max(batch["photographs"] for batch in batches) == 8
    assert len(batches) < 24  # two a batch would already be 24
    assert {batch["size"] for batch in batches} == {32, 64}


class Runner:
    """A batch function that notes what it runs, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()

    def __call__(self, planes: Sequence[Plane], temperature: float | None) -> Outcome:
        self.batches.append([int(plane[0, 0]) for plane in planes])
        assert self.go.wait(30)
        if 255 in self.batches[-1]:
            raise FloatingPointError("white")
        return Outcome([model_factory.expected_chroma(plane) for plane in planes], 4, 0.125, 0.25)


def plane_of(value: int, size: int = 2) -> Plane:
    return np.full((size, size), value, np.uint8)


@pytest.fixture
def runner() -> Runner:
    return Runner()


def test_while_one_batch_runs_the_next_gathers_up_to_its_limit(runner: Runner) -> None:
    async def scenario() -> None:
        batcher = Batcher("tiny/1", runner, max_batch_size=3)
        first = asyncio.create_task(batcher.predict(plane_of(0), None))
        while not runner.batches:
            await asyncio.sleep(0)
        rest = [asyncio.create_task(batcher.predict(plane_of(n), None)) for n in range(1, 6)]
        await asyncio.sleep(0)
        runner.go.set()
        for value, answer in enumerate(await asyncio.gather(first, *rest)):
            np.testing.assert_array_equal(answer.chroma, model_factory.expected_chroma(plane_of(value)))
        batcher.close()

    asyncio.run(scenario())
    assert runner.batches == [[0], [1, 2, 3], [4, 5]]


def test_batches_have_one_size_and_the_longest_waiting_goes_first(runner: Runner) -> None:
    runner.go.set()

    async def scenario() -> None:
        batcher = Batcher("tiny/1", runner, max_batch_size=8)
        await asyncio.gather(*(batcher.predict(plane_of(n, 2 + 2 * (n % 2)), None) for n in range(5)))
        batcher.close()

    asyncio.run(scenario())
    assert runner.batches == [[0, 2, 4], [1, 3]]


def test_batches_have_one_temperature(runner: Runner) -> None:
    runner.go.set()

    async def scenario() -> None:
        batcher = Batcher("tiny/1", runner, max_batch_size=8)
        temperatures = (None, 0.5, None, 0.5, 1.0)
        await asyncio.gather(*(batcher.predict(plane_of(n), None, t) for n, t in enumerate(temperatures)))
        batcher.close()

    asyncio.run(scenario())
    assert runner.batches == [[0, 2], [1, 3], [4]]


def test_every_batch_is_told_of_and_every_answer_knows_its_times(runner: Runner) -> None:
    runner.go.set()
    runs: list[BatchRun] = []

    async def scenario() -> None:
        batcher = Batcher("tiny/1", runner, max_batch_size=8, watch=runs.append)
        answers = await asyncio.gather(*(batcher.predict(plane_of(n), None) for n in range(3)))
        for answer, waited in zip(answers, runs[0].queue_seconds, strict=True):
            assert answer.timing == Timing(waited, 0.25, batch_size=3)
        with pytest.raises(PredictionError):
            await batcher.predict(plane_of(255), None)
        batcher.close()

    asyncio.run(scenario())
    told, failed = runs
    assert (told.model, told.size, told.photographs, told.bucket) == ("tiny/1", 2, 3, 4)
    assert (told.assembly_seconds, told.compute_seconds, told.failed) == (0.125, 0.25, False)
    assert min(told.queue_seconds) >= 0
    assert (failed.photographs, failed.failed) == (1, True)


def test_the_cancelled_and_the_expired_leave_before_a_batch_forms(runner: Runner) -> None:
    async def scenario() -> None:
        batcher = Batcher("tiny/1", runner, max_batch_size=8)
        first = asyncio.create_task(batcher.predict(plane_of(0), None))
        while not runner.batches:
            await asyncio.sleep(0)
        cancelled = asyncio.create_task(batcher.predict(plane_of(1), None))
        expired = asyncio.create_task(batcher.predict(plane_of(2), deadline.after(0)))
        kept = asyncio.create_task(batcher.predict(plane_of(3), deadline.after(60)))
        await asyncio.sleep(0)
        cancelled.cancel()
        runner.go.set()
        await asyncio.gather(first, kept)
        with pytest.raises(ExpiredError, match="in the queue"):
            await expired
        batcher.close()

    asyncio.run(scenario())
    assert runner.batches == [[0], [3]]


def test_a_batch_that_fails_fails_its_own_requests_and_no_other(runner: Runner) -> None:
    async def scenario() -> list[Answer | BaseException]:
        batcher = Batcher("tiny/1", runner, max_batch_size=2)
        calls = [batcher.predict(plane_of(n), None) for n in (0, 1, 254, 255, 2)]
        runner.go.set()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        batcher.close()
        return answers

    answers = asyncio.run(scenario())
    assert [isinstance(answer, PredictionError) for answer in answers] == [False, False, True, True, False]
    assert "tiny/1 failed" in str(answers[2])
    assert "white" not in str(answers[2])  # that is for the log


def test_a_photograph_whose_answer_is_no_color_fails_alone(tmp_path: Path) -> None:
    nodes = [  # black has no reciprocal
        helper.make_node("Reciprocal", [tensors.LIGHTNESS], ["reciprocal"]),
        helper.make_node("Concat", ["reciprocal", "reciprocal"], [tensors.CHROMA], axis=1),
    ]
    lightness_, chroma = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, axes)
        for name, axes in ((tensors.LIGHTNESS, tensors.LIGHTNESS_AXES), (tensors.CHROMA, tensors.CHROMA_AXES))
    )
    graph = helper.make_graph(nodes, "reciprocal", [lightness_], [chroma])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path = tmp_path / manifest.MODEL_FILE
    onnx.save(model, path)
    described = manifest.Manifest("tiny", 1, "", manifest.digest(path), (2,), 2, 1)
    batches: list[int] = []

    async def scenario() -> list[Answer | BaseException]:
        session = Session(path, described, Settings())

        def run(planes: Sequence[Plane], temperature: float | None) -> Outcome:
            batches.append(len(planes))
            return session.run(planes, temperature)

        batcher = Batcher("tiny/1", run, max_batch_size=8)
        calls = [batcher.predict(plane_of(value), None) for value in (255, 0, 51)]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        batcher.close()
        return answers

    white, black, grey = asyncio.run(scenario())
    assert batches == [3]
    for answer, expected in ((white, 1 / 100), (grey, 1 / 20)):
        assert isinstance(answer, Answer)
        np.testing.assert_allclose(answer.chroma, np.full((2, 2, 2), expected), rtol=1e-6)
    assert isinstance(black, PredictionError)
    assert str(black) == "tiny/1 answered this photograph with numbers that are not finite"
