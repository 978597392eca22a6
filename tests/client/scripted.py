"""A real gRPC server whose answers a test writes: what no well-behaved server can be brought to say."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent import futures

import grpc
import numpy as np

from photochrom_contract import tensors
from photochrom_contract.v1 import colorizer_pb2 as messages
from photochrom_contract.v1 import colorizer_pb2_grpc as services

CHROMA = np.stack([np.full((16, 16), 40, np.float32), np.full((16, 16), -30, np.float32)])
"""What it answers to every plane: a* 40, b* -30."""


class Colorizer(services.ColorizerServicer):
    """Answers ``CHROMA``, unless there are failures left."""

    def __init__(self) -> None:
        self.requests: list[messages.ColorizeRequest] = []
        self.listings = 0
        self.failures: list[tuple[grpc.StatusCode, str]] = []
        self.sizes: tuple[int, ...] = (64,)
        self.sha256 = "its digest"
        self.versions: list[messages.ModelVersion] = []
        """Further ones than version 3, which answers."""
        self.asked = threading.Event()
        """Set by the first plane."""
        self.arrival = threading.Condition()
        """Notified of every plane."""
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.chroma = messages.ChromaPlane(width=16, height=16, data=tensors.chroma_to_bytes(CHROMA))

    @staticmethod
    def failed(version: int, message: str) -> messages.ModelVersion:
        """A version that could not be loaded."""
        return messages.ModelVersion(
            version=version, state=messages.ModelVersion.FAILED, message=message, default_size=64
        )

    def ListModels(  # noqa: N802
        self, request: messages.ListModelsRequest, context: grpc.ServicerContext
    ) -> messages.ListModelsResponse:
        self.listings += 1
        version = messages.ModelVersion(
            version=3,
            state=messages.ModelVersion.AVAILABLE,
            sizes=self.sizes,
            default_size=self.sizes[0],
            sha256=self.sha256,
            labels=["stable"],
            description="Says one color",
        )
        model = messages.Model(name="scripted", versions=[version, *self.versions])
        return messages.ListModelsResponse(models=[model], default_model="scripted")

    def Colorize(  # noqa: N802
        self, request: messages.ColorizeRequest, context: grpc.ServicerContext
    ) -> messages.ColorizeResponse:
        with self.arrival:
            self.requests.append(request)
            self.arrival.notify_all()
        self.asked.set()
        self.may_answer.wait()
        if self.failures:
            context.abort(*self.failures.pop(0))
        if request.lightness.width not in self.sizes:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"lightness.width: must be in {self.sizes}")
        return messages.ColorizeResponse(chroma=self.chroma)


@contextlib.contextmanager
def serve(
    colorizer: services.ColorizerServicer | None,
    credentials: grpc.ServerCredentials | None = None,
    address: str = "127.0.0.1:0",
) -> Iterator[str]:
    """Run a server; its target. Without a colorizer it serves nothing."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    if colorizer is not None:
        services.add_ColorizerServicer_to_server(colorizer, server)  # type: ignore[no-untyped-call]
    if credentials is None:
        port = server.add_insecure_port(address)
    else:
        port = server.add_secure_port(address, credentials)
    server.start()
    try:
        yield address.replace(":0", f":{port}")
    finally:
        server.stop(grace=None).wait()
