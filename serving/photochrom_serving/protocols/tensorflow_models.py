"""``tensorflow.serving.ModelService``: the states of versions, and the whole set of models at once."""

import asyncio
import functools
import os
from collections.abc import Iterable, Mapping, Sequence

from google.rpc import code_pb2  # type: ignore[import-untyped] # publishes no types

from photochrom_contract.tensorflow_serving import (
    error_codes_pb2,
    model_service_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2,
)
from photochrom_serving import repository, status
from photochrom_serving.control import ModelControl
from photochrom_serving.errors import InvalidFieldError, NotFoundError, UnknownLabelError
from photochrom_serving.protocols import model_set, tensorflow_prediction
from photochrom_serving.protocols.model_set import WantedModel
from photochrom_serving.servables import Servables
from photochrom_serving.settings import Settings
from photochrom_serving.status import Context, Words
from photochrom_serving.versions import State, Version

_Policy = model_service_pb2.FileSystemStoragePathSourceConfig.ServableVersionPolicy
_MAX_ENTRIES = 1000
"""Models, labels or versions of one configuration: it is read between the calls of others."""
_STATES = {
    State.LOADING: model_service_pb2.ModelVersionStatus.LOADING,
    State.AVAILABLE: model_service_pb2.ModelVersionStatus.AVAILABLE,
    State.UNLOADING: model_service_pb2.ModelVersionStatus.UNLOADING,
    State.FAILED: model_service_pb2.ModelVersionStatus.END,
    State.UNLOADED: model_service_pb2.ModelVersionStatus.END,
}


def _not_found(error: NotFoundError) -> tuple[int, str]:
    name, _, version = error.resource.partition("/")
    what = f"version {version}" if version else "any versions"
    return code_pb2.NOT_FOUND, f"Could not find {what} of model {name}; {error}"


WORDS: Words = {**tensorflow_prediction.WORDS, NotFoundError: _not_found}
"""The errors that TensorFlow Serving has another code or message for."""

answers = functools.partial(status.answers, words=WORDS)


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """The face that TensorFlow Serving's operators talk to."""

    def __init__(self, servables: Servables, control: ModelControl, settings: Settings) -> None:
        self._servables = servables
        self._control = control
        self._root = repository.locate(settings.models)
        self._lock = asyncio.Lock()

    @answers
    async def GetModelStatus(  # noqa: N802 the protocol's name
        self, request: model_service_pb2.GetModelStatusRequest, _context: Context
    ) -> model_service_pb2.GetModelStatusResponse:
        if not request.HasField("model_spec"):
            raise InvalidFieldError("model_spec", "Missing ModelSpec")
        meant = self._meant(request.model_spec)
        return model_service_pb2.GetModelStatusResponse(model_version_status=map(_describe, reversed(meant)))

    @answers
    async def HandleReloadConfigRequest(  # noqa: N802
        self, request: model_service_pb2.ReloadConfigRequest, _context: Context
    ) -> model_service_pb2.ReloadConfigResponse:
        if request.config.WhichOneof("config") != "model_config_list":
            raise InvalidFieldError("config", "only model_config_list is supported")
        wanted: dict[str, WantedModel] = {}
        configs = request.config.model_config_list.config
        _check_count("", len(configs))
        for config in configs:
            if config.name in wanted:
                raise InvalidFieldError("config.model_config_list", f"has {config.name!r} twice")
            self._check_path(config)
            _check_count(".version_labels", len(config.version_labels))
            _check_count(".model_version_policy", len(config.model_version_policy.specific.versions))
            wanted[config.name] = WantedModel(
                functools.partial(_choose, config.model_version_policy), dict(config.version_labels)
            )
        await self._control.see_through(self._replace(wanted))
        return model_service_pb2.ReloadConfigResponse(status=model_service_pb2.StatusProto())

    async def _replace(self, wanted: Mapping[str, WantedModel]) -> None:
        async with self._lock:  # one set replaces another, not half of one
            await model_set.replace(self._control, wanted)

    def _meant(self, spec: prediction_service_pb2.ModelSpec) -> list[Version]:
        """The versions that a request means, ascending."""
        reference = tensorflow_prediction.reference_of(spec)
        name = reference.model or self._servables.default_model
        versions = dict(self._servables).get(name)
        if not versions:
            have = ", ".join(known for known, _ in self._servables) or "none"
            raise NotFoundError(name, f"there is {have}")
        number = reference.version
        if reference.label:
            labels = self._servables.labels(name)
            if reference.label not in labels:
                have = ", ".join(labels) or "none"
                raise UnknownLabelError(f"{name}:{reference.label}", f"model {name!r} has the labels: {have}")
            number = labels[reference.label]
        meant = [version for version in versions if number in (0, version.number)]
        if not meant:
            have = ", ".join(str(version.number) for version in versions)
            raise NotFoundError(f"{name}/{number}", f"there is {have}")
        return meant

    def _check_path(self, config: model_service_pb2.ModelConfig) -> None:
        """Check that a model's path is its folder in the repository, without following it anywhere."""
        own = os.path.normpath(self._root / config.name)
        if config.base_path and os.path.normpath(config.base_path) != own:
            raise InvalidFieldError(
                "config.model_config_list.base_path",
                f"is {config.base_path!r}, but the server has one repository: leave it out, or say {own!r}",
            )


def _describe(version: Version) -> model_service_pb2.ModelVersionStatus:
    failed = version.state == State.FAILED
    return model_service_pb2.ModelVersionStatus(
        version=version.number,
        state=_STATES[version.state],
        status=model_service_pb2.StatusProto(
            error_code=error_codes_pb2.FAILED_PRECONDITION if failed else error_codes_pb2.OK,
            error_message=version.problem if failed else "",
        ),
    )


def _check_count(field: str, count: int) -> None:
    if count > _MAX_ENTRIES:
        raise InvalidFieldError(
            f"config.model_config_list{field}", f"has {count} entries, but at most {_MAX_ENTRIES} are taken"
        )


def _choose(policy: _Policy, there: Sequence[int]) -> Iterable[int]:
    match policy.WhichOneof("policy_choice"):
        case "all":
            return there
        case "specific":
            return policy.specific.versions
    return there[-(policy.latest.num_versions or 1) :]
