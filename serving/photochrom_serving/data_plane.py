"""The data plane: one ``predict`` under every protocol."""

import dataclasses

from photochrom_contract.manifest import Manifest
from photochrom_serving.admission import Admission
from photochrom_serving.deadline import Deadline
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.servables import Servables
from photochrom_serving.session import Chroma, Plane


@dataclasses.dataclass(frozen=True, slots=True)
class Prediction:
    """A chroma plane, and the model version that predicted it."""

    manifest: Manifest
    chroma: Chroma
    """``(2, h', w')``: a* then b*, CIE units."""


class DataPlane:
    """Resolves a model, admits a photograph, and hands it to the model's batcher."""

    def __init__(self, servables: Servables, admission: Admission) -> None:
        self.servables = servables
        self._admission = admission

    async def predict(self, model: str, version: int, plane: Plane, deadline: Deadline) -> Prediction:
        """Predict the chroma of one lightness plane ``(h, w)``.

        :param model: empty for the default model.
        :param version: 0 for the latest version that answers.
        :raises RequestError: any of its kinds.
        """
        servable = self.servables.resolve(model, version)
        manifest = servable.manifest
        height, width = plane.shape
        if height != width or width not in manifest.sizes:
            raise InvalidFieldError(
                "lightness",
                f"is {width} x {height}, but {manifest.name} version {manifest.version} takes squares of "
                f"{', '.join(map(str, manifest.sizes))} (default {manifest.default_size})",
            )
        with self._admission.admit(deadline):
            return Prediction(manifest, await servable.batcher.predict(plane, deadline))
