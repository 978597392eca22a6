"""Run times: which batch size is worth it, and when a batch is padded or split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom_serving.run_times import RunTimes

_BUCKETS = (1, 2, 4, 8)


def measured(*seconds: float) -> RunTimes:
    """Of the buckets 1, 2, 4 and 8."""
    times = RunTimes(_BUCKETS)
    for bucket, second in zip(_BUCKETS, seconds, strict=True):
        times.note(bucket, second)
    return times


def test_where_a_batch_costs_what_its_photographs_cost_none_waits_for_another() -> None:
    on_cpu = measured(0.010, 0.020, 0.039, 0.080)
    assert on_cpu.full() == 1
    assert [on_cpu.choose(waiting) for waiting in (1, 3, 100)] == [1, 1, 1]
    assert on_cpu.expect_each() == 0.010


def test_where_a_batch_costs_hardly_more_than_one_the_next_larger_size_is_padded() -> None:
    on_gpu = measured(0.010, 0.011, 0.012, 0.014)
    assert on_gpu.full() == 8
    assert [on_gpu.choose(waiting) for waiting in (1, 2, 3, 5, 9)] == [1, 2, 4, 8, 8]
    assert on_gpu.expect_each() == 0.014 / 8


def test_a_batch_is_split_where_padding_would_take_longer_than_the_rest_alone() -> None:
    times = measured(0.010, 0.016, 0.028, 0.050)
    assert times.choose(5) == 4  # 28 + 10 < 50
    assert times.choose(7) == 8  # 28 + 28 > 50


def test_what_is_not_known_yet_is_tried() -> None:
    times = RunTimes((1, 4))
    assert (times.full(), times.choose(4), times.expect(4), times.expect_each()) == (4, 4, 0.0, 0.0)


def test_sizes_that_do_not_begin_with_one_are_padded() -> None:
    assert RunTimes((4, 16)).choose(1) == 4


def test_the_mean_follows_the_newest() -> None:
    times = measured(0.010, 0.011, 0.012, 0.014)
    for _ in range(50):
        times.note(8, 0.120)
    assert times.expect(8) == pytest.approx(0.120, rel=0.01)
    assert times.full() == 4


@given(
    seconds=st.lists(st.floats(1e-5, 10), min_size=4, max_size=4),
    waiting=st.integers(1, 1000),
)
def test_a_batch_is_one_of_the_sizes_and_padded_only_if_its_photographs_alone_take_longer(
    seconds: list[float], waiting: int
) -> None:
    times = measured(*seconds)
    chosen = times.choose(waiting)
    assert chosen in _BUCKETS
    assert chosen <= times.full()
    if chosen > waiting:
        assert times.expect(chosen) <= waiting * times.expect(1) * (1 + 1e-9)
