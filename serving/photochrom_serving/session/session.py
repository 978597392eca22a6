"""A loaded model version: checked to be the contract's, and run through its stages."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from photochrom_contract import tensors
from photochrom_contract.manifest import Manifest
from photochrom_serving.errors import RepositoryError
from photochrom_serving.session import cuda, gpu, opening, providers
from photochrom_serving.session.stage import Stage
from photochrom_serving.settings import Settings

_GREY = 50.0  # L*


class Session:
    """A graph whose tensors are the contract's, on the provider that was asked for."""

    def __init__(self, model: Path, manifest: Manifest, settings: Settings) -> None:
        """Load ``model``.

        :raises RepositoryError: naming the file, if it is no graph or not one of the contract.
        :raises ProviderError: if the provider cannot run it.
        """
        self.label = f"{manifest.name}/{manifest.version}"
        self.manifest = manifest
        self.provider = providers.NAMES[settings.providers]
        self.buckets = settings.buckets
        """The batch sizes that occur, ascending."""
        self.how: dict[str, object] = {"threads": opening.threads(settings)}
        """How it computes, for the log."""
        self._stage: Callable[..., Stage] = Stage
        if settings.providers == "cpu":
            self._session = opening.open_file(model, settings, [(providers.CPU, {})])
            share = opening.side_by_side(settings)
            shared = share > 1 and opening.threads(settings) > 1
            if shared and settings.warm_up:  # otherwise not worth the time that it takes to open
                narrow = opening.open_file(model, settings, [(providers.CPU, {})], share)
                self._stage = functools.partial(Stage, narrow=narrow)
        else:
            opened = gpu.open_file(model, manifest, settings)
            self._session, self._stage = opened.session, opened.stage
            self.how |= opened.how
        _check_tensor(model, self._session.get_inputs(), tensors.LIGHTNESS, channels=1)
        _check_tensor(model, self._session.get_outputs(), tensors.CHROMA, channels=2)
        self.has_temperature = _has_temperature(model, self._session)

    def stage(self, size: int) -> Stage:
        """Memory for batches of planes ``(size, size)``; each stage can run while another one does."""
        side = size // self.manifest.chroma_stride
        return self._stage(self._session, self.label, size, side, self.buckets)

    def check(self, size: int) -> None:
        """Run one plane of a size, and look at what comes back.

        :raises RepositoryError: if the graph cannot run the size, or answers something else than it should.
        """
        where = f"{self.manifest.name} version {self.manifest.version} at size {size}"
        side = size // self.manifest.chroma_stride
        feed = {tensors.LIGHTNESS: np.full((1, 1, size, size), _GREY, np.float32)}
        try:
            chroma = self._session.run([tensors.CHROMA], feed, cuda.unrecorded())[0]
        except Exception as error:  # ONNX Runtime's exceptions share no base
            raise RepositoryError(f"{where}: the graph does not run: {opening.first_line(error)}") from error
        if chroma.shape != (1, 2, side, side):
            raise RepositoryError(
                f"{where}: chroma is {chroma.shape}, not {(1, 2, side, side)} as the manifest says"
            )
        if not np.isfinite(chroma).all():
            raise RepositoryError(f"{where}: the graph answers numbers that are not finite")


def _check_tensor(model: Path, found: Sequence[Any], name: str, channels: int) -> None:
    """The graph has one such tensor, ``(batch, channels, height, width)`` float32, with a free batch axis."""
    if [tensor.name for tensor in found] != [name]:
        names = ", ".join(tensor.name for tensor in found)
        raise RepositoryError(f"{model}: the contract wants one tensor {name!r} here, the graph has {names}")
    (tensor,) = found
    fits = tensor.type == "tensor(float)" and len(tensor.shape) == 4
    if not fits or isinstance(tensor.shape[0], int) or tensor.shape[1] not in (channels, None):
        raise RepositoryError(
            f"{model}: {name} is {tensor.type} {tensor.shape}, "
            f"but the contract wants tensor(float) (batch, {channels}, height, width)"
        )


def _has_temperature(model: Path, session: Any) -> bool:
    """Whether the graph has the contract's optional input: a float32 scalar with a default."""
    optional = {tensor.name: tensor for tensor in session.get_overridable_initializers()}
    found = optional.get(tensors.TEMPERATURE)
    if found is None:
        return False
    if found.type != "tensor(float)" or found.shape:
        raise RepositoryError(
            f"{model}: {found.name} is {found.type} {found.shape}, but the contract wants a float32 scalar"
        )
    return True
