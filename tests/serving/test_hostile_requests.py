"""Random bytes, random messages and mutated ones against every method: a status each time, never a crash."""

import base64
import dataclasses
import io
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests import model_factory
from tests.serving.conftest import Stub, assert_answers, connected, lightness, request, serving
from tests.serving.hostile import messages, mutated
from tests.serving.reflected import describe

CASES = 4000

Channel = Any  # that bytes need no serializer is not in its stubs
_HANGS_SECONDS = 60
_CODES = grpc.StatusCode
_STATUSES = {
    _CODES.OK, _CODES.INVALID_ARGUMENT, _CODES.NOT_FOUND, _CODES.FAILED_PRECONDITION, _CODES.UNIMPLEMENTED
}  # fmt: skip
"""What a request can lead to, whatever is in it, on a server that has nothing else to do."""

_PLANE = lightness(32)


@dataclasses.dataclass(frozen=True)
class Method:
    """A method as reflection describes it."""

    path: str
    make: Callable[[], Message]
    streams_requests: bool
    streams_responses: bool

    def call(self, channel: Channel, data: list[bytes]) -> Any:
        """Send bytes as they are; the status. Of a stream of answers, the first is waited for."""
        if not self.streams_responses:
            return channel.unary_unary(self.path).future(data[0], timeout=_HANGS_SECONDS).code()
        if self.streams_requests:
            answers = channel.stream_stream(self.path)(iter(data), timeout=_HANGS_SECONDS)
        else:
            answers = channel.unary_stream(self.path)(data[0], timeout=_HANGS_SECONDS)
        try:
            next(answers, None)
        except grpc.RpcError:
            return answers.code()
        answers.cancel()  # a Watch does not end by itself
        return _CODES.OK

    def good(self) -> bytes:
        """A request that it answers, where an empty one would be refused."""
        fields = _GOOD.get(self.path.rpartition("/")[2], {})
        return json_format.ParseDict(fields, self.make()).SerializeToString()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that is alive at the end, and in whose log nothing has failed."""
    repository = tmp_path_factory.mktemp("models")
    model_factory.publish(repository, model=model_factory.build_model(temperature=True))
    flags = ("--no-warm-up", "--model-control", "none", "--max-photo-pixels", "100000")
    with serving(repository, *flags) as server:
        server.follow()
        yield server.target
        assert server.process.poll() is None
        server.process.terminate()
        assert server.end() == 0
    assert [event for event in server.events if event["level"] == "error"] == []


@pytest.fixture(scope="module")
def channel(target: str) -> Iterator[Channel]:
    with grpc.insecure_channel(target) as channel:
        yield channel


@pytest.fixture(scope="module")
def stub(target: str) -> Iterator[Stub]:
    with connected(target) as stub:
        yield stub


@pytest.fixture(scope="module")
def methods(channel: Channel) -> list[Method]:
    """Every method of every service. Their messages are in a pool of this test's own."""
    services, files = describe(channel)
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return [
        Method(
            f"/{service}/{method.name}",
            message_factory.GetMessageClass(method.input_type),
            method.client_streaming,
            method.server_streaming,
        )
        for service in services
        for method in pool.FindServiceByName(service).methods
    ]


def test_every_good_request_is_answered(channel: Channel, methods: list[Method]) -> None:
    assert len(methods) > 20
    refused = {method.path.rpartition("/")[2]: method.call(channel, [method.good()]) for method in methods}
    assert {name for name, code in refused.items() if code != grpc.StatusCode.OK} == {
        "HandleReloadConfigRequest",
        "RepositoryModelLoad",
        "RepositoryModelUnload",
    }


@settings(max_examples=CASES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_comes_is_answered_or_refused_and_the_next_good_call_works(
    channel: Channel, methods: list[Method], stub: Stub, data: st.DataObject
) -> None:
    method = data.draw(st.sampled_from(methods))
    hostile = (
        st.binary(max_size=200)
        | messages(method.make).map(lambda message: message.SerializeToString())
        | mutated(method.good())
    )
    sent = data.draw(st.lists(hostile, min_size=1, max_size=3 if method.streams_requests else 1))
    assert method.call(channel, sent) in _STATUSES
    assert_answers(stub.Colorize(request(_PLANE)), _PLANE)


def test_bytes_that_are_no_message_are_the_callers_mistake(channel: Channel) -> None:
    no_message = b"\xff" * 7
    unary = channel.unary_unary("/photochrom.v1.Colorizer/Colorize").future(no_message)
    stream = channel.stream_stream("/photochrom.v1.Colorizer/ColorizeStream")(iter([no_message]))
    for call in (unary, stream):
        assert call.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert call.details() == "request: its 7 bytes are no photochrom.v1.ColorizeRequest"


def test_a_shape_is_refused_by_its_length_before_it_is_read(channel: Channel, methods: list[Method]) -> None:
    infer, predict = (
        next(method for method in methods if method.path.endswith(name))
        for name in ("/ModelInfer", "/Predict")
    )
    inferring: Any = infer.make().FromString(infer.good())
    inferring.inputs[0].shape.extend([1] * 100_000)
    predicting: Any = predict.make().FromString(predict.good())
    for _ in range(100_000):
        predicting.inputs["lightness"].tensor_shape.dim.add(size=1)
    for method, message in ((infer, inferring), (predict, predicting)):
        call = channel.unary_unary(method.path).future(message.SerializeToString())
        assert call.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert call.details() == "lightness: has 100004 dimensions, but at most 8 are taken"


def test_a_method_that_is_not_there_is_unimplemented(channel: Channel) -> None:
    for path in (
        "/photochrom.v1.Colorizer/Paint",
        "/photochrom.v9.Colorizer/Colorize",
        "/",
        "//",
        "/\u00e9/x",
    ):
        assert channel.unary_unary(path).future(b"").code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_long_name_is_told_in_a_message_that_arrives(stub: Stub) -> None:
    future = stub.Colorize.future(request(_PLANE, name="\U0001f3a8" * 100_000))
    assert future.code() == grpc.StatusCode.NOT_FOUND
    assert future.details().startswith("there is no model '\U0001f3a8")
    assert len(future.details()) < 2000


def _picture() -> bytes:
    file = io.BytesIO()
    Image.fromarray(_PLANE).save(file, "PNG")
    return file.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_TENSOR = _base64((_PLANE * np.float32(100 / 255)).astype("<f4").tobytes())
_COLORIZE = {"lightness": {"width": 32, "height": 32, "data": _base64(_PLANE.tobytes())}}
_INFER = {
    "model_name": "photochrom",
    "inputs": [{"name": "lightness", "datatype": "FP32", "shape": [1, 1, 32, 32]}],
    "raw_input_contents": [_TENSOR],
}
_SPEC = {"name": "photochrom"}
_GOOD: dict[str, Any] = {
    "Colorize": _COLORIZE,
    "ColorizeStream": _COLORIZE,
    "ColorizePhoto": {"photo": _base64(_picture())},
    "Predict": {
        "model_spec": _SPEC,
        "inputs": {
            "lightness": {
                "dtype": "DT_FLOAT",
                "tensor_shape": {"dim": [{"size": size} for size in (1, 1, 32, 32)]},
                "tensor_content": _TENSOR,
            }
        },
    },
    "GetModelMetadata": {"model_spec": _SPEC, "metadata_field": ["signature_def"]},
    "GetModelStatus": {"model_spec": _SPEC},
    "ModelInfer": _INFER,
    "ModelStreamInfer": _INFER,
    "ServerReflectionInfo": {"file_containing_symbol": "photochrom.v1.Colorizer"},
}
