"""Many planes on one ColorizeStream call: a window of them under way, answers in order.

A connection that is lost, or a server that is full or restarts, costs nothing but time: what was not
answered is sent again on a new call, for as long as the timeout is from the first failure on.
"""

import collections
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import grpc
import numpy as np
import numpy.typing as npt

from photochrom import _status
from photochrom._dialogue import prediction_of, request_of
from photochrom._errors import BusyError, DeadlineError, UnreachableError
from photochrom._options import Options
from photochrom._server import Server
from photochrom_contract.v1 import colorizer_pb2 as messages

Item = TypeVar("Item")
Chroma = npt.NDArray[np.float32]

_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6)  # seconds before a repetition; then always the last


def predict_in_order(
    server: Server,
    options: Options,
    items: Iterable[tuple[Item, npt.NDArray[np.uint8]]],
    window: int,
) -> Iterator[tuple[Item, npt.NDArray[np.uint8], Chroma]]:
    """Predict the chroma of every plane, in order.

    ``items`` is read ahead by ``window`` planes and no further: what is colored and what is yet to be
    decoded take no memory.

    :param items: lightness planes ``(h, w)`` uint8, each with whatever it belongs to.
    :returns: the items with their planes and their chroma ``(2, h', w')``, CIE units.
    :raises ServerError: if the answers do not come, be it after repetitions.
    """
    waiting: collections.deque[tuple[Item, npt.NDArray[np.uint8]]] = collections.deque()
    call: _Call | None = None
    failures, since = 0, 0.0
    source = iter(items)
    exhausted = False
    try:
        while True:
            while not exhausted and len(waiting) < window:
                item = next(source, None)
                if item is None:
                    exhausted = True
                    break
                waiting.append(item)
                if call is not None:
                    call.send(request_of(item[1], options))
            if not waiting:
                return
            try:
                if call is None:
                    call = _Call(server)
                    for _, plane in waiting:
                        call.send(request_of(plane, options))
                chroma = prediction_of(call.receive(), server.name).chroma
            except (BusyError, UnreachableError):
                if call is not None:
                    call.close()
                call = None
                # Not since the last answer, for whoever takes them may take their time.
                since = since if failures else time.monotonic()
                pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                failures += 1
                if time.monotonic() + pause - since > server.timeout:
                    raise
                time.sleep(pause)
                continue
            failures = 0
            yield (*waiting.popleft(), chroma)
    finally:
        if call is not None:
            call.close()


class _Call:
    """One ColorizeStream call."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._requests: queue.SimpleQueue[messages.ColorizeRequest | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[messages.ColorizeResponse | grpc.RpcError | None]
        self._answers = queue.SimpleQueue()
        self._call = server.open_stream(iter(self._requests.get, None))
        # Of its own thread, for a call cannot be read with a time limit.
        threading.Thread(target=self._read, name="photochrom-stream", daemon=True).start()

    def send(self, request: messages.ColorizeRequest) -> None:
        self._requests.put(request)

    def receive(self) -> messages.ColorizeResponse:
        """The next answer; a plane has been sent that it belongs to."""
        try:
            answer = self._answers.get(timeout=self._server.timeout)
        except queue.Empty:
            self._call.cancel()
            reason = (
                f"no answer within {self._server.timeout:g} s: allow more time (timeout, --timeout), "
                "or check the server"
            )
            raise DeadlineError(self._server.name, reason) from None
        if isinstance(answer, messages.ColorizeResponse):
            return answer
        if answer is None:
            raise BusyError(self._server.name, "it ended the call before all planes were answered")
        self._server.check_is_open()
        raise _status.error_of(answer, self._server.name, self._server.timeout)

    def close(self) -> None:
        self._requests.put(None)
        self._call.cancel()

    def _read(self) -> None:
        try:
            for answer in self._call:
                self._answers.put(answer)
            self._answers.put(None)
        except grpc.RpcError as status:
            self._answers.put(status)
