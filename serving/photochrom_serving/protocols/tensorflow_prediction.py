"""``tensorflow.serving.PredictionService``: for callers that have TensorFlow Serving's client already."""

import functools

from google.rpc import code_pb2  # type: ignore[import-untyped] # publishes no types

from photochrom_contract import tensors
from photochrom_contract.tensorflow_serving import prediction_service_pb2, prediction_service_pb2_grpc
from photochrom_serving import deadline, status
from photochrom_serving.data_plane import DataPlane
from photochrom_serving.errors import InvalidFieldError, NotFoundError, QueueFullError, UnknownLabelError
from photochrom_serving.protocols import tensorflow_tensors
from photochrom_serving.protocols.planes import chroma_of
from photochrom_serving.servables import Reference
from photochrom_serving.settings import Settings
from photochrom_serving.status import Context, Words

SIGNATURE_FIELD = "signature_def"


class UnknownSignatureError(InvalidFieldError):
    """A signature that the model does not have."""


def _not_found(error: NotFoundError) -> tuple[int, str]:
    name, _, version = error.resource.partition("/")
    servable = f"Specific({name}, {version})" if version else f"Latest({name})"
    return code_pb2.NOT_FOUND, f"Servable not found for request: {servable}; {error}"


def _unknown_label(error: UnknownLabelError) -> tuple[int, str]:
    label = error.resource.partition(":")[2]
    return code_pb2.INVALID_ARGUMENT, f"Unrecognized servable version label: {label}; {error}"


WORDS: Words = {
    NotFoundError: _not_found,
    UnknownLabelError: _unknown_label,
    UnknownSignatureError: lambda error: (code_pb2.FAILED_PRECONDITION, str(error).partition(": ")[2]),
    QueueFullError: lambda error: (code_pb2.UNAVAILABLE, str(error)),
}
"""The errors that TensorFlow Serving has another code or message for."""

answers = functools.partial(status.answers, words=WORDS)


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """The face that TensorFlow Serving's clients talk to."""

    def __init__(self, data_plane: DataPlane, settings: Settings) -> None:
        self._data_plane = data_plane
        self._max_photographs = settings.queue_limit

    @answers
    async def Predict(  # noqa: N802 the protocol's name
        self, request: prediction_service_pb2.PredictRequest, context: Context
    ) -> prediction_service_pb2.PredictResponse:
        expiry = deadline.after(context.time_remaining())
        if not request.HasField("model_spec"):
            raise InvalidFieldError("model_spec", "Missing ModelSpec")
        signature = request.model_spec.signature_name or tensors.SIGNATURE
        with self._data_plane.servables.use(reference_of(request.model_spec)) as servable:
            if signature != tensors.SIGNATURE:
                raise UnknownSignatureError(
                    "model_spec.signature_name",
                    f'Serving signature key "{signature}" not found.; there is {tensors.SIGNATURE}',
                )
            inputs = tensorflow_tensors.read_inputs(request.inputs, self._max_photographs)
            _check_filter(list(request.output_filter))
            prediction = await self._data_plane.predict(
                Reference(servable=servable), inputs.planes, expiry, inputs.temperature
            )
        return prediction_service_pb2.PredictResponse(
            model_spec=_spec(prediction.manifest.name, prediction.manifest.version, signature),
            outputs={tensors.CHROMA: tensorflow_tensors.write(chroma_of(prediction))},
        )

    @answers
    async def GetModelMetadata(  # noqa: N802
        self, request: prediction_service_pb2.GetModelMetadataRequest, _context: Context
    ) -> prediction_service_pb2.GetModelMetadataResponse:
        if not request.HasField("model_spec"):
            raise InvalidFieldError("model_spec", "Missing ModelSpec")
        if not request.metadata_field:
            raise InvalidFieldError(
                "metadata_field", f"GetModelMetadataRequest must specify {SIGNATURE_FIELD!r}"
            )
        for field in request.metadata_field:
            if field != SIGNATURE_FIELD:
                raise InvalidFieldError(
                    "metadata_field", f"Metadata field {field} is not supported; there is {SIGNATURE_FIELD}"
                )
        with self._data_plane.servables.use(reference_of(request.model_spec)) as servable:
            manifest = servable.manifest
            signature = tensorflow_tensors.signature(manifest, servable.has_temperature)
        response = prediction_service_pb2.GetModelMetadataResponse(
            model_spec=_spec(manifest.name, manifest.version)
        )
        response.metadata[SIGNATURE_FIELD].Pack(
            prediction_service_pb2.SignatureDefMap(signature_def={tensors.SIGNATURE: signature})
        )
        return response


def reference_of(spec: prediction_service_pb2.ModelSpec) -> Reference:
    """The model version that a request means.

    :raises NotFoundError: for a version that cannot be one.
    """
    match spec.WhichOneof("version_choice"):
        case "version":
            if spec.version.value < 1:
                raise NotFoundError(
                    f"{spec.name}/{spec.version.value}",
                    "versions are numbered from 1; leave it out for the latest",
                )
            return Reference(spec.name, spec.version.value)
        case "version_label":
            return Reference(spec.name, label=spec.version_label)
    return Reference(spec.name)


def _check_filter(names: list[str]) -> None:
    for name in names:
        if name != tensors.CHROMA:
            raise InvalidFieldError(
                "output_filter",
                f"output tensor alias not found in signature: {name}; there is {tensors.CHROMA}",
            )
    if len(names) > 1:
        raise InvalidFieldError("output_filter", f"duplicate output tensor alias: {tensors.CHROMA}")


def _spec(name: str, version: int, signature: str = "") -> prediction_service_pb2.ModelSpec:
    spec = prediction_service_pb2.ModelSpec(name=name, signature_name=signature)
    spec.version.value = version
    return spec
