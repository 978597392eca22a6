"""How connections are kept: gRPC's settings for what happens below the calls."""

from photochrom_serving.settings import Settings

_PING_TIMEOUT_SECONDS = 20
_CLIENT_PING_SECONDS = 10
"""The least between two pings of a client that waits for nothing."""

_NEVER = 2**31 - 1  # as gRPC takes it


def options(settings: Settings) -> list[tuple[str, int]]:
    """The options of the gRPC server."""
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        # A request of 64 KiB comes in one frame, without waiting for room in its stream's window.
        ("grpc.http2.max_frame_size", 1 << 20),
        ("grpc.http2.lookahead_bytes", 1 << 20),
        ("grpc.so_reuseport", 0),  # a port that is taken is an error, not a port shared
        # A connection whose other end has vanished without a word is found out by a ping.
        ("grpc.keepalive_time_ms", _milliseconds(settings.keepalive_seconds)),
        ("grpc.keepalive_timeout_ms", _milliseconds(_PING_TIMEOUT_SECONDS)),
        ("grpc.keepalive_permit_without_calls", 1),
        # Clients may ping too, more often than every five minutes, for which gRPC would drop them.
        ("grpc.http2.min_ping_interval_without_data_ms", _milliseconds(_CLIENT_PING_SECONDS)),
        # Past these the client is told to go: calls in flight end, and its next call connects anew.
        ("grpc.max_connection_idle_ms", _milliseconds(settings.max_connection_idle_seconds)),
        ("grpc.max_connection_age_ms", _milliseconds(settings.max_connection_age_seconds)),
        ("grpc.max_connection_age_grace_ms", _milliseconds(settings.max_connection_age_grace_seconds)),
    ]


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds) or _NEVER
