"""An embedded server in a program that uses TensorFlow, which has public names of its own to register."""

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import sys
from pathlib import Path
import {first}
import {second}
import grpc
from tensorflow.core.framework import tensor_pb2
from photochrom_contract.v1 import colorizer_pb2, colorizer_pb2_grpc

with photochrom_serving.embedded.EmbeddedServer(Path(sys.argv[1])) as server:
    with grpc.insecure_channel(server.target) as channel:
        models = colorizer_pb2_grpc.ColorizerStub(channel).ListModels(colorizer_pb2.ListModelsRequest())
    print(models.default_model, tensorflow.make_ndarray(tensorflow.make_tensor_proto([1.0])))
"""


@pytest.mark.parametrize("first", ["tensorflow", "photochrom_serving.embedded"])
def test_both_work_whichever_comes_first(model_repository: Path, first: str) -> None:
    second = {"tensorflow", "photochrom_serving.embedded"} - {first}
    program = _PROGRAM.format(first=first, second=second.pop())
    ended = subprocess.run(
        [sys.executable, "-c", program, str(model_repository)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "photochrom [1.]\n"
