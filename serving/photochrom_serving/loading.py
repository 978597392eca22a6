"""Loading one version: verified, opened in ONNX Runtime, warmed up. Takes its time; run it in a thread."""

import functools
import time

from photochrom_serving import events
from photochrom_serving.batcher import Batcher
from photochrom_serving.device import Device
from photochrom_serving.errors import RepositoryError, StartupError
from photochrom_serving.memory import resident_bytes
from photochrom_serving.repository import Candidate
from photochrom_serving.session import Session
from photochrom_serving.session.opening import first_line
from photochrom_serving.settings import Settings
from photochrom_serving.versions import Servable


def load(candidate: Candidate, settings: Settings, device: Device) -> Servable:
    """A servable that answers its first request as fast as any other.

    :param device: what it will run on; it is warmed up in its turn, between the batches of others.
    :raises RepositoryError: if the version is not what it should be.
    :raises ProviderError: if the provider asked for is not there.
    """
    start, memory = time.monotonic(), resident_bytes()
    manifest, model = candidate.verify()
    session = Session(model, manifest, settings)
    batcher = Batcher(device, session)
    _warm_up(session, batcher, device, everything=settings.warm_up)
    seconds = round(time.monotonic() - start, 3)
    memory = max(0, resident_bytes() - memory)
    events.info(
        "loaded",
        model=str(candidate),
        provider=session.provider,
        **session.how,
        sha256=manifest.sha256,
        memory_bytes=memory,
        seconds=seconds,
    )
    return Servable(manifest, session.provider, batcher, session.has_temperature, memory)


def _warm_up(session: Session, batcher: Batcher, device: Device, *, everything: bool) -> None:
    """Run every size at every batch size, or else only the default size, and learn how long they take."""
    manifest = session.manifest
    for size in manifest.sizes if everything else (manifest.default_size,):
        device.perform(functools.partial(session.check, size))
        for bucket in reversed(session.buckets) if everything else ():
            try:
                device.perform(functools.partial(batcher.warm_up, size, bucket))
            except StartupError:
                raise
            except Exception as error:  # ONNX Runtime's exceptions share no base
                problem = f"does not run at size {size}, {bucket} at a time: {first_line(error)}"
                raise RepositoryError(f"{session.label}: the graph {problem}") from error
