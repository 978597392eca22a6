"""Many requests on one call: read ahead by a window, answer in order."""

import asyncio
import collections
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import grpc

Request = TypeVar("Request")
Response = TypeVar("Response")


async def answer_in_order(
    read: Callable[[], Coroutine[Any, Any, Request]],
    answer: Callable[[Request], Coroutine[Any, Any, Response]],
    write: Callable[[Response], Awaitable[None]],
    window: int,
) -> None:
    """Answer requests as they come until ``read`` gives ``grpc.aio.EOF``; write the answers in order.

    At most ``window`` answers are in the making or unwritten: a caller that does not read its answers
    is not read from either. The first failure, of ``read`` or of an answer, is raised after the
    answers before it are written; what came after it is cancelled.
    """
    pending: collections.deque[asyncio.Task[Any]] = collections.deque()
    reading: asyncio.Task[Any] | None = asyncio.create_task(read())
    try:
        while reading or pending:
            waiting = {pending[0]} if pending else set()
            if reading and len(pending) < window:
                waiting.add(reading)
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if reading in waiting and reading.done():
                if reading.exception():
                    pending.append(reading)  # fails in its turn
                    reading = None
                elif reading.result() is grpc.aio.EOF:  # type: ignore[attr-defined] # not in its stubs
                    reading = None
                else:
                    pending.append(asyncio.create_task(answer(reading.result())))
                    reading = asyncio.create_task(read())
            while pending and pending[0].done():
                await write(pending.popleft().result())
    finally:
        left = [*pending, *([reading] if reading else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)  # out of every queue before the call ends
