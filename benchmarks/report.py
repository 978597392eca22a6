"""Markdown tables, and where results go."""

import datetime
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from photochrom_serving.session import opening

RESULTS = Path(__file__).parents[1] / "build" / "benchmarks"


def table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """A table whose first column is text and whose others are figures."""
    lines = ["| " + " | ".join(map(str, head)) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """What measured, in a line: figures of other machines differ, their ratios less."""
    onnxruntime = opening.import_onnxruntime()
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    return (
        f"{now}, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"ONNX Runtime {onnxruntime.__version__} ({onnxruntime.get_device()})"
    )


def save(name: str, text: str) -> None:
    """Print a result, and keep it as ``build/benchmarks/NAME.md``."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, "utf-8")
    print(text)
