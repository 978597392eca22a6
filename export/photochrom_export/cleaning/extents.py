"""What is known of a graph's shapes before it runs: which dimension is which, times what.

TensorFlow computes sizes as it goes: ``Shape``, ``Slice``, ``Mul`` by 2, ``Concat``, ``Cast``. Read
symbolically, such a chain says "the height of that tensor, twice", and the passes can then replace
the chain by a constant factor. Everything here is a proof or a "don't know": a pass that rewrites only
what is proven cannot change what the graph computes.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import onnx_ir as ir

from photochrom_export.cleaning.reading import constant, integers

_MOST_SIZES = 16
"""No tensor of sizes is longer; longer constants are weights."""


@dataclasses.dataclass(frozen=True)
class Dimension:
    """One axis of one tensor, whose size only the run knows."""

    value: ir.Value
    axis: int


@dataclasses.dataclass(frozen=True)
class Extent:
    """A size: ``factor`` times a dimension, or ``factor`` itself."""

    factor: int
    of: Dimension | None = None

    def __mul__(self, other: "Extent") -> "Extent | None":
        """The product, unless both sides depend on the run."""
        if self.of and other.of:
            return None
        return Extent(self.factor * other.factor, self.of or other.of)


Shape = tuple[Extent, ...]
Content = tuple[Extent | None, ...]
"""The elements of a scalar or vector of sizes; None for one that cannot be told."""


def quotient(shape: Shape, sizes: Sequence[Extent]) -> Extent | None:
    """How often a tensor of ``sizes`` goes into one of ``shape``, unless one extent cannot say it."""
    left = Counter(size.of for size in shape if size.of)
    left.subtract(size.of for size in sizes if size.of)
    whole, part = (math.prod(size.factor for size in side) for side in (shape, sizes))
    dimensions = list(left.elements())
    if min(left.values(), default=0) < 0 or len(dimensions) > 1 or part == 0 or whole % part:
        return None
    return Extent(whole // part, dimensions[0] if dimensions else None)


class Extents:
    """The shapes of a graph's tensors, and the contents of those that hold sizes."""

    def __init__(self) -> None:
        self._shapes: dict[ir.Value, Shape] = {}
        self._contents: dict[ir.Value, Content] = {}

    def shape(self, value: ir.Value | None) -> Shape | None:
        """The shape of a tensor, or None if not even its rank is known."""
        return self._shapes.get(value) if value is not None else None

    def content(self, value: ir.Value | None) -> Content | None:
        """The sizes in a tensor, or None if it holds none that can be told."""
        if value is None:
            return None
        if value in self._contents:
            return self._contents[value]
        numbers = constant(value)
        if numbers is None or numbers.ndim > 1 or numbers.size > _MOST_SIZES:
            return None
        whole = integers(value)
        return None if whole is None else tuple(map(Extent, whole))

    def learn(self, value: ir.Value, shape: Shape | None = None, content: Content | None = None) -> None:
        """Note what was derived of a tensor; without a shape, what shape inference wrote down."""
        if shape is None and value.shape is not None:
            shape = tuple(
                Extent(size) if isinstance(size, int) else Extent(1, Dimension(value, axis))
                for axis, size in enumerate(value.shape)
            )
        if shape is not None:
            self._shapes[value] = shape
        if content is not None:
            self._contents[value] = content
