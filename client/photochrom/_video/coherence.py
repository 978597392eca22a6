"""Chroma that stays with the things it is on: the mean of predictions along their paths.

A model that colors frame by frame changes its mind: colors flicker. Here each pixel follows its thing
through the frames before and after, as far as the optical flow can be trusted, and takes the mean of
what was predicted for it there. What was hidden starts anew, so nothing drags its color over another,
and at a cut everything does. Before that, chroma gets the edges of the lightness that the model saw.

The past is a recursion: a mean and the number of predictions in it, carried from frame to frame. The
future is the same recursion backwards over a block of frames and the block that follows it. Blocks
start at cuts and every ``BLOCK`` frames; what comes after the start of a block depends on what came
before through a :class:`Memory` alone, so coloring can go on there another time.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from photochrom._video.motion import Motion, MotionEstimator
from photochrom._video.resampling import Floats, shrink
from photochrom_contract.upsampling import ChromaField, Upsampling

Frame = TypeVar("Frame")

BLOCK: Final = 8
"""Frames that are looked ahead, at least; at most twice as many, less one."""
_LENGTH: Final = 12
"""Predictions that a mean forgets the older of."""


@dataclasses.dataclass(frozen=True)
class Mean:
    """A mean of predictions at each pixel."""

    chroma: Floats
    """a* and b* in CIE units, ``(h, w, 2)``."""
    count: Floats
    """How many predictions are in it, from 1: ``(h, w)``."""

    def followed_by(self, motion: Motion, prediction: Floats) -> "Mean":
        """The mean one frame on, ``motion`` leading back to this frame, with that frame's prediction."""
        count = np.minimum(motion.carry(self.count) * motion.trust, np.float32(_LENGTH - 1))
        share = (1 / (count + 1))[..., None]
        carried = motion.carry(self.chroma)
        return Mean(carried + (prediction - carried) * share, count + 1)

    @classmethod
    def of(cls, prediction: Floats) -> "Mean":
        """The mean of one prediction ``(h, w, 2)``."""
        return cls(prediction, np.ones(prediction.shape[:2], np.float32))


@dataclasses.dataclass(frozen=True)
class Memory:
    """What the start of a block has to know of the frame before it."""

    plane: npt.NDArray[np.uint8]
    """Its lightness, as the model saw it: ``(h, w)``."""
    past: Mean


@dataclasses.dataclass(frozen=True)
class Coherent(Generic[Frame]):
    """A frame with its chroma."""

    frame: Frame
    chroma: Floats
    """a* and b* in CIE units, ``(h, w, 2)``, of the size of the lightness plane."""
    memory: Memory | None
    """At the start of a block, what is known of the frame before, if it is of the same scene."""
    starts_block: bool
    starts_scene: bool


@dataclasses.dataclass(frozen=True)
class _Step(Generic[Frame]):
    """A frame in a block."""

    frame: Frame
    plane: npt.NDArray[np.uint8]
    prediction: Floats
    past: Mean
    motion: Motion | None
    """Of the frame before to this one; none at a cut."""


def cohere(
    predictions: Iterable[tuple[Frame, npt.NDArray[np.uint8], Floats]],
    memory: Memory | None = None,
    upsampling: Upsampling = "guided",
) -> Iterator[Coherent[Frame]]:
    """Make chroma coherent over time; holds at most two blocks of frames.

    :param predictions: frames in order, each with its lightness plane ``(h, w)``, as the model saw it,
        and the chroma ``(2, h', w')`` predicted for it.
    :param memory: to go on where a block started, what that had; otherwise the first frame is of a new
        scene.
    :param upsampling: how the chroma is stretched to the size of the lightness plane.
    """
    estimator = MotionEstimator()
    scene: list[_Step[Frame]] = []  # of the current scene, what is not out yet
    before = start = memory
    for frame, plane, chroma in predictions:
        prediction = _enlarged(chroma, plane, upsampling)
        forward = None
        past = Mean.of(prediction)
        if before is not None:
            back, forward = estimator.between(plane, before.plane)
            if back.is_cut or forward.is_cut:
                forward = None
                yield from _finished(scene, start)
                scene, start = [], None
            else:
                past = before.past.followed_by(back, prediction)
        scene.append(_Step(frame, plane, prediction, past, forward))
        before = Memory(plane, past)
        if len(scene) == 2 * BLOCK:
            yield from _block(scene, BLOCK, start)
            start = Memory(scene[BLOCK - 1].plane, scene[BLOCK - 1].past)
            scene = scene[BLOCK:]
    yield from _finished(scene, start)


def _finished(scene: list[_Step[Frame]], start: Memory | None) -> Iterator[Coherent[Frame]]:
    """The last blocks of a scene."""
    while scene:
        yield from _block(scene, BLOCK, start)
        last = scene[min(BLOCK, len(scene)) - 1]
        start = Memory(last.plane, last.past)
        scene = scene[BLOCK:]


def _block(scene: list[_Step[Frame]], length: int, start: Memory | None) -> Iterator[Coherent[Frame]]:
    """The first frames of ``scene``, each with the mean of its past and of its future in it."""
    futures = [Mean.of(scene[-1].prediction)]
    for step, after in zip(scene[-2::-1], scene[:0:-1], strict=True):
        assert after.motion is not None
        futures.append(futures[-1].followed_by(after.motion, step.prediction))
    for index, (step, future) in enumerate(zip(scene[:length], reversed(futures), strict=False)):
        past = step.past
        # The frame's own prediction is in both.
        total = past.chroma * past.count[..., None] + future.chroma * future.count[..., None]
        chroma = (total - step.prediction) / (past.count + future.count - 1)[..., None]
        yield Coherent(
            step.frame,
            chroma,
            memory=start if index == 0 else None,
            starts_block=index == 0,
            starts_scene=index == 0 and start is None,
        )


def _enlarged(
    chroma: npt.NDArray[np.float32], plane: npt.NDArray[np.uint8], upsampling: Upsampling
) -> Floats:
    """Chroma ``(2, h', w')`` at the size of the lightness plane: ``(h, w, 2)``."""
    height, width = plane.shape
    lightness = plane * np.float32(100 / 255)
    guide = shrink(lightness, chroma.shape[2], chroma.shape[1])
    field = ChromaField(chroma, guide, height, width, upsampling)
    return np.ascontiguousarray(field.rows(slice(0, height), lightness).transpose(1, 2, 0))
