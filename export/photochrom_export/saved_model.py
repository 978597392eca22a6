"""The trained network as TensorFlow runs it: the reference of the export."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from photochrom_contract import tensors
from photochrom_contract.description import Description, DescriptionError
from photochrom_export.errors import InputError
from photochrom_export.silence import silenced

_INPUT_SHAPE = [None, 1, None, None]
_OUTPUT_CHANNELS = 2


class SavedModel:
    """A SavedModel folder whose ``serving_default`` signature is the contract's."""

    def __init__(self, folder: Path, description: Description) -> None:
        """Load the folder.

        :param description: what :func:`describe` says of it.
        :raises InputError: if it is no SavedModel, or its signature is not the contract's.
        """
        self.folder = folder
        self.description = description
        with silenced():
            import tensorflow as tf

            try:
                # The object holds the variables: the signature alone does not keep them alive.
                self._loaded = tf.saved_model.load(str(folder))
            except Exception as error:  # TensorFlow raises whatever its protobuf or its readers raise
                raise InputError(f"{folder}: TensorFlow cannot load it: {_first_line(error)}") from error
        if tensors.SIGNATURE not in self._loaded.signatures:
            names = ", ".join(self._loaded.signatures) or "none"
            raise InputError(f"{folder}: has no signature {tensors.SIGNATURE!r} (it has: {names})")
        self.signature: Any = self._loaded.signatures[tensors.SIGNATURE]
        _check_signature(folder, self.signature, description.temperature is not None, tf.float32)
        self._constant = tf.constant

    def predict(
        self, lightness: npt.NDArray[np.float32], temperature: float | None = None
    ) -> npt.NDArray[np.float32]:
        """Run the network.

        :param lightness: ``(n, 1, h, w)``, L* within 0 to 100.
        :param temperature: for a network that takes one; its default if none is given.
        :returns: chroma ``(n, 2, h', w')``, a* and b* in CIE units.
        :raises InputError: if the network cannot take planes of this size.
        """
        height, width = lightness.shape[2:]
        with silenced():
            inputs = {tensors.LIGHTNESS: self._constant(lightness)}
            if self.description.temperature is not None:
                inputs[tensors.TEMPERATURE] = self._constant(
                    temperature or self.description.temperature, "float32"
                )
            try:
                outputs = self.signature(**inputs)
            except Exception as error:  # TensorFlow's own kinds, and those of any Python inside the graph
                raise InputError(
                    f"{self.folder}: the network cannot take a plane of {width} x {height}: "
                    f"{_reason(error)}; leave this size out of the model's description"
                ) from error
        return np.asarray(outputs[tensors.CHROMA].numpy())


def describe(folder: Path) -> Description:
    """What a SavedModel folder says of itself; TensorFlow is not asked.

    :raises InputError: if it is no SavedModel, or has no readable description.
    """
    if not (folder / "saved_model.pb").is_file():
        raise InputError(
            f"{folder}: not a SavedModel: it has no saved_model.pb; "
            "give the folder that photochrom-train wrote"
        )
    try:
        return Description.read(folder)
    except DescriptionError as error:
        raise InputError(str(error)) from error


def _check_signature(folder: Path, signature: Any, has_temperature: bool, float32: Any) -> None:
    inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
    wanted = [tensors.LIGHTNESS, *[tensors.TEMPERATURE] * has_temperature]
    for found, names in ((inputs, wanted), (outputs, [tensors.CHROMA])):
        if sorted(found) != names:
            raise InputError(
                f"{folder}: the signature must have {' and '.join(names)} here, and nothing else, "
                f"but has {sorted(found)}"
            )
        for name in names:
            if found[name].dtype != float32:
                raise InputError(f"{folder}: {name} must be float32, but is {found[name].dtype.name}")
    if has_temperature and inputs[tensors.TEMPERATURE].shape.as_list() != []:
        raise InputError(f"{folder}: temperature must be a scalar")
    shape = inputs[tensors.LIGHTNESS].shape.as_list()
    if shape != _INPUT_SHAPE:
        raise InputError(
            f"{folder}: lightness must be (batch, 1, height, width) with batch, height and width left open, "
            f"but is {tuple(shape)}"
        )
    chroma = outputs[tensors.CHROMA].shape
    if chroma.rank != len(_INPUT_SHAPE) or chroma[1] != _OUTPUT_CHANNELS:
        raise InputError(f"{folder}: chroma must be (batch, 2, chroma_height, chroma_width), but is {chroma}")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _reason(error: BaseException) -> str:
    """Of TensorFlow's many lines about an operation that failed, the one that says what failed."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next(
        (line for line in reversed(lines) if line and not line.startswith("[[")), type(error).__name__
    )
