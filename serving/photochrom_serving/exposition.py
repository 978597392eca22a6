"""The port on which Prometheus scrapes the metrics."""

import contextlib
from collections.abc import Iterator

from prometheus_client import disable_created_metrics, start_http_server

from photochrom_serving import events, listening
from photochrom_serving.errors import SettingsError
from photochrom_serving.metrics import Metrics
from photochrom_serving.settings import Settings


@contextlib.contextmanager
def exposed(settings: Settings) -> Iterator[Metrics | None]:
    """Metrics that can be scraped for the time of a ``with`` block; None if no port is set for them.

    They are served by threads of their own: a busy event loop does not hide how busy it is.

    :raises SettingsError: if the port cannot be listened on.
    """
    if settings.metrics_port is None:
        yield None
        return
    disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each, of no use
    metrics = Metrics()
    address = listening.address(settings.metrics_host, settings.metrics_port)
    host = settings.metrics_host.strip("[]")  # which --host may have too
    try:
        server, thread = start_http_server(settings.metrics_port, host, metrics.registry)
    except OSError:
        problem = listening.problem(address, "metrics-")
        raise SettingsError(f"cannot listen on {address} for metrics: {problem}") from None
    try:
        events.info("metrics", address=listening.address(settings.metrics_host, server.server_port))
        yield metrics
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
