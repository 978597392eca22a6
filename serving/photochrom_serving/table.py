"""The table of models that people read: one line for each version that is loaded or was refused."""

from photochrom_serving.servables import Servables, Version

_HEAD = ("MODEL", "VERSION", "STATE", "LABELS", "SIZES", "PROVIDER", "REASON")


def render(servables: Servables) -> str:
    """The versions as aligned columns, with a line break at the end of each line."""
    rows = [_HEAD, *(_row(version) for _, versions in servables for version in versions)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _row(version: Version) -> tuple[str, ...]:
    servable = version.servable
    return (
        version.model,
        str(version.number),
        version.state.name,
        ", ".join(version.labels) or "-",
        ", ".join(map(str, servable.manifest.sizes)) if servable else "-",
        servable.provider if servable else "-",
        version.problem.replace("\n", " "),
    )
