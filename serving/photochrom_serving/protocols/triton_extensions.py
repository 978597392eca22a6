"""Triton's extensions of the Open Inference Protocol: streams, configuration, statistics, model control."""

from collections.abc import Mapping

from photochrom_contract.open_inference import grpc_service_pb2
from photochrom_serving import deadline, streaming
from photochrom_serving.control import ModelControl
from photochrom_serving.data_plane import DataPlane
from photochrom_serving.deadline import Deadline
from photochrom_serving.drain import Drain
from photochrom_serving.errors import RequestError, UnsupportedError
from photochrom_serving.protocols import open_inference_tensors
from photochrom_serving.protocols.open_inference import OpenInference
from photochrom_serving.protocols.open_inference_naming import WORDS, answers, reference_of
from photochrom_serving.protocols.statistics import Duration, Statistics
from photochrom_serving.servables import State
from photochrom_serving.settings import Settings
from photochrom_serving.status import Context, to_status

_STATES = {State.AVAILABLE: "READY", State.LOADING: "LOADING", State.UNLOADING: "UNLOADING"}
_FINAL = "triton_final_response"
"""The parameter that marks the last answer to a request of a stream: here there is one to each."""


class InferenceService(OpenInference):
    """The face that the clients of Triton and KServe talk to."""

    def __init__(
        self,
        data_plane: DataPlane,
        control: ModelControl,
        drain: Drain,
        statistics: Statistics,
        settings: Settings,
    ) -> None:
        super().__init__(data_plane, drain, settings)
        self._control = control
        self._statistics = statistics
        self._buckets = settings.buckets
        self._max_queue_delay_ms = settings.max_queue_delay_ms
        self._window = settings.window

    @answers
    async def ModelStreamInfer(  # noqa: N802 the protocol's name
        self, _requests: object, context: Context
    ) -> None:
        expiry = deadline.after(context.time_remaining())
        await streaming.answer_in_order(
            read=lambda: self._drain.interrupt(context.read()),
            answer=lambda request: self._infer_of_many(request, expiry),
            write=context.write,
            window=self._window,
        )

    @answers
    async def ModelConfig(  # noqa: N802
        self, request: grpc_service_pb2.ModelConfigRequest, _context: Context
    ) -> grpc_service_pb2.ModelConfigResponse:
        with self._data_plane.servables.use(reference_of(request.name, request.version)) as servable:
            config = open_inference_tensors.config(servable.manifest, self._buckets, servable.has_temperature)
            config.dynamic_batching.max_queue_delay_microseconds = round(1e3 * self._max_queue_delay_ms)
            return grpc_service_pb2.ModelConfigResponse(config=config)

    @answers
    async def ModelStatistics(  # noqa: N802
        self, request: grpc_service_pb2.ModelStatisticsRequest, _context: Context
    ) -> grpc_service_pb2.ModelStatisticsResponse:
        servables = self._data_plane.servables
        found = servables.available()
        if request.name or request.version:
            with servables.use(reference_of(request.name, request.version)) as servable:
                name, number = servable.manifest.name, servable.manifest.version
            every = [model for model in found if model.startswith(f"{name}/")]
            found = [f"{name}/{number}"] if request.version else every
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

    async def _infer_of_many(
        self, request: grpc_service_pb2.ModelInferRequest, expiry: Deadline
    ) -> grpc_service_pb2.ModelStreamInferResponse:
        """The answer to one request of a stream; if it fails, the others do not."""
        response = grpc_service_pb2.ModelStreamInferResponse()
        try:
            response.infer_response.CopyFrom(await self._infer(request, expiry))
        except RequestError as error:
            response.error_message = to_status(error, WORDS).message
            response.infer_response.id = request.id
        response.infer_response.parameters[_FINAL].bool_param = True
        return response

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


def _durations(stages: Mapping[str, Duration]) -> dict[str, grpc_service_pb2.StatisticDuration]:
    return {
        stage: grpc_service_pb2.StatisticDuration(count=duration.count, ns=duration.nanoseconds)
        for stage, duration in stages.items()
    }
