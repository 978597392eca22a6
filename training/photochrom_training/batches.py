"""Batches of lightness and chroma, made from photographs while the model trains.

A batch depends on nothing but the seed and its own number, so a run that was killed goes on with the
very batches that it would have seen.
"""

import dataclasses
import threading
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image

from photochrom_contract import lab
from photochrom_training import ageing, augmentation
from photochrom_training.photographs import Photograph, PhotographsError, is_toned

Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""L* ``(n, 1, side, side)``, 0 to 100, and a*b* ``(n, 2, side / stride, side / stride)``, CIE units."""


Pair = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""One photograph of a batch: L* ``(side, side)`` and a*b* ``(2, side / stride, side / stride)``."""


@dataclasses.dataclass(frozen=True)
class View:
    """How the photographs of a batch are looked at."""

    side: int
    """Of the square that the model sees, in pixels."""
    chroma_stride: int
    """The lightness plane's side over the chroma plane's."""
    smallest_crop: float = 1.0
    """The least share of a photograph's side that a random crop takes."""
    ageing: float = 0.0
    """The share of photographs that are aged."""
    distortion: augmentation.Distortion | None = None
    """How photographs are distorted, in place of being cropped."""


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """An endless, seeded stream of batches, cut into epochs of ``steps``; or one pass over all."""

    def __init__(
        self,
        photographs: Sequence[Photograph],
        view: View,
        batch_size: int,
        *,
        steps: int | None = None,
        seed: int = 0,
        workers: int = 2,
        part: int = 0,
        parts: int = 1,
    ) -> None:
        """Prepare the stream.

        :param photographs: at least one of them has color; for a single pass all of them.
        :param steps: batches in an epoch, drawn at random and augmented; None for a single pass in
            order over the whole, without augmentation, as validation wants it.
        :param part: which of the ``parts`` of each batch to make, from 0; they are equal.
        """
        super().__init__(workers=workers, max_queue_size=8)
        self._photographs, self._view, self._batch_size = photographs, view, batch_size
        self._steps, self._seed = steps, seed
        self._part, self._parts = part, parts
        self._shuffles: dict[int, npt.NDArray[np.intp]] = {}
        self._skipped: dict[str, str] = {}
        self._lock = threading.Lock()
        self.epoch = 0
        self.failure = ""
        """Why the stream has ended, if it has: what ``fit`` raises then is the backend's own error."""

    def __len__(self) -> int:
        """Batches in an epoch."""
        return self._steps or -(-len(self._photographs) // self._batch_size)

    def __getitem__(self, index: int) -> Batch:
        """The batch of that number in the present epoch."""
        pairs = self._next_pairs(index) if self._steps else self._same_pairs(index)
        lightness, chroma = zip(*pairs, strict=True)
        return np.stack(lightness)[:, None], np.stack(chroma)

    def _next_pairs(self, index: int) -> Iterator[Pair]:
        """A full part from the endless stream; what cannot be learned from makes way for the next."""
        wanted, found, missed = self._batch_size // self._parts, 0, 0
        position = ((self.epoch * len(self) + index) * self._parts + self._part) * wanted
        while found < wanted:
            photograph = self._photographs[self._order(position)]
            picture = self._usable(photograph)
            missed = 0 if picture is not None else missed + 1
            if picture is not None:
                found += 1
                yield self._look(picture, np.random.default_rng([self._seed, 1, position]))
            elif missed > 2 * len(self._photographs):  # two turns hold every photograph at least once
                why = self.skipped[str(photograph)]
                self.failure = f"no photograph can be learned from any more; the last is {photograph}: {why}"
                raise PhotographsError(self.failure)
            position += 1

    def _same_pairs(self, index: int) -> Iterator[Pair]:
        """The photographs of that batch, as they are."""
        first = index * self._batch_size
        batch = self._photographs[first : first + self._batch_size]
        share = len(batch) // self._parts
        for photograph in batch[self._part * share : (self._part + 1) * share]:
            try:
                picture = photograph.read_colors()
            except OSError as error:
                self.failure = (
                    f"a photograph that is held out cannot be read any more: {error}; "
                    "once it is there again, the same command goes on"
                )
                raise PhotographsError(self.failure) from error
            yield self._look(picture, None)

    def on_epoch_end(self) -> None:
        """Move on to the next epoch's batches."""
        if self._steps is not None:
            self.epoch += 1

    @property
    def skipped(self) -> dict[str, str]:
        """The photographs left out so far, by name, and why."""
        with self._lock:
            return dict(self._skipped)

    def _usable(self, photograph: Photograph) -> Image.Image | None:
        picture, problem = open_colored(photograph)
        if picture is None:
            with self._lock:
                self._skipped[str(photograph)] = problem
        return picture

    def _order(self, position: int) -> int:
        """Which photograph stands at that position of the endless shuffled stream."""
        turn, place = divmod(position, len(self._photographs))
        with self._lock:
            if turn not in self._shuffles:
                for over in [each for each in self._shuffles if each < turn - 1]:
                    del self._shuffles[over]
                random = np.random.default_rng([self._seed, 0, turn])
                self._shuffles[turn] = random.permutation(len(self._photographs))
            return int(self._shuffles[turn][place])

    def _look(self, picture: Image.Image, random: augmentation.Random | None) -> Pair:
        view = self._view
        if random is None:
            seen = augmentation.center_view(picture, view.side)
        elif view.distortion is not None:
            seen = augmentation.distorted_view(picture, view.side, view.distortion, random)
        else:
            seen = augmentation.random_view(picture, view.side, view.smallest_crop, random)
        planes = lab.rgb_to_lab(np.asarray(seen, np.float32) / 255)
        lightness, chroma = planes[..., 0], _averaged(planes[..., 1:], view.chroma_stride)
        if random is not None and random.random() < view.ageing:
            lightness = ageing.age(lightness, random)
        return lightness, chroma.transpose(2, 0, 1)


def open_colored(photograph: Photograph) -> tuple[Image.Image | None, str]:
    """The picture, in RGB, if it can be learned from; otherwise None, and why."""
    try:
        picture = photograph.read_colors()
    except OSError as error:
        return None, str(error)
    return (None, "has no color") if is_toned(np.asarray(picture)) else (picture, "")


def keep_colored(photographs: Sequence[Photograph]) -> tuple[list[Photograph], dict[str, str]]:
    """Open every photograph once: those that can be learned from, and why not the others, by name."""
    problems = {photograph: open_colored(photograph)[1] for photograph in photographs}
    kept = [photograph for photograph, problem in problems.items() if not problem]
    return kept, {str(photograph): problem for photograph, problem in problems.items() if problem}


def _averaged(planes: npt.NDArray[np.float32], stride: int) -> npt.NDArray[np.float32]:
    """Means of ``(h, w, c)`` over cells of ``stride`` by ``stride``; adding slices is the fast way."""
    cells = sum(planes[row::stride, column::stride] for row in range(stride) for column in range(stride))
    return np.asarray(cells / np.float32(stride * stride), np.float32)
