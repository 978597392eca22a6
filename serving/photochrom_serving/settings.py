"""The server's settings: one frozen object, from flags and from the environment.

A flag (``--max-batch-size 16``) wins over its environment variable (``PHOTOCHROM_MAX_BATCH_SIZE``),
which wins over the default. The docstring below each field is its documentation everywhere: in
``photochrom-serve --help`` and in the table of the README.
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from photochrom_serving.errors import SettingsError

ENV_PREFIX = "PHOTOCHROM_"

_CPU_BATCH, _GPU_BATCH = 8, 32
_MAX_BATCH = 1024
_PILLOW_PIXELS = 178_956_970  # twice its MAX_IMAGE_PIXELS: beyond that it refuses

_BATCH_SIZES = r"[0-9]{1,4}(,[0-9]{1,4})*"
_VERSIONS = r"all|latest:[1-9][0-9]{0,8}|[1-9][0-9]{0,18}(,[1-9][0-9]{0,18})*"


class Settings(BaseSettings):
    """Serve Photochrom models over gRPC.

    `photochrom-serve check`, with the same flags, only loads the models and prints them as a table; its
    status is 2 if anything is wrong. `photochrom-serve token NAME` makes an API token.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_prefix=ENV_PREFIX,
        use_attribute_docstrings=True,
        cli_prog_name="photochrom-serve",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_avoid_json=True,
        cli_hide_none_type=True,
        cli_parse_none_str="\0",  # no argument can hold it: --tokens None is a file
    )

    models: Path | None = None
    """The model repository; unset: the checkout's `models/`, else the model inside the package."""

    default_model: str = ""
    """The model that answers when a request names none; empty: `photochrom`, else the first by name."""

    model_control: Literal["none", "poll", "explicit"] = "poll"
    """What may change models after the start: the repository (`poll`), calls (`explicit`), or nothing."""

    poll_seconds: Annotated[float, Field(gt=0, le=86400)] = 5.0
    """How often the repository is looked at with `--model-control poll`."""

    versions: str = "latest:1"
    """What is served of each model, besides labelled versions: the `latest:N` that load, `all`, or `3,4`."""

    table: bool = False
    """Print what is loaded as a table, once, to standard output even if that is no terminal."""

    host: str = "127.0.0.1"
    """The address to listen on; `0.0.0.0` for every IPv4 interface, as in a container."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8500
    """The port to listen on; 0 takes a free one, which the `ready` log line names."""

    metrics_port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """The port on which Prometheus scrapes the metrics; 0 takes a free one; unset: no metrics."""

    metrics_host: str = "127.0.0.1"
    """The address of that port."""

    tracing: bool = False
    """Send OpenTelemetry spans over OTLP (gRPC), as the `OTEL_` variables say; needs the extra `tracing`."""

    tls_certificate: Path | None = None
    """The server's certificate chain (PEM); with `tls_key` switches TLS on."""

    tls_key: Path | None = None
    """The certificate's private key (PEM)."""

    tls_client_ca: Path | None = None
    """The authorities (PEM) whose clients are let in; switches mutual TLS on."""

    tokens: Path | None = None
    """A file of API tokens' hashes, as `photochrom-serve token` makes them; unset: none is asked for."""

    keepalive_seconds: Annotated[float, Field(ge=0, le=86400)] = 60.0
    """After so long without a word the other end of a connection is pinged; 0: never."""

    max_connection_idle_seconds: Annotated[float, Field(ge=0, le=86400)] = 1800.0
    """A connection without calls for so long is closed; the client's next call opens another. 0: never."""

    max_connection_age_seconds: Annotated[float, Field(ge=0, le=86400)] = 1800.0
    """A connection so old (a tenth more or less) is closed, so that clients find new servers. 0: never."""

    max_connection_age_grace_seconds: Annotated[float, Field(ge=0, le=86400)] = 0.0
    """How long calls may still take on a connection that is too old; 0: as long as they want."""

    max_message_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 30)] = 64 << 20
    """The largest request or answer; an encoded picture has to fit."""

    providers: Literal["cpu", "cuda", "tensorrt"] = "cpu"
    """What runs the models; never replaced silently: without CUDA, `cuda` does not start."""

    threads: Annotated[int, Field(ge=0, le=1024)] = 0
    """Threads that a batch runs on while it is alone (CPU); 0: the cores this process may use."""

    cuda_device: Annotated[int, Field(ge=0)] = 0
    """The GPU's index (CUDA)."""

    cuda_memory_bytes: Annotated[int, Field(ge=0)] = 0
    """The most GPU memory that one model's arena may take (CUDA); 0: no limit."""

    cuda_graphs: bool = True
    """Record each batch size as a CUDA graph, for models that run wholly on the GPU."""

    warm_up: bool = True
    """Run every input size and batch size once before the server is ready."""

    concurrent_batches: Annotated[int, Field(ge=0, le=64)] = 0
    """Batches that run side by side and share the threads (CPU); 0: two, or one where there is one core."""

    max_batch_size: Annotated[int, Field(ge=0, le=1024)] = 0
    """The most photographs in one batch; 0: 8 on the CPU, 32 on a GPU. Fewer where more gain nothing."""

    batch_sizes: str = ""
    """The batch sizes that occur, such as `1,4,8`: others are split or padded; unset: powers of two."""

    max_queue_delay_ms: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    """How long a batch that is not full waits for company; batches fill by themselves under load."""

    queue_limit: Annotated[int, Field(ge=1)] = 256
    """Photographs in the server, running or waiting; above it callers are told to come back."""

    queue_bytes: Annotated[int, Field(ge=1 << 20)] = 256 << 20
    """Memory of the planes of those photographs and of their answers; above it the same."""

    stream_window: Annotated[int, Field(ge=1, le=1024)] = 16
    """Photographs that one ColorizeStream call may have in the server at a time."""

    photo_workers: Annotated[int, Field(ge=1, le=256)] = 2
    """Threads that decode and encode the pictures of ColorizePhoto."""

    photo_limit: Annotated[int, Field(ge=1)] = 16
    """Pictures of ColorizePhoto in the server; they are held decoded, so this bounds memory."""

    max_photo_pixels: Annotated[int, Field(ge=1, le=_PILLOW_PIXELS)] = 80_000_000
    """The largest picture that ColorizePhoto decodes, up to Pillow's own guard against bombs, 178956970."""

    drain_delay_seconds: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """After SIGTERM or SIGINT, how long health says NOT_SERVING before calls are refused."""

    drain_seconds: Annotated[float, Field(ge=0, le=3600)] = 30.0
    """How long calls in flight may take to end after that."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe event logged; `info` has a line for each call, `debug` one for each batch."""

    @property
    def window(self) -> int:
        """Photographs that one stream may have in the server at a time: no more than fit."""
        return min(self.stream_window, self.queue_limit)

    @property
    def buckets(self) -> tuple[int, ...]:
        """The batch sizes that occur, ascending."""
        if self.batch_sizes:
            return tuple(sorted({int(size) for size in self.batch_sizes.split(",")}))
        most = self.max_batch_size or (_CPU_BATCH if self.providers == "cpu" else _GPU_BATCH)
        powers = (1 << exponent for exponent in range(most.bit_length()))
        return tuple(sorted({most, *powers}))

    @field_validator("models", "tls_certificate", "tls_key", "tls_client_ca", "tokens", mode="before")
    @classmethod
    def _paths_are_named(cls, path: object) -> object:
        if path == "":  # an unset variable's, which Path would take for the folder that one is in
            raise ValueError("must not be empty: name a path, or leave it out")
        return path

    @field_validator("batch_sizes")
    @classmethod
    def _batch_sizes_are_sizes(cls, batch_sizes: str) -> str:
        if batch_sizes and not re.fullmatch(_BATCH_SIZES, batch_sizes):
            raise ValueError("must be numbers such as 1,4,8")
        if batch_sizes and not all(1 <= int(size) <= _MAX_BATCH for size in batch_sizes.split(",")):
            raise ValueError(f"each must be within 1 to {_MAX_BATCH}")
        return batch_sizes

    @model_validator(mode="after")
    def _batch_sizes_or_their_limit(self) -> Self:
        if self.batch_sizes and self.max_batch_size:
            raise ValueError("batch_sizes and max_batch_size: give one of them")
        return self

    @field_validator("versions")
    @classmethod
    def _versions_are_a_policy(cls, versions: str) -> str:
        if not re.fullmatch(_VERSIONS, versions):
            raise ValueError("must be latest:N, all, or version numbers such as 3,4")
        return versions

    @model_validator(mode="after")
    def _tls_is_a_pair(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: give both or neither")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError("tls_client_ca asks for tls_certificate and tls_key")
        return self


def parse(argv: list[str]) -> Settings:
    """Read the settings from command-line arguments, then from the environment.

    :raises SettingsError: naming the flag and the variable, if a value does not do.
    :raises SystemExit: for ``--help``, or a flag that does not exist.
    """
    try:
        return Settings(_cli_parse_args=argv)  # type: ignore[call-arg] # pydantic-settings takes it
    except ValidationError as error:
        raise SettingsError("; ".join(map(_explain, error.errors()))) from None


def flag(field: str) -> str:
    """The command-line flag of a field."""
    return "--" + field.replace("_", "-")


def variable(field: str) -> str:
    """The environment variable of a field."""
    return ENV_PREFIX + field.upper()


def markdown_table() -> str:
    """The settings as the README's table."""
    rows = ["| flag | variable | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = "unset" if field.default in (None, "") else f"`{field.default}`"
        rows.append(f"| `{flag(name)}` | `{variable(name)}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def _explain(problem: object) -> str:
    assert isinstance(problem, dict)
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not problem["loc"]:
        return message
    field = str(problem["loc"][0]).replace("-", "_")
    return f"{flag(field)} ({variable(field)}): {message}, not {problem['input']!r}"


if __name__ == "__main__":
    print(markdown_table(), end="")
