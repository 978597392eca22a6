"""A convolution's weights as a product: few directions of its input's channels, and weights on those."""

import numpy as np
import numpy.typing as npt

_UNSEEN = 1e-3
"""How strong a direction is taken to be at least, over the mean: other photographs may have it."""


class Factors:
    """The directions of the input in the order in which they matter to the output."""

    def __init__(self, weights: npt.NDArray[np.floating], moment: npt.NDArray[np.float64]) -> None:
        """Find them: the singular vectors of the weights on an input that is white.

        :param weights: ``(out, channels, height, width)``.
        :param moment: the input's second moment ``(channels, channels)``.
        """
        self.channels: int = weights.shape[1]
        self._shape = weights.shape
        matrix = weights.astype(np.float64).transpose(1, 0, 2, 3).reshape(self.channels, -1)
        floor = _UNSEEN * np.trace(moment) / self.channels
        strengths, vectors = np.linalg.eigh(moment + floor * np.eye(self.channels))
        root = vectors * np.sqrt(strengths) @ vectors.T
        self._whiten = vectors / np.sqrt(strengths) @ vectors.T
        self._directions, self._values, self._rest = np.linalg.svd(root @ matrix, full_matrices=False)

    def rank_for(self, loss: float, step: int) -> int:
        """The fewest directions that lose at most this share of the output's energy, in steps.

        :param step: what the number is a multiple of, unless there are no more.
        """
        energy = np.square(self._values)
        lost = 1 - np.cumsum(energy) / energy.sum()
        needed = int(np.argmax(lost <= loss)) + 1
        return min(-(-needed // step) * step, len(self._values))

    def of(self, rank: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """A projection ``(rank, channels, 1, 1)`` and weights ``(out, rank, height, width)`` on its output.

        The projection's rows are orthonormal, so that both can be stored in half precision.

        :param rank: at most the channels, and at most the numbers that one of them is multiplied by.
        """
        projection = self._whiten @ self._directions[:, :rank]
        weights = self._values[:rank, np.newaxis] * self._rest[:rank]
        rows, mixing = np.linalg.qr(projection)
        out, _, *kernel = self._shape
        weights = (mixing @ weights).reshape(rank, out, *kernel).transpose(1, 0, 2, 3)
        return (
            np.ascontiguousarray(rows.T[:, :, np.newaxis, np.newaxis], np.float32),
            np.ascontiguousarray(weights, np.float32),
        )
