"""What is evaluated: models, and the controls that a result means nothing without."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_contract import description, manifest, photograph, tensors
from photochrom_training.evaluation import remote
from photochrom_training.evaluation.test_set import Photograph

ChromaPlane = npt.NDArray[np.float32]
"""a* and b* ``(2, h', w')``, CIE units, of any size: it is stretched over its photograph."""

FREE_SIZE = 256
"""The input side, in pixels, of a model that takes any and does not say which it is meant for."""

MEAN_CHROMA = (1.805, 5.490)
"""Mean a* and b* of the 23,360 photographs of the training shards, as ``chroma_prior`` measures it."""

Run = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
"""The contract's tensors: lightness ``(n, 1, h, w)`` to chroma ``(n, 2, h', w')``."""


class ModelError(ValueError):
    """A model that cannot be evaluated; the message names its path."""


class Predictor(Protocol):
    """Gives a chroma plane to each photograph. Controls may look at the photograph's colors, models not."""

    @property
    def name(self) -> str:
        """What its row in the table is called."""

    def predict(self, photographs: Sequence[Photograph]) -> list[ChromaPlane]:
        """One plane for each photograph."""


@dataclasses.dataclass(frozen=True)
class ConstantChroma:
    """One color for every pixel: grey, or the mean color of the training photographs."""

    name: str
    chroma: tuple[float, float] = (0.0, 0.0)

    def predict(self, photographs: Sequence[Photograph]) -> list[ChromaPlane]:
        """A plane of one pixel for each photograph."""
        return [np.array(self.chroma, np.float32).reshape(2, 1, 1)] * len(photographs)


@dataclasses.dataclass(frozen=True)
class TruthReduced:
    """The photograph's own chroma at a model's resolution: about the best that such a model could do."""

    height: int
    width: int

    @property
    def name(self) -> str:
        """Says the resolution."""
        return f"truth at {self.width} x {self.height}"

    def predict(self, photographs: Sequence[Photograph]) -> list[ChromaPlane]:
        """Areas averaged to the resolution."""
        size = (self.width, self.height)
        return [
            np.stack([np.asarray(Image.fromarray(p).resize(size, Image.Resampling.BOX)) for p in one.chroma])
            for one in photographs
        ]


@dataclasses.dataclass(frozen=True)
class Model:
    """A trained network behind the contract's tensors."""

    name: str
    size: int
    """The side, in pixels, of the square that it sees."""
    chroma_size: tuple[int, int]
    """Height and width of the planes that it answers with."""
    run: Run

    def predict(self, photographs: Sequence[Photograph]) -> list[ChromaPlane]:
        """What a client would send, one batch, and what it would get.

        :raises ModelError: if the model fails, or answers with other planes than it did at first.
        :raises RemoteError: if its server does.
        """
        planes = np.stack([photograph.reduce_lightness(one.lightness, self.size) for one in photographs])
        return list(_answer(self.name, self.run, planes, self.chroma_size))


def load(path: Path | str, size: int | None = None) -> Model:
    """Load an ONNX file, a version folder of a model repository, or a SavedModel, or connect to a server.

    :param path: or a server's model, as :func:`remote.connect` takes it.
    :param size: the input side in pixels, instead of the model's default.
    :raises ModelError: if it is none of these, does not hold the contract's tensors, or refuses the size.
    """
    try:
        name, run, default = remote.connect(str(path)) if remote.is_address(str(path)) else _load(Path(path))
    except (ModelError, manifest.ManifestError):
        raise
    except remote.RemoteError as error:
        raise ModelError(str(error)) from error
    except ImportError as error:
        raise ModelError(f"{path}: it takes {error.name} to evaluate it: pip install {error.name}") from error
    except Exception as error:  # onnxruntime and TensorFlow raise types of their own
        raise ModelError(f"{path}: cannot be loaded: {_first_line(error)}") from error
    size = size or default
    try:
        chroma = _answer(str(path), run, np.full((2, size, size), 128, np.uint8))
    except remote.RemoteError as error:
        raise ModelError(str(error)) from error
    return Model(f"{name} ({size} px)", size, (chroma.shape[2], chroma.shape[3]), run)


def _answer(
    name: str, run: Run, planes: npt.NDArray[np.uint8], chroma_size: tuple[int, ...] | None = None
) -> npt.NDArray[np.float32]:
    """Chroma ``(n, 2, h', w')`` for planes ``(n, h, w)``; ``chroma_size`` is what h' and w' must be."""
    count, side = planes.shape[:2]
    try:
        chroma = run(tensors.lightness_to_tensor(planes))
    except remote.RemoteError:
        raise
    except Exception as error:  # onnxruntime and TensorFlow raise types of their own
        raise ModelError(f"{name}: fails on {count} inputs of {side} px: {_first_line(error)}") from error
    if chroma.ndim != 4 or chroma.shape[:2] != (count, 2) or chroma_size not in (None, chroma.shape[2:]):
        wanted = (count, 2, *(chroma_size or ("h", "w")))
        raise ModelError(f"{name}: chroma must be {wanted} for {count} inputs, and is {chroma.shape}")
    return chroma


def _load(path: Path) -> tuple[str, Run, int]:
    if (path / "saved_model.pb").is_file():
        return _load_saved_model(path)
    if path.is_dir() and (path / manifest.MANIFEST_FILE).is_file():
        described = manifest.Manifest.read(path)
        run, _ = _load_onnx(described.verify(path))
        return f"{described.name}/{described.version}", run, described.default_size
    if path.is_file() and path.suffix == ".onnx":
        run, side = _load_onnx(path)
        if (path.parent / manifest.MANIFEST_FILE).is_file():
            side = manifest.Manifest.read(path.parent).default_size
        return path.stem, run, side
    raise ModelError(f"{path}: not an ONNX file, a folder with a {manifest.MANIFEST_FILE}, or a SavedModel")


def _load_onnx(path: Path) -> tuple[Run, int]:
    import onnxruntime  # only ONNX files need it

    onnxruntime.disable_telemetry_events()
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {tensor.name: tensor for tensor in session.get_inputs()}
    if set(inputs) != {tensors.LIGHTNESS} or tensors.CHROMA not in {t.name for t in session.get_outputs()}:
        raise ModelError(f"{path}: its tensors must be {tensors.LIGHTNESS} and {tensors.CHROMA}")
    side = inputs[tensors.LIGHTNESS].shape[2]

    def run(lightness: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        (chroma,) = session.run([tensors.CHROMA], {tensors.LIGHTNESS: lightness})
        return np.asarray(chroma, np.float32)

    return run, side if isinstance(side, int) else FREE_SIZE


def _load_saved_model(path: Path) -> tuple[str, Run, int]:
    import tensorflow  # only SavedModels need it

    if description.is_there(path):
        described = description.Description.read(path)
    else:
        described = description.Description(path.resolve().name, "", (FREE_SIZE,), FREE_SIZE)
    loaded: Any = tensorflow.saved_model.load(str(path))
    signature = loaded.signatures[tensors.SIGNATURE]
    others = {}
    if described.temperature is not None:
        others[tensors.TEMPERATURE] = tensorflow.constant(described.temperature, "float32")

    def run(lightness: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        inputs = {tensors.LIGHTNESS: tensorflow.constant(lightness), **others}
        return np.asarray(signature(**inputs)[tensors.CHROMA], np.float32)

    run.loaded = loaded  # type: ignore[attr-defined]  # the signature holds its variables weakly
    return described.name, run, described.default_size


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
