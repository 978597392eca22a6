"""``inference.GRPCInferenceService``: the Open Inference Protocol proper."""

import photochrom_serving
from photochrom_contract import tensors
from photochrom_contract.open_inference import grpc_service_pb2, grpc_service_pb2_grpc
from photochrom_serving import deadline
from photochrom_serving.data_plane import DataPlane
from photochrom_serving.deadline import Deadline
from photochrom_serving.drain import Drain
from photochrom_serving.errors import NotFoundError, NotReadyError, UnknownLabelError, UnsupportedError
from photochrom_serving.protocols import open_inference_tensors
from photochrom_serving.protocols.open_inference_naming import answers, reference_of
from photochrom_serving.protocols.planes import chroma_of
from photochrom_serving.servables import Reference, State
from photochrom_serving.settings import Settings
from photochrom_serving.status import Context

SERVER = "photochrom"
EXTENSIONS = ("model_configuration", "model_repository", "statistics")


class OpenInference(grpc_service_pb2_grpc.GRPCInferenceServiceServicer):
    """What every client of the protocol asks for."""

    def __init__(self, data_plane: DataPlane, drain: Drain, settings: Settings) -> None:
        self._data_plane = data_plane
        self._drain = drain
        self._max_photographs = settings.queue_limit

    @answers
    async def ServerLive(  # noqa: N802 the protocol's name
        self, _request: grpc_service_pb2.ServerLiveRequest, _context: Context
    ) -> grpc_service_pb2.ServerLiveResponse:
        return grpc_service_pb2.ServerLiveResponse(live=True)

    @answers
    async def ServerReady(  # noqa: N802
        self, _request: grpc_service_pb2.ServerReadyRequest, _context: Context
    ) -> grpc_service_pb2.ServerReadyResponse:
        return grpc_service_pb2.ServerReadyResponse(ready=self._drain.ready)

    @answers
    async def ModelReady(  # noqa: N802
        self, request: grpc_service_pb2.ModelReadyRequest, _context: Context
    ) -> grpc_service_pb2.ModelReadyResponse:
        return grpc_service_pb2.ModelReadyResponse(ready=self._is_ready(request))

    @answers
    async def ServerMetadata(  # noqa: N802
        self, _request: grpc_service_pb2.ServerMetadataRequest, _context: Context
    ) -> grpc_service_pb2.ServerMetadataResponse:
        return grpc_service_pb2.ServerMetadataResponse(
            name=SERVER, version=photochrom_serving.__version__, extensions=EXTENSIONS
        )

    @answers
    async def ModelMetadata(  # noqa: N802
        self, request: grpc_service_pb2.ModelMetadataRequest, _context: Context
    ) -> grpc_service_pb2.ModelMetadataResponse:
        with self._data_plane.servables.use(reference_of(request.name, request.version)) as servable:
            manifest = servable.manifest
            versions = [
                version.number
                for version in dict(self._data_plane.servables)[manifest.name]
                if version.state == State.AVAILABLE
            ]
            return open_inference_tensors.metadata(manifest, versions, servable.has_temperature)

    @answers
    async def ModelInfer(  # noqa: N802
        self, request: grpc_service_pb2.ModelInferRequest, context: Context
    ) -> grpc_service_pb2.ModelInferResponse:
        return await self._infer(request, deadline.after(context.time_remaining()))

    async def _infer(
        self, request: grpc_service_pb2.ModelInferRequest, expiry: Deadline
    ) -> grpc_service_pb2.ModelInferResponse:
        reference = reference_of(request.model_name, request.model_version)
        with self._data_plane.servables.use(reference) as servable:
            inputs = open_inference_tensors.read_inputs(request, self._max_photographs)
            open_inference_tensors.check_outputs(request)
            prediction = await self._data_plane.predict(
                Reference(servable=servable),
                inputs.planes,
                deadline.earlier(expiry, _own_deadline(request)),
                inputs.temperature,
            )
        chroma = chroma_of(prediction)
        output = grpc_service_pb2.ModelInferResponse.InferOutputTensor(
            name=tensors.CHROMA, datatype="FP32", shape=chroma.shape
        )
        return grpc_service_pb2.ModelInferResponse(
            model_name=prediction.manifest.name,
            model_version=str(prediction.manifest.version),
            id=request.id,
            outputs=[output],
            raw_output_contents=[chroma.tobytes()],
        )

    def _is_ready(self, request: grpc_service_pb2.ModelReadyRequest) -> bool:
        """Whether a model that there is answers.

        :raises NotFoundError: if there is none.
        """
        reference, servables = reference_of(request.name, request.version), self._data_plane.servables
        try:
            with servables.use(reference):
                return self._drain.ready
        except UnknownLabelError:
            raise
        except NotReadyError:
            return False
        except NotFoundError:
            known = dict(servables).get(reference.model or servables.default_model, [])
            if not any(reference.version in (0, version.number) for version in known):
                raise
            return False


def _own_deadline(request: grpc_service_pb2.ModelInferRequest) -> Deadline:
    """That of the parameter ``timeout``, microseconds; other parameters mean nothing here, as they may.

    :raises UnsupportedError: for a request of a sequence, which would need a memory of those before it.
    """
    if "sequence_id" in request.parameters:
        raise UnsupportedError("parameters: the models keep no state, so there is no sequence_id")
    microseconds = request.parameters["timeout"].int64_param if "timeout" in request.parameters else 0
    return deadline.after(1e-6 * microseconds) if microseconds > 0 else None
