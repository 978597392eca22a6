"""Whatever an encoder does to the scheduling of threads, it ends with the encoder's opening."""

import os
import threading
from pathlib import Path

import pytest

from photochrom._video import scheduling

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="Linux schedules so")


def test_this_thread_and_those_begun_inside_are_scheduled_as_before() -> None:
    before, end, told = os.sched_getscheduler(0), threading.Event(), threading.Event()
    seen: list[int] = []

    def run() -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # needs no rights
        told.set()
        end.wait()
        seen.append(os.sched_getscheduler(0))

    thread = threading.Thread(target=run)
    with scheduling.kept():
        thread.start()
        told.wait()
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    end.set()
    thread.join()
    assert [*seen, os.sched_getscheduler(0)] == [before, before]


def test_threads_may_end_at_any_moment() -> None:
    end = threading.Event()

    def churn() -> None:
        while not end.is_set():
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()

    churning = [threading.Thread(target=churn) for _ in range(4)]
    for thread in churning:
        thread.start()
    try:
        for _ in range(300):
            with scheduling.kept():
                pass
    finally:
        end.set()
        for thread in churning:
            thread.join()
