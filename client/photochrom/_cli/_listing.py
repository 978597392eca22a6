"""What ``photochrom models`` prints."""

from typing import Any

from photochrom._server import latest_available
from photochrom_contract.v1 import colorizer_pb2 as messages


def rows(listed: messages.ListModelsResponse) -> list[dict[str, Any]]:
    """One row a model version, ready for JSON."""
    return [
        {
            "model": model.name,
            "version": version.version,
            "default": model.name == listed.default_model
            and version.version == latest_available(model.versions),
            "state": messages.ModelVersion.State.Name(version.state).lower(),
            "sizes": list(version.sizes),
            "default_size": version.default_size,
            "sha256": version.sha256,
            "description": version.message or version.description,
        }
        for model in listed.models
        for version in model.versions
    ]


def table(listed: messages.ListModelsResponse) -> str:
    """The rows as text, in columns; ``*`` marks what answers unless a caller chooses."""
    lines = [["MODEL", "VERSION", "STATE", "SIZES", "DESCRIPTION"]]
    for row in rows(listed):
        sizes = (f"{size}*" if size == row["default_size"] else str(size) for size in row["sizes"])
        name = f"{row['model']}*" if row["default"] else row["model"]
        lines.append([name, str(row["version"]), row["state"], " ".join(sizes), row["description"]])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
