"""The public clients, each in an environment of its own: their protobuf is not the project's.

The environments are made once and kept under ``.cache/clients``; what is in them is pinned by the file
beside the client's tests, ``clients/<client>.txt``.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_CACHE = Path(__file__).parents[2] / ".cache" / "clients"
_CLIENTS = Path(__file__).parent / "clients"
_ROOT = Path(__file__).parents[2]
_LIMIT_SECONDS = 300


def python_with(client: str, *requirements: str) -> list[str]:
    """A Python that has the client, for the first words of a command.

    :param client: a file of pins ``clients/<client>.txt``.
    :param requirements: what to install, with the pins as constraints.
    """
    folder = _folder(client)
    python = folder / "bin" / "python"
    if not _is_complete(folder):
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True)
        _install(client, ["--python", str(python)], [*requirements, "pytest"])
        _complete(folder)
    return [str(python)]


def beside_development(client: str) -> dict[str, str]:
    """The client's own package alone, for this Python and whatever it has: an environment's variables."""
    folder = _folder(client)
    if not _is_complete(folder):
        shutil.rmtree(folder, ignore_errors=True)
        _install(client, [], ["--no-deps", "--target", str(folder), client])
        _complete(folder)
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(_ROOT)])}


def run_tests(python: list[str], *tests: str, **environment: str) -> None:
    """Run files of tests in a client's process; their failures are this test's."""
    options = ["-q", "--noconftest", "--import-mode=importlib", "-c", os.devnull, "-p", "no:cacheprovider"]
    files = [str(_CLIENTS / name) for name in tests]
    ended = subprocess.run(
        [*python, "-m", "pytest", *options, "--rootdir", str(_CLIENTS), *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT_SECONDS,
        env={**os.environ, "PYTHONPATH": str(_ROOT), **environment},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _folder(client: str) -> Path:
    pins = (_CLIENTS / f"{client}.txt").read_bytes() + sys.version.encode()
    return _CACHE / f"{client}-{hashlib.sha256(pins).hexdigest()[:12]}"


def _is_complete(folder: Path) -> bool:
    return (folder / ".complete").exists()


def _complete(folder: Path) -> None:
    (folder / ".complete").touch()


def _install(client: str, options: list[str], arguments: list[str]) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries", "1", *options]
    done = subprocess.run(
        [*pip, "install", "--quiet", "--only-binary", ":all:", "-c", _CLIENTS / f"{client}.txt", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT_SECONDS,
    )
    if done.returncode and "connection broken" in done.stderr:
        pytest.skip(f"{client} cannot be installed: no network")
    assert done.returncode == 0, done.stderr
