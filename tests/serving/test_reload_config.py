"""TensorFlow Serving's HandleReloadConfigRequest while its caller leaves."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from photochrom_contract.v1 import colorizer_pb2
from tests.serving.conftest import Stub, connected, serving
from tests.serving.held_version import HeldVersion
from tests.serving.reflected import encoded

_METHOD = "/tensorflow.serving.ModelService/HandleReloadConfigRequest"


def wait_until(stub: Stub, is_so: Callable[[list[colorizer_pb2.ModelVersion]], bool]) -> None:
    """Wait for what the list tells of the versions of the one model."""
    for _ in range(6000):
        versions = list(stub.ListModels(colorizer_pb2.ListModelsRequest()).models[0].versions)
        if is_so(versions):
            return
        time.sleep(0.01)
    pytest.fail(f"it is still: {versions}")


def test_a_set_whose_caller_leaves_replaces_the_one_before_all_the_same(model_repository: Path) -> None:
    config = {
        "name": "photochrom",
        "model_version_policy": {"specific": {"versions": [2]}},
        "version_labels": {"stable": 2},
    }
    with (
        serving(model_repository, "--model-control", "explicit", "--no-warm-up") as server,
        connected(server.target) as stub,
        grpc.insecure_channel(server.target) as channel,
    ):
        held = HeldVersion(model_repository, 2)
        raw: Any = channel  # that bytes need no serializer is not in its stubs
        fields = {"config": {"model_config_list": {"config": [config]}}}
        request = encoded(channel, "tensorflow.serving.ReloadConfigRequest", fields)
        call = raw.unary_unary(_METHOD).future(request)
        wait_until(stub, lambda versions: colorizer_pb2.ModelVersion.LOADING in [v.state for v in versions])
        call.cancel()
        while server.wait_for("call")["code"] != "CANCELLED":  # the server knows
            pass
        held.let_go()
        wait_until(
            stub, lambda versions: [(v.version, list(v.labels)) for v in versions] == [(2, ["stable"])]
        )
