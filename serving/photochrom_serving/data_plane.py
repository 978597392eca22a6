"""The data plane: one ``predict`` under every protocol."""

import dataclasses
import time
from collections.abc import Sequence

import numpy as np

from photochrom_contract.manifest import Manifest
from photochrom_serving import calls
from photochrom_serving.admission import Admission
from photochrom_serving.batcher import Timing
from photochrom_serving.deadline import Deadline
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.servables import Reference, Servable, Servables
from photochrom_serving.session import Chroma, Plane

MAX_TEMPERATURE = 10
_CHROMA_BYTES = np.dtype(np.float32).itemsize


@dataclasses.dataclass(frozen=True, slots=True)
class Prediction:
    """The chroma of a request's photographs, and the model version that predicted it."""

    manifest: Manifest
    chroma: Sequence[Chroma]
    """One ``(2, h', w')`` for each photograph: a* then b*, CIE units."""
    timing: Timing
    """Of the photograph that waited longest."""


class DataPlane:
    """Resolves a model, admits photographs, and hands them to the model's batcher."""

    def __init__(self, servables: Servables, admission: Admission) -> None:
        self.servables = servables
        self._admission = admission

    async def predict(
        self,
        reference: Reference,
        planes: Sequence[Plane],
        deadline: Deadline,
        temperature: float | None = None,
        *,
        begun: bool = False,
    ) -> Prediction:
        """Predict the chroma of lightness planes ``(h, w)``, all of one size.

        :param temperature: of the annealed mean, above 0; None for the model's own.
        :param begun: whether the call's work began before: it may end while the server is stopping.
        :raises RequestError: any of its kinds. If one photograph fails, the request does.
        """
        call = calls.current()
        with self.servables.use(reference) as servable:
            call.model, call.version = servable.manifest.name, servable.manifest.version
            _check(servable, planes, temperature)
            if call.caller:
                call.caller.check(len(planes))
            memory = _memory(servable.manifest, planes)
            with self._admission.admit(deadline, len(planes), memory, begun=begun):
                if call.caller:  # whom there is no room for keeps the rate to come back with
                    call.caller.take(len(planes))
                start = time.monotonic()
                answers = await servable.batcher.predict(planes, deadline, temperature)
        timing = max((answer.timing for answer in answers), key=lambda timing: timing.queue_seconds)
        call.answered(planes, start, timing)
        return Prediction(servable.manifest, [answer.chroma for answer in answers], timing)


def _memory(manifest: Manifest, planes: Sequence[Plane]) -> int:
    """The bytes of planes and of their answers."""
    side: int = planes[0].shape[0] // manifest.chroma_stride
    return len(planes) * (planes[0].nbytes + 2 * side * side * _CHROMA_BYTES)


def _check(servable: Servable, planes: Sequence[Plane], temperature: float | None) -> None:
    manifest = servable.manifest
    if not planes:
        raise InvalidFieldError("lightness", "has no photograph")
    for height, width in {plane.shape for plane in planes}:
        if height != width or width not in manifest.sizes:
            raise InvalidFieldError(
                "lightness",
                f"is {width} x {height}, but {manifest.name} version {manifest.version} takes squares of "
                f"{', '.join(map(str, manifest.sizes))} (default {manifest.default_size})",
            )
    if temperature is None:
        return
    if not 0 < temperature <= MAX_TEMPERATURE:  # not a number is not within either
        raise InvalidFieldError(
            "temperature", f"is {temperature:g}, but must be above 0 and at most {MAX_TEMPERATURE}"
        )
    if not servable.has_temperature:
        raise InvalidFieldError(
            "temperature",
            f"is {temperature:g}, but {manifest.name} version {manifest.version} has none to set",
        )
