"""The places in a graph where a convolution's input can be narrowed."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from photochrom_export.cleaning.reading import attribute, constant, operand, producer
from photochrom_export.cleaning.rewriting import append_constant, insert


@dataclasses.dataclass(frozen=True)
class Site:
    """Some or all of a convolution's input channels: one tensor of features."""

    features: str
    """The tensor's name, where it is smallest: before a Resize that is only for this convolution."""
    reader: ir.Node
    """What reads the features: that Resize, a Concat, or the convolution itself."""
    place: int
    """Which of the reader's inputs they are."""
    convolution: ir.Node
    first: int
    """The convolution's channel that is the features' first one."""
    channels: int
    scale: float
    """The convolution's pixels over those of the features."""

    def weights(self) -> npt.NDArray[Any]:
        """The convolution's, on these features: ``(out, channels, height, width)``."""
        return self._all_weights()[:, self.first : self.first + self.channels]

    def named(self) -> str:
        """The name of the convolution's weights, which says what part of the network it is of."""
        weights = self.convolution.inputs[1]
        assert weights is not None
        return weights.name or ""

    def worthwhile(self, rank: int) -> int:
        """The rank, or all channels where a projection costs more multiplications than it saves."""
        each = self.scale * self.weights()[:, 0].size
        return rank if rank * (self.channels + each) < self.channels * each else self.channels

    def narrow(self, projection: npt.NDArray[Any], weights: npt.NDArray[Any]) -> None:
        """Let the convolution take a projection of the features in their place. Its last site comes first.

        :param projection: ``(rank, channels, 1, 1)``.
        :param weights: on what it gives: ``(out, rank, height, width)``.
        """
        kernel = append_constant(self.convolution, projection, "directions")
        node = ir.node("Conv", [self.reader.inputs[self.place], kernel], {"kernel_shape": [1, 1]})
        node.name = node.outputs[0].name = f"{kernel.name}/used"
        self.reader.replace_input_with(self.place, insert(self.reader, node))
        whole, behind = self._all_weights(), self.first + self.channels
        joined = np.concatenate([whole[:, : self.first], weights, whole[:, behind:]], axis=1)
        self.convolution.replace_input_with(1, append_constant(self.convolution, joined, "narrowed"))

    def _all_weights(self) -> npt.NDArray[Any]:
        weights = constant(self.convolution.inputs[1])
        assert weights is not None
        return weights


def find(graph: ir.Graph) -> Iterator[Site]:
    """The sites of ``graph``, whose inner shapes are inferred; those of one convolution in its order."""
    for node in graph:
        weights = constant(operand(node, 1)) if node.op_type == "Conv" else None
        if weights is None or attribute(node, "group", 1) != 1 or weights[0, 0].size == 1:
            continue
        first = 0
        for reader, place in _parts(node):
            value = reader.inputs[place]
            channels = value.shape[1] if value is not None and value.shape is not None else None
            if not isinstance(channels, int):
                break  # where the next part begins is not known either
            yield _site(reader, place, node, first, channels)
            first += channels


def _parts(convolution: ir.Node) -> list[tuple[ir.Node, int]]:
    """What the convolution's input is made of: who reads each part, and at which place."""
    joined = producer(convolution.inputs[0], "Concat")
    if joined is None or attribute(joined, "axis") != 1 or len(joined.outputs[0].uses()) > 1:
        return [(convolution, 0)]
    return [(joined, place) for place in range(len(joined.inputs))]


def _site(reader: ir.Node, place: int, convolution: ir.Node, first: int, channels: int) -> Site:
    steps = attribute(convolution, "strides", [1, 1])
    scale = 1 / float(np.prod(steps))
    resize = producer(reader.inputs[place], "Resize")
    factors = constant(operand(resize, 2)) if resize is not None else None
    if (
        resize is not None
        and factors is not None
        and list(factors[:2]) == [1, 1]  # each channel for itself
        and len(resize.outputs[0].uses()) == 1
    ):
        reader, place, scale = resize, 0, scale * float(np.prod(factors))
    features = reader.inputs[place]
    assert features is not None
    assert features.name is not None  # it was read from a file, where every tensor has one
    return Site(features.name, reader, place, convolution, first, channels, scale)
