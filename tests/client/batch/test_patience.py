"""Patience with a server: it runs out while calls fail, and at no other time."""

import threading
import time

from photochrom import BusyError, InvalidRequestError, ServerError
from photochrom._batch._patience import Patience

_BUSY = BusyError("server:8500", "its queue is full")


def test_it_counts_from_the_first_failure_since_the_last_answer() -> None:
    patience = Patience(0.2, threading.Event())
    for _ in range(2):
        time.sleep(0.3)  # as if it had passed over what is done: no call has failed
        assert patience.bears(_BUSY, 0)
        time.sleep(0.1)
        assert not patience.bears(_BUSY, 1)
        patience.answered()


def test_a_stop_ends_a_wait() -> None:
    stop = threading.Event()
    patience = Patience(3600, stop)
    stop.set()
    assert not patience.bears(_BUSY, 20)


def test_what_the_server_does_not_explain_is_about_all_after_several_in_a_row() -> None:
    patience = Patience(0, threading.Event())
    broken = ServerError("server:8500", "failed with INTERNAL")
    assert [patience.is_about_all(broken) for _ in range(4)] == [False] * 4
    patience.answered()
    assert [patience.is_about_all(broken) for _ in range(5)] == [False] * 4 + [True]


def test_what_it_does_explain_is_about_all() -> None:
    assert Patience(0, threading.Event()).is_about_all(InvalidRequestError("server:8500", "no such size"))
