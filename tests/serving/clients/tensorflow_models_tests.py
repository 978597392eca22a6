"""The official TensorFlow Serving stubs: ModelService. Runs in a process that has them."""

import os
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.config import model_server_config_pb2

from tests.serving.clients.tensorflow_requests import LIGHTNESS, predict, refusal, spec

_Status = grpc.StatusCode
_State = get_model_status_pb2.ModelVersionStatus


@pytest.fixture
def channel() -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(os.environ["TARGET"]) as channel:
        yield channel


@pytest.fixture
def models(channel: grpc.Channel) -> Any:
    return model_service_pb2_grpc.ModelServiceStub(channel)


@pytest.fixture
def prediction(channel: grpc.Channel) -> Any:
    return prediction_service_pb2_grpc.PredictionServiceStub(channel)


def status(models: Any, **fields: Any) -> list[tuple[int, str]]:
    """The versions and their states, as they are told."""
    response = models.GetModelStatus(get_model_status_pb2.GetModelStatusRequest(model_spec=spec(**fields)))
    return [(told.version, _State.State.Name(told.state)) for told in response.model_version_status]


def test_the_status_is_that_of_every_version_the_newest_first(models: Any) -> None:
    assert status(models) == [(3, "END"), (2, "AVAILABLE"), (1, "AVAILABLE")]
    assert status(models, version=2) == [(2, "AVAILABLE")]
    assert status(models, version_label="stable") == [(1, "AVAILABLE")]
    request = get_model_status_pb2.GetModelStatusRequest(model_spec=spec(version=3))
    (broken,) = models.GetModelStatus(request).model_version_status
    assert broken.status.error_code == _Status.FAILED_PRECONDITION.value[0]
    assert "SHA-256" in broken.status.error_message


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        (
            {"name": "sepia"},
            _Status.NOT_FOUND,
            "Could not find any versions of model sepia; there is ",
        ),
        ({"version": 7}, _Status.NOT_FOUND, "Could not find version 7 of model photochrom; there is 1, 2, 3"),
        ({"version_label": "x"}, _Status.INVALID_ARGUMENT, "Unrecognized servable version label: x; "),
    ],
)
def test_the_status_of_what_is_unknown_is_an_error(
    models: Any, fields: Any, code: grpc.StatusCode, says: str
) -> None:
    found, message = refusal(lambda: status(models, **fields))
    assert found == code
    assert message.startswith(says)


def reload(models: Any, *configs: Any) -> Any:
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.config.extend(configs)
    return models.HandleReloadConfigRequest(request)


def config(name: str, *versions: int, **fields: Any) -> Any:
    made = model_server_config_pb2.ModelConfig(name=name, model_platform="tensorflow", **fields)
    if versions:
        made.model_version_policy.specific.versions.extend(versions)
    return made


BOTH = (config("photochrom", 1, 2, version_labels={"stable": 1}), config("annealed"))


@pytest.fixture
def as_before(models: Any) -> Iterator[None]:
    yield
    reload(models, *BOTH)


@pytest.mark.usefixtures("as_before")
def test_a_reload_replaces_the_whole_set(models: Any, prediction: Any) -> None:
    assert reload(models, config("photochrom", 2, version_labels={"best": 2})).status.error_code == 0
    assert status(models) == [(2, "AVAILABLE")]
    assert status(models, version_label="best") == [(2, "AVAILABLE")]
    assert refusal(lambda: status(models, name="annealed"))[0] == _Status.NOT_FOUND
    assert refusal(lambda: status(models, version_label="stable"))[0] == _Status.INVALID_ARGUMENT
    reload(models, *BOTH)
    assert status(models) == [(2, "AVAILABLE"), (1, "AVAILABLE")]
    for name in ("photochrom", "annealed"):
        prediction.Predict(predict({"lightness": LIGHTNESS}, spec(name)))


@pytest.mark.usefixtures("as_before")
@pytest.mark.parametrize(
    ("configs", "code", "says"),
    [
        ([config("sepia")], _Status.NOT_FOUND, "Could not find any versions of model sepia; "),
        ([config("annealed", 7)], _Status.NOT_FOUND, "Could not find version 7 of model annealed; "),
        ([config("photochrom", 2, 3)], _Status.FAILED_PRECONDITION, "photochrom/3 was refused: "),
        (
            [config("photochrom", 2, version_labels={"stable": 1})],
            _Status.FAILED_PRECONDITION,
            "label 'stable': photochrom version 1 is not among those to be served",
        ),
        ([config("annealed"), config("annealed")], _Status.INVALID_ARGUMENT, "has 'annealed' twice"),
        (
            [config("annealed")] * 1001,
            _Status.INVALID_ARGUMENT,
            "has 1001 entries, but at most",
        ),
        (
            [config("annealed", *range(1, 1002))],
            _Status.INVALID_ARGUMENT,
            "has 1001 entries, but at",
        ),
        ([config("annealed", base_path="/etc")], _Status.INVALID_ARGUMENT, "base_path: is '/etc', but the "),
    ],
)
def test_a_set_that_cannot_be_is_refused_and_what_serves_goes_on(
    models: Any, prediction: Any, configs: list[Any], code: grpc.StatusCode, says: str
) -> None:
    found, message = refusal(lambda: reload(models, *configs))
    assert found == code
    assert says in message
    for model in (spec(version=2), spec(version_label="stable"), spec("annealed")):
        prediction.Predict(predict({"lightness": LIGHTNESS}, model))


def test_only_a_list_of_models_is_a_configuration(models: Any) -> None:
    code, message = refusal(
        lambda: models.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest())
    )
    assert code == _Status.INVALID_ARGUMENT
    assert message == "config: only model_config_list is supported"


def test_a_server_whose_models_calls_do_not_control_says_so() -> None:
    with grpc.insecure_channel(os.environ["SLOW_TARGET"]) as channel:
        polled = model_service_pb2_grpc.ModelServiceStub(channel)
        code, message = refusal(lambda: reload(polled, config("photochrom", 1)))
    assert code == _Status.FAILED_PRECONDITION
    assert "start it with --model-control explicit" in message
