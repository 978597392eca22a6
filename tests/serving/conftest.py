"""A server as its users run it: the real command in a process of its own, and the embedded one."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
import pytest
from google.rpc import error_details_pb2  # type: ignore[import-untyped] # publishes no types
from grpc_status import rpc_status

from photochrom_contract.v1 import colorizer_pb2, colorizer_pb2_grpc
from photochrom_serving.embedded import EmbeddedServer
from tests import model_factory

Stub = Any  # the generated stub has no types
_DETAILS = (error_details_pb2.BadRequest, error_details_pb2.ResourceInfo, error_details_pb2.RetryInfo)


class Command:
    """``photochrom-serve`` running on a free port."""

    target: str

    def __init__(
        self, models: Path, *flags: str, program: Sequence[str] = ("-m", "photochrom_serving")
    ) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *program, "--models", str(models), "--port", "0", *flags],
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events: list[dict[str, Any]] = []
        self._follower: threading.Thread | None = None

    def wait_for(self, event: str) -> dict[str, Any]:
        """Read the log up to an event."""
        assert self.process.stderr
        for line in self.process.stderr:
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == event:
                return self.events[-1]
        raise AssertionError(f"the server ended without {event!r}: {self.events}")

    def follow(self) -> None:
        """Read the log in a thread from now on: a server stops in a full pipe that nobody reads."""
        self._follower = threading.Thread(target=self._read_rest)
        self._follower.start()

    def end(self) -> int:
        """Read the rest of the log; the exit status."""
        if self._follower:
            self._follower.join()
        else:
            self._read_rest()
        return self.process.wait()

    def _read_rest(self) -> None:
        assert self.process.stderr
        if not self.process.stderr.closed:
            with self.process.stderr as log:
                self.events += [json.loads(line) for line in log]

    def of(self, event: str) -> list[dict[str, Any]]:
        """The events of a name, so far."""
        return [entry for entry in self.events if entry["event"] == event]


@contextlib.contextmanager
def serving(models: Path, *flags: str) -> Iterator[Command]:
    """Run the command; what still runs at the end is told to stop."""
    command = Command(models, *flags)
    try:
        command.target = command.wait_for("ready")["address"]
        yield command
    finally:
        if command.process.poll() is None:
            command.process.terminate()
        command.end()


def run_to_its_end(*flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "photochrom_serving", *flags],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its private key."""
    if shutil.which("openssl") is None:
        pytest.skip("a certificate is made by the openssl command, which is not installed")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
            f"-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout {key} -out {certificate}"
        ).split(),
        check=True,
        capture_output=True,
    )
    return certificate, key


def lightness(size: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Some lightness plane ``(size, size)``."""
    return np.random.default_rng(seed).integers(0, 256, (size, size), np.uint8)


def request(plane: npt.NDArray[np.uint8], name: str = "", version: int = 0) -> colorizer_pb2.ColorizeRequest:
    """A Colorize request for a plane ``(h, w)``."""
    height, width = plane.shape
    return colorizer_pb2.ColorizeRequest(
        model=colorizer_pb2.ModelSpec(name=name, version=version),
        lightness=colorizer_pb2.LightnessPlane(width=width, height=height, data=plane.tobytes()),
    )


def assert_answers(response: colorizer_pb2.ColorizeResponse, plane: npt.NDArray[np.uint8]) -> None:
    """The response is the tiny model's chroma for the plane."""
    chroma = response.chroma
    planes = np.frombuffer(chroma.data, "<f2").reshape(2, chroma.height, chroma.width)
    # Half a unit in the last place of binary16 at 25 is 0.008.
    np.testing.assert_allclose(planes, model_factory.expected_chroma(plane), atol=0.01)


def refusal(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str, Any]:
    """The code, the message and the first detail (None if there is none) with which a call fails."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    error: Any = caught.value  # also the call
    status = rpc_status.from_call(error)
    if not status or not status.details:
        return error.code(), error.details(), None
    kind = {message.DESCRIPTOR.full_name: message for message in _DETAILS}[status.details[0].TypeName()]
    detail = kind()
    assert status.details[0].Unpack(detail)
    return error.code(), error.details(), detail


@contextlib.contextmanager
def connected(target: str, *options: tuple[str, str]) -> Iterator[Stub]:
    """A stub on a channel of its own."""
    with grpc.insecure_channel(target, options) as channel:
        yield colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]


@pytest.fixture
def target(model_repository: Path) -> Iterator[str]:
    """The target of an embedded server with the tiny model."""
    with EmbeddedServer(model_repository) as server:
        yield server.target


@pytest.fixture
def stub(target: str) -> Iterator[Stub]:
    """A stub of that server."""
    with connected(target) as stub:
        yield stub
