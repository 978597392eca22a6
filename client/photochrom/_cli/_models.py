"""``photochrom models``."""

from typing import TYPE_CHECKING, Any

from photochrom._cli import _console
from photochrom._cli._parameters import Json, RootCertificates, Target, Timeout

if TYPE_CHECKING:
    from photochrom_contract.v1 import colorizer_pb2 as messages


def rows(listed: "messages.ListModelsResponse") -> list[dict[str, Any]]:
    """One row a model version, ready for JSON."""
    from photochrom._dialogue import latest_available
    from photochrom_contract.v1 import colorizer_pb2 as messages

    return [
        {
            "model": model.name,
            "version": version.version,
            "default": model.name == listed.default_model
            and version.version == latest_available(model.versions),
            "state": messages.ModelVersion.State.Name(version.state).lower(),
            "sizes": list(version.sizes),
            "default_size": version.default_size,
            "has_temperature": version.has_temperature,
            "labels": list(version.labels),
            "sha256": version.sha256,
            "description": version.message or version.description,
        }
        for model in listed.models
        for version in model.versions
    ]


def table(listed: "messages.ListModelsResponse") -> str:
    """The rows as text, in columns; ``*`` marks what answers unless a caller chooses."""
    lines = [["MODEL", "VERSION", "STATE", "SIZES", "DESCRIPTION"]]
    for row in rows(listed):
        sizes = (f"{size}*" if size == row["default_size"] else str(size) for size in row["sizes"])
        name = f"{row['model']}*" if row["default"] else row["model"]
        version = " ".join([str(row["version"]), *row["labels"]])
        lines.append([name, version, row["state"], " ".join(sizes), row["description"]])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def models(
    target: Target = None,
    timeout: Timeout = 10.0,
    root_certificates: RootCertificates = None,
    as_json: Json = False,
) -> None:
    """List the server's models."""
    from photochrom import _server

    with _server.connect(target, timeout=timeout, root_certificates=root_certificates) as server:
        listed = server.models()
    if as_json:
        _console.say_json(rows(listed))
    else:
        _console.say(table(listed))
