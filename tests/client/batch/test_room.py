"""Room for photographs in work: bounded, whatever their sizes, and nobody is passed over."""

import threading
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from photochrom._batch._room import Room


@given(st.lists(st.integers(1, 30), max_size=40))
def test_what_is_in_work_fits_or_is_alone(sizes: list[int]) -> None:
    room, lock = Room(20), threading.Lock()
    inside = list[int]()
    seen = list[list[int]]()

    def work(size: int) -> None:
        with room.holding(size):
            with lock:
                inside.append(size)
                seen.append(list(inside))
            with lock:
                inside.remove(size)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, sizes))
    assert len(seen) == len(sizes)
    assert all(sum(together) <= 20 or len(together) == 1 for together in seen)


def test_a_large_one_is_not_passed_over_by_small_ones() -> None:
    room = Room(10)
    order = list[str]()

    def work(size: int, name: str) -> None:
        with room.holding(size):
            order.append(name)

    with ThreadPoolExecutor(2) as pool:
        with room.holding(6):
            large = pool.submit(work, 10, "large")
            while not room._turn.locked():  # until it waits for its room
                pass
            small = pool.submit(work, 1, "small")
            assert not large.done()
        small.result()
    assert order == ["large", "small"]
