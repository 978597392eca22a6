"""The official TensorFlow Serving stubs: PredictionService. Runs in a process that has them."""

import os
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from tests.serving.clients.tensorflow_requests import CHROMA, LIGHTNESS, SAMPLES, predict, refusal, spec
from tests.serving.clients.wire import disagreements

_Status = grpc.StatusCode


def stubs(target: str) -> Iterator[Any]:
    with grpc.insecure_channel(os.environ[target]) as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)


@pytest.fixture
def prediction() -> Iterator[Any]:
    yield from stubs("TARGET")


@pytest.fixture
def slow() -> Iterator[Any]:
    yield from stubs("SLOW_TARGET")


def test_the_wire_types_are_those_of_the_stubs() -> None:
    with open(os.environ["DESCRIPTION"], "rb") as file:  # noqa: PTH123
        problems, known = disagreements(file.read(), "tensorflow")
    assert not problems
    assert known > 40


def test_many_photographs_in_one_request_are_many_chroma_planes(prediction: Any) -> None:
    response = prediction.Predict(predict({"lightness": LIGHTNESS}))
    np.testing.assert_array_equal(tf.make_ndarray(response.outputs["chroma"]), CHROMA)
    assert response.outputs["chroma"].tensor_content
    assert response.model_spec == spec(version=2, signature_name="serving_default")


def test_a_version_is_named_by_its_number_or_by_a_label(prediction: Any) -> None:
    for model, answered in ((spec(version=1), 1), (spec(version=2), 2), (spec(version_label="stable"), 1)):
        response = prediction.Predict(predict({"lightness": LIGHTNESS}, model))
        assert response.model_spec.version.value == answered


def test_bytes_are_lightness_in_255_steps(prediction: Any) -> None:
    response = prediction.Predict(predict({"lightness": SAMPLES["steps"]}))
    np.testing.assert_array_equal(tf.make_ndarray(response.outputs["chroma"]), CHROMA)


def repeated(*values: float) -> Any:
    """Three planes of these values and of the last one for the rest."""
    return np.array([*values, *[values[-1]] * (3 * 64 * 64 - len(values))], "f4").reshape(3, 1, 64, 64)


@pytest.mark.parametrize(
    ("dtype", "field", "values", "means"),
    [
        (tf.float32, "float_val", LIGHTNESS.ravel(), LIGHTNESS),
        (tf.uint8, "int_val", SAMPLES["steps"].ravel(), LIGHTNESS),
        (tf.float32, "float_val", LIGHTNESS.ravel()[:5000], repeated(*LIGHTNESS.ravel()[:5000])),
        (tf.float32, "float_val", [10.0, 50.0], repeated(10, 50)),
        (tf.float32, "float_val", [50.0], repeated(50)),
        (tf.float32, "float_val", [], repeated(0)),
    ],
)
def test_typed_values_are_read_as_tensorflow_reads_them(
    prediction: Any, dtype: Any, field: str, values: Any, means: Any
) -> None:
    tensor = tf.make_tensor_proto(means)
    typed = type(tensor)(dtype=dtype.as_datatype_enum, tensor_shape=tensor.tensor_shape, **{field: values})
    np.testing.assert_allclose(tf.make_ndarray(typed) * (100 / 255 if dtype == tf.uint8 else 1), means, 1e-6)
    answers = [prediction.Predict(predict({"lightness": sent})) for sent in (tensor, typed)]
    of_content, of_values = (tf.make_ndarray(answer.outputs["chroma"]) for answer in answers)
    np.testing.assert_array_equal(of_content, of_values)


def test_a_temperature_goes_to_the_model_that_has_one(prediction: Any) -> None:
    inputs = {"lightness": LIGHTNESS, "temperature": np.float32(0.5)}
    response = prediction.Predict(predict(inputs, spec("annealed")))
    np.testing.assert_allclose(tf.make_ndarray(response.outputs["chroma"]), CHROMA / 2, rtol=1e-6)
    assert refusal(lambda: prediction.Predict(predict(inputs))) == (
        _Status.INVALID_ARGUMENT,
        "temperature: is 0.5, but photochrom version 2 has none to set",
    )


@pytest.mark.parametrize(
    ("model", "code", "says"),
    [
        (
            spec("sepia"),
            _Status.NOT_FOUND,
            "Servable not found for request: Latest(sepia); there is no ",
        ),
        (spec(version=7), _Status.NOT_FOUND, "Servable not found for request: Specific(photochrom, 7); "),
        (spec(version=0), _Status.NOT_FOUND, "Servable not found for request: Specific(photochrom, 0); "),
        (spec(version=-1), _Status.NOT_FOUND, "Servable not found for request: Specific(photochrom, -1); "),
        (
            spec(version_label="best"),
            _Status.INVALID_ARGUMENT,
            "Unrecognized servable version label: best; model 'photochrom' has no label 'best'; ",
        ),
    ],
)
def test_what_is_unknown_is_said_in_tensorflow_servings_words(
    prediction: Any, model: Any, code: grpc.StatusCode, says: str
) -> None:
    metadata = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec=model, metadata_field=["signature_def"]
    )
    for call in (
        lambda: prediction.Predict(predict({"lightness": LIGHTNESS}, model)),
        lambda: prediction.GetModelMetadata(metadata),
    ):
        found, message = refusal(call)
        assert found == code
        assert message.startswith(says)


@pytest.mark.parametrize(
    ("request_", "code", "says"),
    [
        (predict_pb2.PredictRequest(), _Status.INVALID_ARGUMENT, "Missing ModelSpec"),
        (
            predict({"lightness": LIGHTNESS}, spec(signature_name="classify")),
            _Status.FAILED_PRECONDITION,
            'Serving signature key "classify" not found.; there is serving_default',
        ),
        (predict({}), _Status.INVALID_ARGUMENT, "inputs: lack 'lightness'; there is none"),
        (predict({"grey": LIGHTNESS}), _Status.INVALID_ARGUMENT, "inputs: lack 'lightness'; there is 'grey'"),
        (
            predict({"lightness": LIGHTNESS, "grey": LIGHTNESS}),
            _Status.INVALID_ARGUMENT,
            "inputs: have 'grey', which no model takes",
        ),
        (
            predict({"lightness": LIGHTNESS}, output_filter=["color"]),
            _Status.INVALID_ARGUMENT,
            "output tensor alias not found in signature: color; there is chroma",
        ),
        (
            predict({"lightness": LIGHTNESS}, output_filter=["chroma", "chroma"]),
            _Status.INVALID_ARGUMENT,
            "duplicate output tensor alias: chroma",
        ),
        (
            predict({"lightness": LIGHTNESS.astype("f8")}),
            _Status.INVALID_ARGUMENT,
            "lightness: is DT_DOUBLE, but must be DT_FLOAT or DT_UINT8",
        ),
        (predict({"lightness": LIGHTNESS[0]}), _Status.INVALID_ARGUMENT, "lightness: has shape [1, 64, 64]"),
        (
            predict({"lightness": LIGHTNESS[:, :, :40, :40]}),
            _Status.INVALID_ARGUMENT,
            "lightness: is 40 x 40, but photochrom version 2 takes squares of 32, 64",
        ),
        (
            predict({"lightness": LIGHTNESS * np.float32(2.55)}),
            _Status.INVALID_ARGUMENT,
            "but float32 is L* itself, 0 (black) to 100 (white)",
        ),
    ],
)
def test_a_request_that_does_not_do_is_refused(
    prediction: Any, request_: Any, code: grpc.StatusCode, says: str
) -> None:
    found, message = refusal(lambda: prediction.Predict(request_))
    assert found == code
    assert says in message


def test_a_small_message_makes_no_large_array(prediction: Any) -> None:
    tensor = tf.make_tensor_proto(np.zeros(1, "f4"))
    for side in (1_000_000_000, 2**62):
        for axis, name in ((0, "photographs"), (3, "a side is within 1 to 1024")):
            shape = [1, 1, 64, 64]
            shape[axis] = side
            tensor.tensor_shape.CopyFrom(tf.TensorShape(shape).as_proto())
            code, message = refusal(lambda: prediction.Predict(predict({"lightness": tensor})))
            assert code == _Status.INVALID_ARGUMENT
            assert name in message


def test_bytes_that_are_not_the_shapes_are_refused(prediction: Any) -> None:
    tensor = tf.make_tensor_proto(LIGHTNESS)
    tensor.tensor_content = tensor.tensor_content[:-1]
    assert refusal(lambda: prediction.Predict(predict({"lightness": tensor}))) == (
        _Status.INVALID_ARGUMENT,
        "lightness: has 49151 bytes of tensor_content, but shape [3, 1, 64, 64] takes 49152",
    )


def test_the_metadata_is_the_signature(prediction: Any) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec=spec("annealed"), metadata_field=["signature_def"]
    )
    response = prediction.GetModelMetadata(request)
    assert response.model_spec == spec("annealed", version=1)
    assert list(response.metadata) == ["signature_def"]
    found = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(found)
    signature = found.signature_def["serving_default"]
    assert signature.method_name == tf.saved_model.PREDICT_METHOD_NAME
    shapes = {
        name: (tf.DType(info.dtype), [dim.size for dim in info.tensor_shape.dim])
        for name, info in (*signature.inputs.items(), *signature.outputs.items())
    }
    assert shapes == {
        "lightness": (tf.float32, [-1, 1, 64, 64]),
        "temperature": (tf.float32, []),
        "chroma": (tf.float32, [-1, 2, 32, 32]),
    }


@pytest.mark.parametrize(
    ("fields", "says"),
    [([], "must specify 'signature_def'"), (["stats"], "Metadata field stats is not supported")],
)
def test_other_metadata_is_not_to_be_had(prediction: Any, fields: list[str], says: str) -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec(), metadata_field=fields)
    code, message = refusal(lambda: prediction.GetModelMetadata(request))
    assert code == _Status.INVALID_ARGUMENT
    assert says in message


def test_examples_are_not_what_the_models_take(prediction: Any) -> None:
    code, _ = refusal(lambda: prediction.Classify(classification_pb2.ClassificationRequest()))
    assert code == _Status.UNIMPLEMENTED


def test_a_full_queue_is_unavailable(slow: Any) -> None:
    calls = [slow.Predict.future(predict({"lightness": LIGHTNESS[:1]})) for _ in range(16)]
    refused = [call for call in calls if call.exception()]
    assert 0 < len(refused) < 16
    for call in refused:
        assert call.code() == _Status.UNAVAILABLE
        assert "photographs are in the server already" in call.details()
        assert dict(call.trailing_metadata())["grpc-retry-pushback-ms"].isdecimal()


def test_a_deadline_that_passes_is_exceeded(slow: Any) -> None:
    code, _ = refusal(lambda: slow.Predict(predict({"lightness": LIGHTNESS[:1]}), timeout=0.001))
    assert code == _Status.DEADLINE_EXCEEDED
