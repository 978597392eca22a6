"""The generated modules are those that the .proto files give."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

PROTOS = Path(__file__).parents[2] / "protos"
COMPILER = "1.75.1"
"""The grpcio-tools whose output is committed (see constraints.txt)."""


def _compiler() -> str | None:
    try:
        return importlib.metadata.version("grpcio-tools")
    except importlib.metadata.PackageNotFoundError:
        return None


@pytest.mark.skipif(_compiler() != COMPILER, reason=f"grpcio-tools is {_compiler()}, not {COMPILER}")
def test_the_committed_modules_are_current(tmp_path: Path) -> None:
    sources = sorted(PROTOS.rglob("*.proto"))
    outputs = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTOS}", *outputs, *map(str, sources)],
        check=True,
        capture_output=True,
    )
    generated = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*.py*")}
    committed = {
        path.relative_to(PROTOS): path.read_text()
        for pattern in ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py")
        for path in PROTOS.rglob(pattern)
    }
    assert sources
    assert generated.keys() == committed.keys()
    stale = [str(path) for path, text in generated.items() if committed[path] != text]
    assert not stale, f"run `make protos`: {stale}"
