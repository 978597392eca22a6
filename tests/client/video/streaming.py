"""A real gRPC server whose ColorizeStream a test writes."""

import threading
from collections.abc import Iterator

import grpc
import numpy as np

from photochrom_contract import tensors
from photochrom_contract.v1 import colorizer_pb2 as messages
from photochrom_contract.v1 import colorizer_pb2_grpc as services

SIDE = 8
"""Of the planes, in pixels."""


class Streaming(services.ColorizerServicer):
    """Answers with each plane's first value as a*, and fails as it is told."""

    def __init__(self) -> None:
        self.calls = 0
        self.answered = 0
        self.failures: dict[int, grpc.StatusCode] = {}
        """Statuses that end a call when so many planes were answered in all; each once."""
        self.received = threading.Semaphore(0)
        self.limit: int | None = None
        """How many planes it answers in all."""
        self.may_answer = threading.Event()
        self.may_answer.set()

    def ListModels(  # noqa: N802
        self, request: messages.ListModelsRequest, context: grpc.ServicerContext
    ) -> messages.ListModelsResponse:
        version = messages.ModelVersion(
            version=1, state=messages.ModelVersion.AVAILABLE, sizes=[SIDE], default_size=SIDE
        )
        model = messages.Model(name="scripted", versions=[version])
        return messages.ListModelsResponse(models=[model], default_model="scripted")

    def ColorizeStream(  # noqa: N802
        self, requests: Iterator[messages.ColorizeRequest], context: grpc.ServicerContext
    ) -> Iterator[messages.ColorizeResponse]:
        self.calls += 1
        for request in requests:
            self.received.release()
            while self.answered == self.limit or not self.may_answer.is_set():
                if not context.is_active():
                    return
                self.may_answer.wait(0.05)
            if status := self.failures.pop(self.answered, None):
                context.abort(status, "as told")
            self.answered += 1
            data = tensors.chroma_to_bytes(self.chroma(request))
            yield messages.ColorizeResponse(chroma=messages.ChromaPlane(width=SIDE, height=SIDE, data=data))

    def chroma(self, request: messages.ColorizeRequest) -> np.ndarray:
        """What it answers: ``(2, SIDE, SIDE)``."""
        return np.full((2, SIDE, SIDE), request.lightness.data[0], np.float32)
