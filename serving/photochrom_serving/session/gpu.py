"""Opening a model on a GPU: as fast as it allows while the colors stay the same."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from photochrom_contract.manifest import Manifest
from photochrom_serving import events
from photochrom_serving.errors import RepositoryError
from photochrom_serving.session import cuda, opening, parity, providers
from photochrom_serving.session.providers import Ways
from photochrom_serving.session.stage import Stage
from photochrom_serving.settings import Settings


@dataclasses.dataclass(frozen=True)
class Opened:
    """A session on a GPU, the kind of stage that it runs on, and how it computes, for the log."""

    session: Any
    stage: Callable[..., Stage]
    how: dict[str, object]


def open_file(model: Path, manifest: Manifest, settings: Settings) -> Opened:
    """Open ``model`` on the provider that the settings name.

    Batches are recorded as CUDA graphs if all of the model runs on the GPU. The fast ways of computing
    are taken if the colors stay within :data:`parity.BOUND` of what the CPU answers.

    :raises RepositoryError: naming the file, if it is no graph or does not run.
    :raises ProviderError: if the provider cannot run here.
    """

    def open_as(ways: Ways) -> Any:
        return opening.open_file(model, settings, providers.choose(settings, manifest, ways))

    graphs = settings.cuda_graphs and settings.providers == "cuda"
    try:
        session = open_as(Ways(fast=True, graphs=graphs))
    except opening.UnrecordableError as error:
        events.warning("no_cuda_graphs", problem=str(error))
        graphs = False
        session = open_as(Ways(fast=True, graphs=graphs))
    reference = opening.open_file(model, settings, [(providers.CPU, {})])
    difference = _difference(model, session, reference, manifest.default_size)
    fast = difference <= parity.BOUND
    if not fast:
        session = open_as(Ways(fast=False, graphs=graphs))
        difference = _difference(model, session, reference, manifest.default_size)
    return Opened(
        session,
        functools.partial(cuda.RecordedStage, device=settings.cuda_device) if graphs else cuda.PinnedStage,
        {"fast": fast, "cuda_graphs": graphs, "differs_from_cpu": round(difference, 4)},
    )


def _difference(model: Path, session: Any, reference: Any, size: int) -> float:
    try:
        return parity.largest_difference(session, reference, size, cuda.unrecorded())
    except Exception as error:  # ONNX Runtime's exceptions share no base
        raise RepositoryError(f"{model}: the graph does not run: {opening.first_line(error)}") from error
