"""What an export gives the whole of Deep Koalarization, with all of Inception-ResNet-v2 beside the encoder.

Encoder, fusion and decoder have the weights of ``models/reference/koala``. Inception's weights can only be
had from the internet: here they are random, so what narrowing would find in them says nothing, and
Inception stays as it is. Its time is its own whatever its weights.
"""

import argparse
import os
import tempfile
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
import onnx

from benchmarks import export_speed, report, subjects
from photochrom_contract import tensors
from photochrom_contract.description import Description
from photochrom_export import photographs
from photochrom_training import saved_model
from photochrom_training.networks import koala

INCEPTION = "inception_resnet_v2"
PARTS = ("encode", "fused", "decode")
"""What the names of the trained layers begin with."""


def main() -> None:
    """Measure, and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--koala", type=Path, default=subjects.ROOT / "models/reference/koala/2/model.onnx")
    parser.add_argument("--narrow", type=float, nargs="*", default=[0.2], help="budgets, a*b* (default: 0.2)")
    parser.add_argument(
        "--photographs", type=Path, nargs="+", required=True, help="that narrowing is fitted to"
    )
    parser.add_argument("--photo", type=Path, default=subjects.ROOT / "examples" / "coffee.jpg")
    parser.add_argument("--size", type=int, default=256, help="of the plane, pixels (default: 256)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each session")
    parser.add_argument("--rounds", type=int, default=8)
    arguments = parser.parse_args()

    network = koala.build(koala.inception_resnet_v2(weights=None))
    learn(network, onnx.load(arguments.koala))
    batch = tensors.lightness_to_tensor(subjects.plane_of(arguments.photo, arguments.size)[np.newaxis])
    many = photographs.read(arguments.photographs, photographs.MANY)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "koala"
        saved_model.write(network, Description("koala", "", (256,), 256), folder)
        graphs = export_speed.exported(folder, many, arguments.narrow, leave=INCEPTION)
        rows = export_speed.compared(graphs, batch, arguments, Path(temporary))
    head = f"{report.machine()}\n\none plane of {arguments.size} px, {arguments.threads} threads\n\n"
    report.save("koalarization_speed", head + rows)


def learn(network: keras.Model, trained: onnx.ModelProto) -> None:
    """Give a network's own layers the weights that they have in an ONNX file of the exporter's."""
    weights = {each.name: onnx.numpy_helper.to_array(each) for each in trained.graph.initializer}
    for layer in network.layers:
        if layer.name.startswith(PARTS) and layer.weights:
            kernel, bias = (_one(weights, f"/{layer.name}_1/", part) for part in ("convolution", "Squeeze"))
            layer.set_weights([kernel.transpose(2, 3, 1, 0), bias])


def _one(weights: dict[str, npt.NDArray[np.float16]], layer: str, part: str) -> npt.NDArray[np.float32]:
    (found,) = (each for name, each in weights.items() if f"{layer}{part}" in name)
    return found.astype(np.float32)


if __name__ == "__main__":
    main()
