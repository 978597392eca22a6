"""What the public clients are tried against: two server processes, and what those should answer."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import onnxruntime

import photochrom_serving
from photochrom_contract import manifest, tensors
from tests import model_factory
from tests.serving.conftest import lightness, serving
from tests.serving.reflected import describe

SIZE = 64


@contextlib.contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Run the servers; the environment variables of a client's tests.

    ``TARGET`` has ``photochrom`` 1 (labelled ``stable``), 2, and 3, which is damaged, and ``annealed`` 1,
    which has a temperature; calls control its models. ``SLOW_TARGET`` lets in one photograph at a time.
    ``SAMPLES`` is a file with lightness and the chroma that the model makes of it, ``DESCRIPTION`` one with
    all that reflection tells of the first, and ``VERSION`` is the server's.
    """
    models, slow = folder / "models", folder / "slow"
    for version in (1, 2, 3):
        published = model_factory.publish(models, version=version, sizes=(*model_factory.SIZES, 192))
    (published / manifest.MODEL_FILE).write_bytes(b"damaged")
    (models / "photochrom" / "labels.json").write_text(json.dumps({"stable": 1}))
    annealed = model_factory.build_model(temperature=True)
    model_factory.publish(models, name="annealed", sizes=(SIZE,), default_size=SIZE, model=annealed)
    model_factory.publish(slow, model=model_factory.build_model(work=40))
    flags = [
        "--versions",
        "all",
        "--model-control",
        "explicit",
        "--queue-limit",
        "32",
        "--max-batch-size",
        "4",
    ]
    with serving(models, *flags) as server, serving(slow, "--queue-limit", "1", "--no-warm-up") as busy:
        server.follow()
        busy.follow()
        description = folder / "description"
        with grpc.insecure_channel(server.target) as channel:
            description.write_bytes(describe(channel)[1].SerializeToString())
        yield {
            "TARGET": server.target,
            "SLOW_TARGET": busy.target,
            "SAMPLES": str(_write_samples(folder, models / "photochrom" / "2")),
            "DESCRIPTION": str(description),
            "VERSION": photochrom_serving.__version__,
        }


def _write_samples(folder: Path, version: Path) -> Path:
    """Three of each: ``lightness`` float32 and ``steps`` uint8 ``(1, h, w)``, ``chroma`` ``(2, h', w')``."""
    steps = np.stack([lightness(SIZE, seed) for seed in range(3)])
    planes = tensors.lightness_to_tensor(steps)
    session = onnxruntime.InferenceSession(version / manifest.MODEL_FILE, providers=["CPUExecutionProvider"])
    (chroma,) = session.run([tensors.CHROMA], {tensors.LIGHTNESS: planes})
    path = folder / "samples.npz"
    np.savez(path, steps=steps[:, None], lightness=planes, chroma=chroma)
    return path
