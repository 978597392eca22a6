"""A trained network as a SavedModel whose signature is the contract's."""

import shutil
from pathlib import Path
from typing import Any

import keras

from photochrom_contract.description import Description
from photochrom_contract.tensors import CHROMA, LIGHTNESS, SIGNATURE


def write(network: keras.Model, description: Description, folder: Path) -> None:
    """Write ``network`` to ``folder``, replacing what was there, with its description.

    The signature ``serving_default`` takes ``lightness`` ``(n, 1, h, w)`` and gives ``chroma``
    ``(n, 2, h', w')``; n, h and w are free. Needs Keras's TensorFlow backend.
    """
    import tensorflow as tf

    specification = tf.TensorSpec((None, 1, None, None), tf.float32, name=LIGHTNESS)

    @tf.function(input_signature=[specification])  # type: ignore[untyped-decorator]
    def predict(lightness: Any) -> dict[str, Any]:
        return {CHROMA: network(lightness, training=False)}

    unfinished = folder.with_name(f".unfinished-{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    archive = tf.Module()
    archive.network = network
    tf.saved_model.save(archive, str(unfinished), {SIGNATURE: predict})
    description.write(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.replace(folder)
