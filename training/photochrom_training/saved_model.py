"""A trained network as a SavedModel whose signature is the contract's."""

import shutil
from pathlib import Path
from typing import Any

import keras

from photochrom_contract.description import Description
from photochrom_contract.lab import CHROMA_LIMIT
from photochrom_contract.tensors import CHROMA, LIGHTNESS, SIGNATURE, TEMPERATURE


def write(network: keras.Model, description: Description, folder: Path, vividness: float = 1.0) -> None:
    """Write ``network`` to ``folder``, replacing what was there, with its description.

    The signature ``serving_default`` takes ``lightness`` ``(n, 1, h, w)``, and ``temperature`` ``()`` if
    the description has one, and gives ``chroma`` ``(n, 2, h', w')``; n, h and w are free. Needs Keras's
    TensorFlow backend.

    :param vividness: a factor on the chroma, which stays within ``CHROMA_LIMIT``.
    """
    import tensorflow as tf

    inputs = {LIGHTNESS: tf.TensorSpec((None, 1, None, None), tf.float32, name=LIGHTNESS)}
    if description.temperature is not None:
        inputs[TEMPERATURE] = tf.TensorSpec((), tf.float32, name=TEMPERATURE)

    @tf.function  # type: ignore[untyped-decorator]
    def predict(**planes: Any) -> dict[str, Any]:
        outputs = network(planes if len(planes) > 1 else planes[LIGHTNESS], training=False)
        chroma = outputs[CHROMA] if isinstance(outputs, dict) else outputs
        if vividness != 1:
            chroma = keras.ops.clip(vividness * chroma, -CHROMA_LIMIT, CHROMA_LIMIT)
        return {CHROMA: chroma}

    unfinished = folder.with_name(f".unfinished-{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    archive = tf.Module()
    archive.network = network
    tf.saved_model.save(archive, str(unfinished), {SIGNATURE: predict.get_concrete_function(**inputs)})
    description.write(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.replace(folder)
