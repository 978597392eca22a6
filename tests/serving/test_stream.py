"""ColorizeStream: many planes on one call, answered in order."""

import asyncio
import queue
import threading
from pathlib import Path

import grpc
import pytest

from photochrom_serving.streaming import answer_in_order
from tests.serving.conftest import Stub, assert_answers, lightness, refusal, request
from tests.serving.controlled import controlled


def test_answers_come_in_the_order_of_the_requests_whatever_their_sizes(stub: Stub) -> None:
    planes = [lightness((32, 64)[seed % 3 == 0], seed) for seed in range(50)]  # more than the window
    responses = list(stub.ColorizeStream(map(request, planes)))
    assert len(responses) == len(planes)
    for plane, response in zip(planes, responses, strict=True):
        assert_answers(response, plane)


def test_a_stream_without_requests_has_no_answers(stub: Stub) -> None:
    assert list(stub.ColorizeStream(iter(()))) == []


def test_a_stream_does_not_fill_a_server_that_takes_less_than_its_window(model_repository: Path) -> None:
    planes = [lightness(32, seed) for seed in range(8)]
    go = threading.Event()

    async def scenario() -> None:
        async with controlled(model_repository, queue_limit=2, concurrent_batches=1) as server:
            holding = asyncio.create_task(asyncio.to_thread(server.servables.device.perform, go.wait))
            answers = aiter(server.stub.ColorizeStream(map(request, planes)))
            first = asyncio.create_task(anext(answers))
            await asyncio.wait({first}, timeout=1)  # the others had time to come, and to be refused
            go.set()
            for plane, answer in zip(planes, [await first, *[each async for each in answers]], strict=True):
                assert_answers(answer, plane)
            await holding

    asyncio.run(scenario())


def test_an_answer_does_not_wait_for_the_next_request(stub: Stub) -> None:
    requests: queue.SimpleQueue[object] = queue.SimpleQueue()
    responses = stub.ColorizeStream(iter(requests.get, None))
    for seed in range(3):
        plane = lightness(32, seed)
        requests.put(request(plane))
        assert_answers(next(responses), plane)
    requests.put(None)
    assert list(responses) == []


def test_the_first_request_that_fails_ends_the_stream_and_the_answers_before_it_stand(stub: Stub) -> None:
    good = lightness(32)
    responses = stub.ColorizeStream(map(request, [good, good, lightness(40), good]))
    assert_answers(next(responses), good)
    assert_answers(next(responses), good)
    code, message, _ = refusal(lambda: next(responses))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert "is 40 x 40" in message


async def _settle() -> None:
    """Let everything happen that needs nothing from outside."""
    for _ in range(100):
        await asyncio.sleep(0)


def test_a_caller_that_does_not_read_its_answers_is_not_read_from_either() -> None:
    window, was_read, was_written = 4, list[int](), list[int]()

    async def read() -> int:
        was_read.append(len(was_read))
        return was_read[-1]

    async def answer(request: int) -> int:
        return request

    async def run() -> None:
        room = asyncio.Semaphore(0)

        async def write(response: int) -> None:
            await room.acquire()
            was_written.append(response)

        stream = asyncio.create_task(answer_in_order(read, answer, write, window))
        for count in range(20):
            await _settle()
            assert was_written == list(range(count))
            # Beside those: one that is being written, a window, and one request read ahead.
            assert count < len(was_read) <= count + 1 + window + 1
            room.release()
        stream.cancel()
        await asyncio.wait({stream})

    asyncio.run(run())


def test_a_stream_that_ends_early_leaves_nothing_behind() -> None:
    requests, ended, complaints = iter(range(5)), list[int](), list[object]()

    async def read() -> int:
        return next(requests)

    async def answer(request: int) -> int:
        try:
            await asyncio.sleep(0 if request == 0 else 3600)
        finally:
            ended.append(request)
        raise ValueError(request)

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        with pytest.raises(ValueError, match=r"^0$"):
            await answer_in_order(read, answer, _nowhere, window=3)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
    assert ended[0] == 0
    assert complaints == []


async def _nowhere(_: object) -> None:
    """Write nothing."""
