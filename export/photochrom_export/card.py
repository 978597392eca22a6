"""The model card: what people wrote, and the facts of this export."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from photochrom_contract.manifest import Manifest
from photochrom_export.errors import InputError

PLACEHOLDER: Final = "<!-- export -->"
"""A line of a card that the facts replace; without it they follow at the end."""

_HEADING: Final = "## This file"


def read(path: Path) -> str:
    """Read a card.

    :raises InputError: if it is no readable text.
    """
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable model card: {error}") from error


def default(manifest: Manifest) -> str:
    """The card of a model that nobody wrote one for."""
    return f"# {manifest.name}\n\n{manifest.description}\n"


def with_facts(text: str, manifest: Manifest, megabytes: float) -> str:
    """The card with a section of facts about the published file.

    :param megabytes: the size of ``model.onnx``, in 10^6 bytes.
    """
    facts = "\n".join([_HEADING, "", *_facts(manifest, megabytes)])
    lines = text.rstrip().splitlines()
    if PLACEHOLDER in lines:
        place = lines.index(PLACEHOLDER)
        return "\n".join([*lines[:place], facts, *lines[place + 1 :]]) + "\n"
    return "\n".join([*lines, "", facts]) + "\n"


def _facts(manifest: Manifest, megabytes: float) -> Iterator[str]:
    sizes = ", ".join(map(str, manifest.sizes))
    stride = manifest.chroma_stride
    yield "| | |"
    yield "| --- | --- |"
    yield f"| version | {manifest.version} |"
    yield (
        "| input | `lightness` float32 (batch, 1, height, width), L\\* within 0 to 100; "
        f"sizes {sizes}, by default {manifest.default_size} |"
    )
    yield (
        "| output | `chroma` float32 (batch, 2, chroma_height, chroma_width), a\\* and b\\* in CIE units, "
        f"{'of the same size' if stride == 1 else f'1/{stride} of the size'} |"
    )
    yield f"| file | {megabytes:.1f} MB, SHA-256 `{manifest.sha256}` |"
    for name, value in _flat(manifest.provenance):
        yield f"| {name} | {_cell(value)} |"


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}: ")
        else:
            yield prefix + name.replace("_", " "), value


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return " ".join(text.replace("|", "\\|").split())
