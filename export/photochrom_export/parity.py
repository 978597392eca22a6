"""The proof that the ONNX graph computes what the SavedModel computes, on photographs, in a*b* units."""

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from photochrom_contract import lab, photograph, tensors
from photochrom_export.errors import ParityError
from photochrom_export.precision import Precision

Planes = npt.NDArray[np.float32]
Predict = Callable[[Planes], Planes]
"""Lightness ``(n, 1, h, w)``, L* within 0 to 100, to chroma ``(n, 2, h', w')``, CIE units."""

BOUNDS: Final = {Precision.FLOAT32: 0.1, Precision.FLOAT16: 0.5}
"""The largest difference, in a*b* units, that is still the same network.

float32: the order of sums alone makes about 1e-4, an error of padding or alignment makes whole units, and
0.1 is near the step of the wire's binary16 at strong chroma (1/16). float16: rounding weights to 11 bits
moves an answer by some hundredths, at a few pixels by tenths; half a unit is a fifth of what an eye can
tell apart.
"""

JUST_NOTICEABLE: Final = 2.3
"""The a*b* units that an eye can tell apart (Mahy, Van Eycken and Oosterlinck 1994): no pixel of a network
that was narrowed may differ by more."""


@dataclasses.dataclass(frozen=True)
class Parity:
    """How far the two runtimes are apart, over all photographs, sizes and batches."""

    largest: float
    """Of |difference|, in a*b* units."""
    mean: float
    photographs: int
    sizes: tuple[int, ...]
    batches: tuple[int, ...]
    chroma_stride: int
    """The lightness plane's side over the chroma plane's."""


def onnx_session(model: bytes) -> Any:
    """An ``onnxruntime.InferenceSession`` of a serialized model, on the CPU.

    :raises ParityError: if ONNX Runtime does not take it.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions share no base
        raise ParityError(f"ONNX Runtime does not take the graph: {_first_line(error)}") from error


def onnx_predictor(model: bytes, temperature: float | None = None) -> Predict:
    """Run a serialized ONNX model in ONNX Runtime, on the CPU.

    :param temperature: for a model that takes one; the graph's own if none is given.
    :raises ParityError: if ONNX Runtime does not take it, and from the predictor if it does not run it.
    """
    session = onnx_session(model)
    others = {} if temperature is None else {tensors.TEMPERATURE: np.array(temperature, np.float32)}

    def predict(lightness: Planes) -> Planes:
        try:
            return np.asarray(session.run([tensors.CHROMA], {tensors.LIGHTNESS: lightness, **others})[0])
        except Exception as error:
            height, width = lightness.shape[2:]
            raise ParityError(
                f"at size {width} x {height}, batch {len(lightness)}: ONNX Runtime does not run the graph: "
                f"{_first_line(error)}"
            ) from error

    return predict


def prove(
    reference: Predict,
    candidate: Predict,
    photographs: Sequence[photograph.Lightness],
    sizes: Sequence[int],
    bound: float,
) -> Parity:
    """Compare two predictors at every size, with each photograph alone and with all in one batch.

    :param photographs: L* planes ``(h, w)`` of any size, at least one.
    :param sizes: sides of the square planes that the model accepts.
    :param bound: the largest difference allowed, in a*b* units.
    :raises ParityError: if they differ by more, or the reference breaks the contract of the tensors.
    """
    largest, total, count = 0.0, 0.0, 0
    lowest, highest = np.full(2, np.inf), np.full(2, -np.inf)
    strides, batches = set(), set()
    for size in sizes:
        for batch in _batches(photographs, size):
            expected, found = reference(batch), candidate(batch)
            strides.add(_chroma_stride(expected, batch))
            batches.add(len(batch))
            if found.shape != expected.shape:
                raise ParityError(
                    f"at size {size}, batch {len(batch)}: the ONNX chroma is {found.shape}, "
                    f"the SavedModel's {expected.shape}"
                )
            lowest = np.minimum(lowest, expected.min(axis=(0, 2, 3)))
            highest = np.maximum(highest, expected.max(axis=(0, 2, 3)))
            difference = np.abs(found.astype(np.float64) - expected)
            if not np.all(np.isfinite(difference)):
                raise ParityError(
                    f"at size {size}, batch {len(batch)}: the chroma has numbers that are not finite"
                )
            largest = max(largest, float(difference.max()))
            total, count = total + float(difference.sum()), count + difference.size
    if np.array_equal(lowest, highest):
        a, b = lowest
        raise ParityError(
            f"the SavedModel answers every photograph with a* {a:g}, b* {b:g} at every pixel, so nothing is "
            "proven: its weights are not trained, or were not loaded when it was written"
        )
    if len(strides) != 1:
        raise ParityError(
            f"the chroma plane's stride varies with the size: {sorted(strides)}; it must be one"
        )
    if largest > bound:
        raise ParityError(
            f"the ONNX graph differs from the SavedModel by up to {largest:.4g} a*b* units "
            f"(mean {total / count:.2g}), above the bound of {bound:g}: not published"
        )
    return Parity(
        largest, total / count, len(photographs), tuple(sizes), tuple(sorted(batches)), strides.pop()
    )


def _batches(photographs: Sequence[photograph.Lightness], size: int) -> Iterator[Planes]:
    planes = np.stack([photograph.reduce_lightness(lightness, size) for lightness in photographs])
    lightness = tensors.lightness_to_tensor(planes)
    yield from lightness[:, None]
    together = lightness if len(lightness) > 1 else np.concatenate([lightness, lightness[..., ::-1]])
    yield np.ascontiguousarray(together)


def _chroma_stride(chroma: Planes, lightness: Planes) -> int:
    height, width = chroma.shape[2:]
    side = lightness.shape[2]
    if chroma.shape[:2] != (len(lightness), 2) or height != width or not height or side % height:
        raise ParityError(
            f"a lightness plane of {side} x {side} gives chroma {chroma.shape}: it must be "
            "(batch, 2, side, side), with a side that divides the lightness plane's"
        )
    limit = lab.CHROMA_LIMIT
    if float(np.abs(chroma).max()) > limit * (1 + 1e-6):
        raise ParityError(
            f"the SavedModel's chroma leaves -{limit:g} to {limit:g}: clip it inside the network"
        )
    return int(side // height)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
