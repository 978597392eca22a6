"""``photochrom.v1.Colorizer``: messages to arrays, one call of the data plane, arrays to messages."""

import asyncio
from collections.abc import AsyncIterator

from photochrom_contract import tensors
from photochrom_contract.manifest import Manifest
from photochrom_contract.upsampling import Upsampling
from photochrom_contract.v1 import colorizer_pb2, colorizer_pb2_grpc
from photochrom_serving import calls, deadline, photos, streaming
from photochrom_serving.data_plane import DataPlane
from photochrom_serving.deadline import Deadline
from photochrom_serving.drain import Drain
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.photo_pool import PhotoPool
from photochrom_serving.servables import Reference, Version
from photochrom_serving.settings import Settings
from photochrom_serving.status import Context, answers

_LARGE_PLANE = 2 * 96 * 96
"""Numbers from which on encoding a plane takes longer than handing it to a thread."""
_State = colorizer_pb2.ModelVersion.State
_UPSAMPLINGS: dict[int, Upsampling] = {
    colorizer_pb2.UPSAMPLING_UNSPECIFIED: "guided",
    colorizer_pb2.UPSAMPLING_GUIDED: "guided",
    colorizer_pb2.UPSAMPLING_BILINEAR: "bilinear",
}


class ColorizerService(colorizer_pb2_grpc.ColorizerServicer):
    """The face that the SDK talks to."""

    def __init__(
        self, data_plane: DataPlane, photo_pool: PhotoPool, drain: Drain, settings: Settings
    ) -> None:
        self._data_plane = data_plane
        self._photo_pool = photo_pool
        self._drain = drain
        self._window = settings.window
        self._max_photo_pixels = settings.max_photo_pixels

    @answers
    async def Colorize(  # noqa: N802 the protocol's name
        self, request: colorizer_pb2.ColorizeRequest, context: Context
    ) -> colorizer_pb2.ColorizeResponse:
        return await self._colorize(request, deadline.after(context.time_remaining()))

    @answers
    async def ColorizeStream(  # noqa: N802
        self, _: AsyncIterator[colorizer_pb2.ColorizeRequest], context: Context
    ) -> None:
        expiry = deadline.after(context.time_remaining())
        await streaming.answer_in_order(
            read=lambda: self._drain.interrupt(context.read()),
            answer=lambda request: self._colorize(request, expiry),
            write=context.write,
            window=self._window,
        )

    @answers
    async def ColorizePhoto(  # noqa: N802
        self, request: colorizer_pb2.ColorizePhotoRequest, context: Context
    ) -> colorizer_pb2.ColorizePhotoResponse:
        expiry = deadline.after(context.time_remaining())
        with self._data_plane.servables.use(_reference(request.model)) as servable:
            manifest = servable.manifest
            meant = Reference(servable=servable)  # whatever becomes the latest meanwhile
            size, saturation, upsampling = _photo_options(request, manifest)
            call = calls.current()
            if call.caller:
                call.caller.check()  # before the picture is decoded; it is taken with the prediction
            pool, caller = self._photo_pool, calls.name_of_caller(context)
            with pool.admit(caller, expiry):
                photo = await pool.run(
                    caller, expiry, photos.decode, request.photo, size, self._max_photo_pixels
                )
                prediction = await self._data_plane.predict(
                    meant, [photo.plane], expiry, _temperature(request), begun=True
                )
                chroma = prediction.chroma[0]
                encoded = await pool.run(
                    caller, expiry, photos.encode, photo, chroma, saturation, upsampling, prediction.manifest
                )
        return colorizer_pb2.ColorizePhotoResponse(
            model=_spec(manifest), photo=encoded, media_type=photo.media_type
        )

    @answers
    async def ListModels(  # noqa: N802
        self, _request: colorizer_pb2.ListModelsRequest, _context: Context
    ) -> colorizer_pb2.ListModelsResponse:
        servables = self._data_plane.servables
        models = [
            colorizer_pb2.Model(name=name, versions=map(_describe, versions)) for name, versions in servables
        ]
        return colorizer_pb2.ListModelsResponse(models=models, default_model=servables.default_model)

    async def _colorize(
        self, request: colorizer_pb2.ColorizeRequest, expiry: Deadline
    ) -> colorizer_pb2.ColorizeResponse:
        sent = request.lightness
        try:
            plane = tensors.lightness_from_bytes(sent.data, sent.width, sent.height)
        except tensors.PlaneError as error:
            raise InvalidFieldError(f"lightness.{error.field}", str(error).partition(": ")[2]) from error
        prediction = await self._data_plane.predict(
            _reference(request.model), [plane], expiry, _temperature(request)
        )
        (chroma,) = prediction.chroma
        _, height, width = chroma.shape
        if chroma.size > _LARGE_PLANE:
            data = await asyncio.to_thread(tensors.chroma_to_bytes, chroma)
        else:
            data = tensors.chroma_to_bytes(chroma)
        return colorizer_pb2.ColorizeResponse(
            model=_spec(prediction.manifest),
            chroma=colorizer_pb2.ChromaPlane(width=width, height=height, data=data),
        )


def _photo_options(
    request: colorizer_pb2.ColorizePhotoRequest, manifest: Manifest
) -> tuple[int, float, Upsampling]:
    """The size, the saturation and the upsampling that a request means."""
    size = request.size or manifest.default_size
    if size not in manifest.sizes:
        sizes = ", ".join(map(str, manifest.sizes))
        raise InvalidFieldError(
            "size", f"is {size}, but {manifest.name} version {manifest.version} takes {sizes}"
        )
    saturation = request.saturation if request.HasField("saturation") else 1.0
    if not 0 <= saturation <= 2:  # not a number is not within either
        raise InvalidFieldError("saturation", f"is {saturation:g}, but must be within 0 to 2")
    upsampling = _UPSAMPLINGS.get(request.upsampling)
    if upsampling is None:
        raise InvalidFieldError("upsampling", f"is {request.upsampling}, which this server does not know")
    return size, saturation, upsampling


def _reference(spec: colorizer_pb2.ModelSpec) -> Reference:
    if spec.version and spec.label:
        raise InvalidFieldError("model.label", f"is {spec.label!r} beside version {spec.version}: name one")
    return Reference(spec.name, spec.version, spec.label)


def _temperature(request: colorizer_pb2.ColorizeRequest | colorizer_pb2.ColorizePhotoRequest) -> float | None:
    return request.temperature if request.HasField("temperature") else None


def _spec(manifest: Manifest) -> colorizer_pb2.ModelSpec:
    return colorizer_pb2.ModelSpec(name=manifest.name, version=manifest.version)


def _describe(version: Version) -> colorizer_pb2.ModelVersion:
    described = colorizer_pb2.ModelVersion(
        version=version.number,
        state=version.state.name,
        message=version.problem,
        labels=version.labels,
    )
    if version.servable:
        manifest = version.servable.manifest
        described.sizes.extend(manifest.sizes)
        described.default_size = manifest.default_size
        described.sha256 = manifest.sha256
        described.description = manifest.description
        described.has_temperature = version.servable.has_temperature
    return described
