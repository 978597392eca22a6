"""Admission by photographs and bytes, and deadlines that cannot be met: who cannot be helped hears it now."""

import asyncio

import pytest

from photochrom_serving import deadline
from photochrom_serving.admission import Admission
from photochrom_serving.batcher import Batcher
from photochrom_serving.device import Device
from photochrom_serving.drain import Drain
from photochrom_serving.errors import DrainingError, ExpiredError, InvalidFieldError, QueueFullError
from tests.serving.held_model import HeldModel, plane_of


def test_the_photographs_of_a_request_are_admitted_together_or_not_at_all() -> None:
    admission = Admission(4, Drain())
    with admission.admit(None, photographs=3):
        with pytest.raises(QueueFullError, match="3 photographs are in the server already, its limit is 4"):
            admission.admit(None, photographs=2).__enter__()
        assert admission.count() == 3
        with admission.admit(None, photographs=1):
            assert admission.count() == 4
    assert admission.count() == 0
    with admission.admit(None, photographs=4):
        pass


def test_bytes_are_bounded_as_photographs_are() -> None:
    admission = Admission(100, Drain(), byte_limit=1000)
    with admission.admit(None, size=800):
        with pytest.raises(QueueFullError, match="of 800 bytes are in the server already, its limit is 1000"):
            admission.admit(None, size=201).__enter__()
        with admission.admit(None, size=200):
            pass
    with admission.admit(None, size=1000):
        pass


@pytest.mark.parametrize(("photographs", "size"), [(5, 1), (1, 1001)])
def test_what_never_fits_is_the_requests_fault_and_not_worth_a_retry(photographs: int, size: int) -> None:
    admission = Admission(4, Drain(), byte_limit=1000)
    with pytest.raises(InvalidFieldError, match="takes 4 of 1000 at a time; send fewer in one request"):
        admission.admit(None, photographs, size).__enter__()


def test_a_request_that_failed_leaves_its_place() -> None:
    admission = Admission(1, Drain(), byte_limit=10)
    with pytest.raises(ZeroDivisionError), admission.admit(None, size=10):
        raise ZeroDivisionError
    with admission.admit(None, size=10):
        pass


def test_refused_callers_come_back_at_different_times_after_a_stay_or_longer() -> None:
    admission = Admission(1, Drain())
    seconds = set()
    with admission.admit(None):
        for _ in range(20):
            with pytest.raises(QueueFullError) as caught:
                admission.admit(None).__enter__()
            seconds.add(caught.value.retry_seconds)
    assert len(seconds) > 10
    assert all(0.05 <= second <= 5 for second in seconds)


def test_nothing_enters_late_or_while_the_server_stops() -> None:
    drain = Drain()
    admission = Admission(1, drain)
    with pytest.raises(ExpiredError, match="before the call was admitted"):
        admission.admit(deadline.after(0)).__enter__()
    with admission.admit(None):
        drain.begin()
        assert isinstance(admission.refusal(), DrainingError), "to come back here would be no use"
    with pytest.raises(DrainingError):
        admission.admit(None).__enter__()


async def _refusal(batcher: Batcher, seconds: float) -> str:
    with pytest.raises(ExpiredError) as caught:
        await batcher.predict([plane_of(9)], deadline.after(seconds))
    return str(caught.value)


def test_a_deadline_that_what_waits_before_makes_impossible_is_refused_at_once() -> None:
    model = HeldModel(1)

    async def scenario(batcher: Batcher) -> None:
        batcher.lane(2).times.note(1, 60.0)  # as the batches before have taken
        calls = [asyncio.create_task(batcher.predict([plane_of(n)], None)) for n in range(3)]
        assert await asyncio.to_thread(model.started.acquire, timeout=30)
        refusal = await _refusal(batcher, 100)
        assert refusal.startswith("the deadline cannot be met: 2 photographs wait before this one")
        in_time = asyncio.create_task(batcher.predict([plane_of(3)], deadline.after(600)))
        await asyncio.sleep(0)
        model.go.set()
        await asyncio.gather(in_time, *calls)

    device = Device(1)
    asyncio.run(scenario(Batcher(device, model)))
    device.close()
    assert model.batches == [[0], [1], [2], [3]]


def test_who_cannot_be_answered_in_time_leaves_before_a_batch_forms_but_the_last_one_is_tried() -> None:
    model = HeldModel(1)

    async def scenario(batcher: Batcher) -> None:
        first = asyncio.create_task(batcher.predict([plane_of(0)], None))
        assert await asyncio.to_thread(model.started.acquire, timeout=30)
        calls = [asyncio.create_task(batcher.predict([plane_of(n)], deadline.after(100))) for n in (1, 2)]
        while len(batcher.lane(2)) < 2:
            await asyncio.sleep(0)
        batcher.lane(2).times.note(1, 1e6)  # meanwhile the machine has become slow, it seems
        model.go.set()
        await first
        with pytest.raises(ExpiredError, match="cannot be met: a batch takes longer than is left"):
            await calls[0]
        await calls[1]

    device = Device(1)
    asyncio.run(scenario(Batcher(device, model)))
    device.close()
    assert model.batches == [[0], [2]]
