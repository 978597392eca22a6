"""Loading one version: verified, opened in ONNX Runtime, warmed up. Takes its time; run it in a thread."""

import time

from photochrom_serving import events
from photochrom_serving.batcher import Batcher, Watch
from photochrom_serving.repository import Candidate
from photochrom_serving.session import Session
from photochrom_serving.settings import Settings
from photochrom_serving.versions import Servable


def load(candidate: Candidate, settings: Settings, watch: Watch) -> Servable:
    """A servable that answers its first request as fast as any other.

    :param watch: is told of every batch.
    :raises RepositoryError: if the version is not what it should be.
    :raises ProviderError: if the provider asked for is not there.
    """
    start = time.monotonic()
    manifest, model = candidate.verify()
    session = Session(model, manifest, settings)
    if settings.warm_up:
        session.warm_up()
    else:
        session.check()
    seconds = round(time.monotonic() - start, 3)
    events.info(
        "loaded", model=str(candidate), provider=session.provider, sha256=manifest.sha256, seconds=seconds
    )
    batcher = Batcher(str(candidate), session.run, settings.max_batch_size, watch)
    return Servable(manifest, session.provider, batcher, session.has_temperature)
