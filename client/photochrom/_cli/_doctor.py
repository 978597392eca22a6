"""``photochrom doctor``."""

import platform
import statistics
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any, Final

import typer

import photochrom
from photochrom._batch._walk import PHOTOGRAPHS
from photochrom._cli import _console, _models
from photochrom._cli._parameters import Json, Model, RootCertificates, Target, Timeout, Version
from photochrom._errors import PhotochromError

_DISTRIBUTIONS: Final = (
    *("photochrom", "photochrom-contract", "photochrom-serving"),
    *("grpcio", "numpy", "pillow", "protobuf", "onnxruntime", "onnxruntime-gpu"),
    *("imagecodecs", "pillow-heif", "av", "opencv-python-headless"),  # of the extras
)
_SIDES: Final = (512, 384)
_CALLS, _COLORINGS = 20, 3


def doctor(
    *,
    target: Target = None,
    model: Model = "",
    version: Version = 0,
    timeout: Timeout = 10.0,
    root_certificates: RootCertificates = None,
    as_json: Json = False,
) -> None:
    """Tell what is installed, which server answers, and how fast.

    Exit status 0 if it colored a photograph, otherwise 3.
    """
    found: dict[str, Any] = {"installed": _installed(), "reads": _readable(), "writes": _writable()}
    try:
        found["server"] = _examine(target, model, version, timeout, root_certificates)
    except PhotochromError as error:
        found["server"] = {"error": type(error).__name__, "cause": str(error)}
    if as_json:
        _console.say_json(found)
    else:
        _console.say(_text(found))
    raise typer.Exit(_console.SERVER_TROUBLE if "error" in found["server"] else _console.DONE)


def _installed() -> dict[str, Any]:
    return {"python": platform.python_version(), **{name: _version(name) for name in _DISTRIBUTIONS}}


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _readable() -> list[str]:
    """The formats of photographs that this Pillow decodes; a plain build of it lacks some."""
    from PIL import Image

    known = Image.registered_extensions()
    names = {known.get(pattern.removeprefix("*"), "") for pattern in PHOTOGRAPHS}
    return sorted(names & set(Image.OPEN))


def _writable() -> list[str]:
    """The formats of colored copies that this Pillow encodes."""
    from PIL import Image

    from photochrom_contract.files import formats

    return sorted({form.name for form in formats.FORMATS} & set(Image.SAVE))


def _examine(
    target: str | None, model: str, version: int | str, timeout: float, root_certificates: Any
) -> dict[str, Any]:
    import numpy as np
    from PIL import Image

    from photochrom import _server

    picture = Image.fromarray(np.linspace(0, 255, _SIDES[0]).astype(np.uint8)[np.newaxis]).resize(_SIDES)
    with _server.connect(target, timeout=timeout, root_certificates=root_certificates) as server:
        listed = server.models()
        call = _median_ms(server.models, _CALLS)
    with photochrom.Colorizer(
        target, model=model, version=version, timeout=timeout, root_certificates=root_certificates
    ) as colorizer:
        colorizer.colorize(picture)
        coloring = _median_ms(lambda: colorizer.colorize(picture), _COLORINGS)
    return {
        "target": server.name,
        "models": _models.rows(listed),
        "call_ms": call,
        "photograph_ms": coloring,
    }


def _median_ms(action: Callable[[], object], times: int) -> float:
    def once() -> float:
        start = time.perf_counter()
        action()
        return time.perf_counter() - start

    return round(statistics.median(once() for _ in range(times)) * 1e3, 1)


def _formats(found: dict[str, Any]) -> list[str]:
    return [f"{verb} {' '.join(found[verb])}" for verb in ("reads", "writes")]


def _text(found: dict[str, Any]) -> str:
    server = found["server"]
    there = [f"  {name} {version}" for name, version in found["installed"].items() if version]
    missing = [name for name, version in found["installed"].items() if not version]
    lines = ["installed", *there, f"not installed: {', '.join(missing) or 'none'}", *_formats(found)]
    if "error" in server:
        return "\n".join([*lines, "server", f"  {server['cause']}"])
    models = ", ".join(f"{row['model']} {row['version']} {row['state']}" for row in server["models"])
    width, height = _SIDES
    return "\n".join(
        [
            *lines,
            "server",
            f"  {server['target']}",
            f"  models: {models or 'none'}",
            f"  a call: {server['call_ms']} ms (the list of models, median of {_CALLS})",
            f"  a photograph: {server['photograph_ms']} ms ({width} x {height}, median of {_COLORINGS})",
        ]
    )
