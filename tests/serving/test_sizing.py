"""Answers that are larger than a message may be."""

import base64
import io
from pathlib import Path
from typing import Any

import grpc
from PIL import Image

from photochrom_contract.v1 import colorizer_pb2
from tests.serving.conftest import connected, lightness, refusal, serving
from tests.serving.reflected import encoded

_LIMIT = 1 << 20
_SIDE, _COUNT = 64, 200


def test_an_answer_that_is_too_large_ends_its_call_and_the_log_knows(model_repository: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(lightness(800)).save(file, "PNG")  # of noise, which in color takes thrice the bytes
    photo = colorizer_pb2.ColorizePhotoRequest(photo=file.getvalue())
    planes = b"\x7f" * (_COUNT * _SIDE * _SIDE)  # a quarter of the chroma's numbers, which take four bytes
    shape = [_COUNT, 1, _SIDE, _SIDE]
    inference = {
        "model_name": "photochrom",
        "inputs": [{"name": "lightness", "datatype": "UINT8", "shape": shape}],
        "raw_input_contents": [base64.b64encode(planes).decode()],
    }
    flags = ("--max-message-bytes", str(_LIMIT), "--no-warm-up")
    with (
        serving(model_repository, *flags) as server,
        connected(server.target) as stub,
        grpc.insecure_channel(server.target) as channel,
    ):
        data = encoded(channel, "inference.ModelInferRequest", inference)
        raw: Any = channel  # that bytes need no serializer is not in its stubs
        stream = raw.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer")(iter([data]))
        refusals = [refusal(lambda: stub.ColorizePhoto(photo)), refusal(lambda: next(stream))]
        server.process.terminate()
        assert server.end() == 0
    for code, message, detail in refusals:
        assert code == grpc.StatusCode.INVALID_ARGUMENT
        assert message.startswith("request: its answer has ")
        assert f"above the limit of {_LIMIT} for a message; send less at once, or start" in message
        assert [violation.field for violation in detail.field_violations] == ["request"]
    logged = {line["method"]: (line["code"], line.get("message")) for line in server.of("call")}
    assert logged == {
        method: ("INVALID_ARGUMENT", message)
        for method, (_, message, _) in zip(("ColorizePhoto", "ModelStreamInfer"), refusals, strict=True)
    }
