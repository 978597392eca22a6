"""``inference.GRPCInferenceService``: for callers that have the client of Triton or KServe."""

import functools

from google.rpc import code_pb2  # type: ignore[import-untyped] # publishes no types

import photochrom_serving
from photochrom_contract import tensors
from photochrom_contract.open_inference import grpc_service_pb2, grpc_service_pb2_grpc
from photochrom_serving import deadline, status
from photochrom_serving.control import ModelControl
from photochrom_serving.data_plane import DataPlane
from photochrom_serving.drain import Drain
from photochrom_serving.errors import (
    NotFoundError,
    NotReadyError,
    QueueFullError,
    UnknownLabelError,
    UnsupportedError,
)
from photochrom_serving.protocols import open_inference_tensors
from photochrom_serving.protocols.planes import chroma_of
from photochrom_serving.protocols.statistics import Duration, Statistics
from photochrom_serving.servables import Reference, State
from photochrom_serving.settings import Settings
from photochrom_serving.status import Context, Words

SERVER = "photochrom"
_STATES = {State.AVAILABLE: "READY", State.LOADING: "LOADING", State.UNLOADING: "UNLOADING"}
EXTENSIONS = ("model_configuration", "model_repository", "statistics")


def _not_found(error: NotFoundError) -> tuple[int, str]:
    name, _, version = error.resource.partition("/")
    model = f"{name!r} version {version}" if version else f"{name!r}"
    return code_pb2.NOT_FOUND, f"Request for unknown model: {model} is not found; {error}"


def _unknown_label(error: UnknownLabelError) -> tuple[int, str]:
    name, _, label = error.resource.partition(":")
    return code_pb2.NOT_FOUND, f"Request for unknown model: {name!r} version {label} is not found; {error}"


WORDS: Words = {
    NotFoundError: _not_found,
    UnknownLabelError: _unknown_label,
    QueueFullError: lambda error: (code_pb2.UNAVAILABLE, str(error)),
}
"""The errors that Triton has another code or message for; KServe's client retries UNAVAILABLE alone."""

answers = functools.partial(status.answers, words=WORDS)


class InferenceService(grpc_service_pb2_grpc.GRPCInferenceServiceServicer):
    """The face that the clients of Triton and KServe talk to."""

    def __init__(
        self,
        data_plane: DataPlane,
        control: ModelControl,
        drain: Drain,
        statistics: Statistics,
        settings: Settings,
    ) -> None:
        self._data_plane = data_plane
        self._control = control
        self._drain = drain
        self._statistics = statistics
        self._max_photographs = settings.queue_limit
        self._max_batch_size = settings.max_batch_size

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
        with self._data_plane.servables.use(_reference(request.name, request.version)) as servable:
            manifest = servable.manifest
            versions = [
                version.number
                for version in dict(self._data_plane.servables)[manifest.name]
                if version.state == State.AVAILABLE
            ]
            return open_inference_tensors.metadata(manifest, versions, servable.has_temperature)

    @answers
    async def ModelConfig(  # noqa: N802
        self, request: grpc_service_pb2.ModelConfigRequest, _context: Context
    ) -> grpc_service_pb2.ModelConfigResponse:
        with self._data_plane.servables.use(_reference(request.name, request.version)) as servable:
            config = open_inference_tensors.config(
                servable.manifest, self._max_batch_size, servable.has_temperature
            )
            return grpc_service_pb2.ModelConfigResponse(config=config)

    @answers
    async def ModelInfer(  # noqa: N802
        self, request: grpc_service_pb2.ModelInferRequest, context: Context
    ) -> grpc_service_pb2.ModelInferResponse:
        expiry = deadline.after(context.time_remaining())
        reference = _reference(request.model_name, request.model_version)
        with self._data_plane.servables.use(reference) as servable:
            inputs = open_inference_tensors.read_inputs(request, self._max_photographs)
            open_inference_tensors.check_outputs(request)
            prediction = await self._data_plane.predict(
                Reference(servable=servable), inputs.planes, expiry, inputs.temperature
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

    @answers
    async def ModelStatistics(  # noqa: N802
        self, request: grpc_service_pb2.ModelStatisticsRequest, _context: Context
    ) -> grpc_service_pb2.ModelStatisticsResponse:
        servables = self._data_plane.servables
        if request.name:
            with servables.use(_reference(request.name, request.version)) as servable:
                found = [f"{servable.manifest.name}/{servable.manifest.version}"]
        if not request.name or not request.version:
            found = [
                label
                for label in servables.available()
                if not request.name or label.startswith(f"{request.name}/")
            ]
        return grpc_service_pb2.ModelStatisticsResponse(model_stats=map(self._statistics_of, found))

    @answers
    async def RepositoryIndex(  # noqa: N802
        self, request: grpc_service_pb2.RepositoryIndexRequest, _context: Context
    ) -> grpc_service_pb2.RepositoryIndexResponse:
        _check_repository(request.repository_name)
        found = [
            grpc_service_pb2.RepositoryIndexResponse.ModelIndex(
                name=version.model,
                version=str(version.number),
                state=_STATES.get(version.state, "UNAVAILABLE"),
                reason=version.problem or ("unloaded" if version.state == State.UNLOADED else ""),
            )
            for version in await self._control.index()
            if version.state == State.AVAILABLE or not request.ready
        ]
        return grpc_service_pb2.RepositoryIndexResponse(models=found)

    @answers
    async def RepositoryModelLoad(  # noqa: N802
        self, request: grpc_service_pb2.RepositoryModelLoadRequest, _context: Context
    ) -> grpc_service_pb2.RepositoryModelLoadResponse:
        for parameter in request.parameters:
            raise UnsupportedError(f"parameters: the server does not support {parameter!r} of a load")
        name = _model_named(request)
        await self._control.load(name)
        return grpc_service_pb2.RepositoryModelLoadResponse(model_name=name, isLoaded=True)

    @answers
    async def RepositoryModelUnload(  # noqa: N802
        self, request: grpc_service_pb2.RepositoryModelUnloadRequest, _context: Context
    ) -> grpc_service_pb2.RepositoryModelUnloadResponse:
        name = _model_named(request)
        await self._control.unload(name)
        return grpc_service_pb2.RepositoryModelUnloadResponse(model_name=name, isUnloaded=True)

    def _is_ready(self, request: grpc_service_pb2.ModelReadyRequest) -> bool:
        """Whether a model that there is answers.

        :raises NotFoundError: if there is none.
        """
        reference, servables = _reference(request.name, request.version), self._data_plane.servables
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

    def _statistics_of(self, model: str) -> grpc_service_pb2.ModelStatistics:
        counts = self._statistics.of(model)
        name, _, version = model.partition("/")
        return grpc_service_pb2.ModelStatistics(
            name=name,
            version=version,
            last_inference=counts.last_milliseconds,
            inference_count=counts.photographs,
            execution_count=counts.batches,
            inference_stats=grpc_service_pb2.InferStatistics(**_durations(counts.stages)),
            batch_stats=[
                grpc_service_pb2.InferBatchStatistics(batch_size=size, **_durations(stages))
                for size, stages in sorted(counts.by_size.items())
            ],
        )


def _check_repository(name: str) -> None:
    if name:
        raise UnsupportedError(
            f"repository_name: is {name!r}, but the server has one repository: leave it out"
        )


def _model_named(
    request: grpc_service_pb2.RepositoryModelLoadRequest | grpc_service_pb2.RepositoryModelUnloadRequest,
) -> str:
    """The model's name, by Triton's number or by KServe's, which Triton gave to the repository's name."""
    if not request.model_name:
        return request.repository_name
    _check_repository(request.repository_name)
    return request.model_name


def _reference(name: str, version: str) -> Reference:
    """The model version that a request means; a version that is no number is a label.

    :raises NotFoundError: for a number that cannot be one.
    """
    if not version.isdecimal():
        return Reference(name, label=version)
    if int(version) < 1:
        raise NotFoundError(f"{name}/{version}", "versions are numbered from 1; leave it out for the latest")
    return Reference(name, int(version))


def _durations(stages: dict[str, Duration]) -> dict[str, grpc_service_pb2.StatisticDuration]:
    return {
        stage: grpc_service_pb2.StatisticDuration(count=duration.count, ns=duration.nanoseconds)
        for stage, duration in stages.items()
    }
