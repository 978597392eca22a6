"""Many photographs: outcomes as they come, in a window that bounds memory."""

import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from PIL import Image

import photochrom
from photochrom import Colorizer
from tests.client import scripted


def _pictures(count: int) -> Iterator[Image.Image]:
    for level in range(count):
        yield Image.new("L", (8 + level, 8), level)


def test_outcomes_come_in_the_order_of_the_photographs(target: str) -> None:
    with Colorizer(target) as colorizer:
        outcomes = list(colorizer.colorize_many(_pictures(40), window=8))
    assert [outcome.result().width for outcome in outcomes] == list(range(8, 48))


def test_or_each_as_soon_as_it_is_there(target: str, photo: Path, tmp_path: Path) -> None:
    # The first photograph is a pipe, which gives nothing until somebody writes into it.
    reads, writes = threading.Event(), threading.Event()

    class Slow:
        name = "slow"

        def read(self, size: int = -1) -> bytes:
            reads.set()
            writes.wait()
            return b""

        def seek(self, *_: int) -> int:
            return 0

        def tell(self) -> int:
            return 0

    sources = [Slow(), photo, photo]
    with Colorizer(target) as colorizer:
        outcomes = colorizer.colorize_many(sources, in_order=False, window=2)  # type: ignore[arg-type]
        assert [next(outcomes).source for _ in range(2)] == [photo, photo]
        writes.set()
        (last,) = outcomes
    assert last.source is sources[0]
    assert isinstance(last.error, photochrom.PictureError)


def test_what_fails_has_its_error_in_the_place_of_a_picture(target: str, photo: Path) -> None:
    with Colorizer(target) as colorizer:
        first, second, third = colorizer.colorize_many([photo, "absent.jpg", b"no picture"])
    assert (first.source, first.error) == (photo, None)
    assert first.result().size == (90, 60)
    assert second.picture is None
    with pytest.raises(photochrom.PictureError, match=r"absent\.jpg: no such file"):
        second.result()
    assert isinstance(third.error, photochrom.PictureError)


def test_a_servers_refusal_is_an_outcome_too(target: str, service: scripted.Colorizer, photo: Path) -> None:
    service.failures = [(grpc.StatusCode.INTERNAL, "it broke")]
    with Colorizer(target) as colorizer:
        outcomes = list(colorizer.colorize_many([photo] * 3))
    assert sum(isinstance(outcome.error, photochrom.ServerError) for outcome in outcomes) == 1


def test_photographs_are_read_as_places_become_free(target: str) -> None:
    taken = 0

    def endless() -> Iterator[Image.Image]:
        nonlocal taken
        while True:
            taken += 1
            yield Image.new("L", (8, 8))

    with Colorizer(target) as colorizer:
        outcomes = colorizer.colorize_many(endless(), window=4)
        for handed_on in range(1, 20):
            next(outcomes)
            assert taken <= handed_on + 4
        outcomes.close()


def test_an_outcome_that_was_handed_on_is_no_longer_held(target: str) -> None:
    with Colorizer(target) as colorizer:
        outcomes = colorizer.colorize_many(_pictures(3), window=1)
        first = next(outcomes).result()
        gone = weakref.ref(first)
        del first
        next(outcomes)
        assert gone() is None


def test_the_window_is_how_many_calls_the_server_sees_at_once(
    target: str, service: scripted.Colorizer
) -> None:
    service.may_answer.clear()
    with Colorizer(target, size=64) as colorizer, ThreadPoolExecutor(1) as pool:
        outcomes = pool.submit(list, colorizer.colorize_many(_pictures(9), window=3))
        with service.arrival:
            service.arrival.wait_for(lambda: len(service.requests) == 3)
        service.may_answer.set()
        assert len(outcomes.result()) == 9


@pytest.mark.parametrize("window", [0, -1, 1025])
def test_a_window_out_of_range_is_told_at_once(window: int) -> None:
    with pytest.raises(ValueError, match="window is"):
        Colorizer("localhost:8500").colorize_many([], window=window)


def test_closing_meanwhile_ends_it(target: str, service: scripted.Colorizer) -> None:
    service.may_answer.clear()
    colorizer = Colorizer(target, size=64)
    outcomes = colorizer.colorize_many(_pictures(4), window=2)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(next, outcomes)
        service.asked.wait()
        colorizer.close()
        service.may_answer.set()
        with pytest.raises(ValueError, match="closed"):
            first.result()
