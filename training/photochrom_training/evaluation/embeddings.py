"""What a network trained on ImageNet sees in pictures: the features of the Fréchet distance."""

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_training.networks import efficientnet_lite, pretrained

_VARIANT = "lite0"  # which report names; its ImageNet weights are in the extra ``pretrained``
_SIDE = 224  # pixels: what it was trained on


class Embeddings:
    """The features of sets of pictures, gathered batch by batch."""

    def __init__(self) -> None:
        """Load the network.

        :raises pretrained.PretrainedWeightsError: if its weights are not installed.
        """
        rgb = keras.Input((_SIDE, _SIDE, 3))
        self._network = keras.Model(rgb, efficientnet_lite.color_features(rgb, _VARIANT).embedding)
        pretrained.load_encoder(self._network, _VARIANT)
        self._sets: dict[str, list[npt.NDArray[np.float32]]] = {}

    def add(self, name: str, pictures: npt.NDArray[np.uint8]) -> None:
        """Put pictures ``(n, h, w, 3)``, 8-bit sRGB, into the set of that name."""
        resized = [Image.fromarray(one).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC) for one in pictures]
        seen = np.stack([np.asarray(one, np.float32) for one in resized])
        features = self._network(seen, training=False)
        self._sets.setdefault(name, []).append(keras.ops.convert_to_numpy(features))

    def of(self, name: str) -> npt.NDArray[np.float32]:
        """The features ``(n, 1280)`` of the set of that name, in the order of its pictures."""
        return np.concatenate(self._sets[name])
