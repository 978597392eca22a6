"""What is measured: the server as its users run it, Triton beside it, and the bare session beneath."""

import collections
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from photochrom_contract import photograph, tensors
from photochrom_contract.manifest import MODEL_FILE, Manifest
from photochrom_serving.session import gpu, opening, providers
from photochrom_serving.settings import Settings

ROOT = Path(__file__).parents[1]
MODELS = ROOT / "models"
PEERS = Path(__file__).parent / "peers"


def latest(models: Path, name: str) -> Manifest:
    """The manifest of a model's latest version."""
    version = max(int(folder.name) for folder in (models / name).iterdir() if folder.name.isdecimal())
    return Manifest.read(models / name / str(version))


def model_file(models: Path, manifest: Manifest) -> Path:
    """The ONNX file of a version."""
    return models / manifest.name / str(manifest.version) / MODEL_FILE


def plane_of(photo: Path, size: int) -> npt.NDArray[np.uint8]:
    """What a model sees of a picture file: ``(size, size)``, the wire's steps."""
    from PIL import Image

    return photograph.reduce_lightness(photograph.lightness_of(Image.open(photo)), size)


def bare_session(
    model: Path, threads: int, provider: str = "cpu"
) -> Callable[[npt.NDArray[np.float32]], Any]:
    """The model's session, opened as the server opens its own, but for CUDA graphs: a batch in, chroma out.

    :raises ProviderError: if the provider does not run here; ONNX Runtime alone would take the CPU instead.
    """
    settings = Settings.model_validate({"providers": provider, "threads": threads, "cuda_graphs": False})
    if provider == "cpu":
        session = opening.open_file(model, settings, [(providers.CPU, {})])
    else:
        session = gpu.open_file(model, Manifest.read(model.parent), settings).session
    return lambda batch: session.run([tensors.CHROMA], {tensors.LIGHTNESS: batch})


@contextlib.contextmanager
def photochrom(models: Path, *flags: str) -> Iterator[tuple[str, int]]:
    """A Photochrom server in a process of its own, that logs into a file; its target and its pid."""
    command = [sys.executable, "-m", "photochrom_serving", f"--models={models}", "--port=0", *flags]
    with (
        tempfile.NamedTemporaryFile("r") as log,
        Path(log.name).open("w") as written,  # a file position of its own
        subprocess.Popen(command, stderr=written) as process,
    ):
        said = ""
        try:
            while True:
                line = log.readline()
                if line.startswith("{") and (event := json.loads(line))["event"] == "ready":
                    yield event["address"], process.pid
                    return
                said = line or said
                if not line:
                    if process.poll() is not None:
                        raise SystemExit(f"the server did not start: {log.read() or said}".rstrip())
                    time.sleep(0.05)
        finally:
            process.terminate()


@contextlib.contextmanager
def triton(python: Path, model: Path, name: str, instances: int, threads: int) -> Iterator[str]:
    """Triton with one ONNX model, run by the Python of an environment that has PyTriton; its target."""
    command = [str(python), str(PEERS / "triton.py"), str(model), f"--name={name}"]
    command += [f"--instances={instances}", f"--threads={threads}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith("ready "):
                    _read_on(process.stdout)
                    yield f"127.0.0.1:{int(line.split()[1])}"
                    return
            raise SystemExit("Triton did not start: run benchmarks/peers/triton.py to see why")
        finally:
            process.terminate()


def _read_on(stream: IO[str]) -> None:
    """Empty a pipe whose writer would otherwise wait once it is full, for as long as it is open."""

    def read() -> None:
        with contextlib.suppress(ValueError):  # closed, at the end
            collections.deque(stream, maxlen=0)

    threading.Thread(target=read, daemon=True).start()
