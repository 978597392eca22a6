"""The gRPC channel: its limits, its retries, its encryption."""

import json
from typing import Final

import grpc
import grpc.aio

from photochrom._identity import Identity
from photochrom._target import Target
from photochrom_contract import tensors

_MAX_MESSAGE: Final = 4 * tensors.MAX_SIDE**2 + 65536
"""Bytes: the largest chroma plane and its envelope. (gRPC's own limit of 4 MiB is just too small.)"""

_SERVICE_CONFIG: Final = {
    "loadBalancingConfig": [{"round_robin": {}}],  # over all the addresses of the host's name
    "methodConfig": [
        # A stream that breaks is taken up where it broke: by its caller, who knows what was answered.
        {"name": [{"service": "photochrom.v1.Colorizer", "method": "ColorizeStream"}]},
        {
            "name": [{"service": "photochrom.v1.Colorizer"}],
            # A call's deadline spans all its attempts, and a server's pushback replaces the backoff.
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
            },
        },
    ],
}


_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MAX_MESSAGE),
    ("grpc.max_send_message_length", _MAX_MESSAGE),
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    # A server that was restarted is found again within seconds, not gRPC's two minutes.
    ("grpc.max_reconnect_backoff_ms", 2000),
)


def open_channel(target: Target, identity: Identity) -> grpc.Channel:
    """Open a channel; it connects with the first call."""
    if target.secure:
        credentials = _credentials(identity)
        return grpc.secure_channel(target.address, credentials, _options(target))
    return grpc.insecure_channel(target.address, _options(target))


def open_async_channel(target: Target, identity: Identity) -> grpc.aio.Channel:
    """The same for asyncio; it belongs to the event loop that runs."""
    if target.secure:
        credentials = _credentials(identity)
        return grpc.aio.secure_channel(target.address, credentials, _options(target))
    return grpc.aio.insecure_channel(target.address, _options(target))


def _options(target: Target) -> tuple[tuple[str, str | int], ...]:
    # A proxy that the environment names would look for this machine's server, and its token, on its own.
    return (*_OPTIONS, ("grpc.enable_http_proxy", 0)) if target.is_here else _OPTIONS


def _credentials(identity: Identity) -> grpc.ChannelCredentials:
    # Certificate and key are picked out of the same text, each by its kind of block.
    own = identity.certificate
    return grpc.ssl_channel_credentials(identity.root_certificates, private_key=own, certificate_chain=own)
