"""Color that neither flickers nor drags: along the motion of things, not across their edges or cuts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data
from PIL import Image

from photochrom._server import Server
from photochrom._target import Target
from photochrom._video.coherence import BLOCK, Coherent, cohere
from photochrom_serving.embedded import EmbeddedServer
from tests.client.video import moving_photographs, scoring

SIDE = 64
Planes = npt.NDArray[np.uint8]
Predictions = npt.NDArray[np.float32]


def texture(seed: int) -> Planes:
    """A square with something to see everywhere, four times as large as a plane."""
    noise = np.random.default_rng(seed).integers(0, 256, (4 * SIDE // 8,) * 2).astype(np.uint8)
    picture = Image.fromarray(noise).resize((4 * SIDE,) * 2, Image.Resampling.BICUBIC)
    return np.asarray(picture)


def pan(seed: int, count: int) -> Planes:
    """A camera that moves two pixels a frame to the right."""
    picture = texture(seed)
    return np.stack([picture[SIDE : 2 * SIDE, 2 * t : 2 * t + SIDE] for t in range(count)])


def flicker(count: int, seed: int = 0) -> Predictions:
    """Predictions that change their mind from frame to frame: a* and b* of one color a frame."""
    colors = np.random.default_rng(seed).normal((20, -10), 8, (count, 2))
    return np.broadcast_to(colors[..., None, None], (count, 2, 16, 16)).astype(np.float32)


def run(planes: Planes, predictions: Predictions) -> list[Coherent[int]]:
    return list(cohere(zip(range(len(planes)), planes, predictions, strict=True)))


def middle(frames: list[Coherent[int]]) -> npt.NDArray[np.float64]:
    """The mean color of the middle of each frame ``(n, 2)``."""
    return np.stack([frame.chroma[16:48, 16:48].mean(axis=(0, 1)) for frame in frames]).astype(float)


def test_every_frame_comes_out_once_and_in_order() -> None:
    for count in (1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, 5 * BLOCK + 3):
        assert [frame.frame for frame in run(pan(0, count), flicker(count))] == list(range(count))


def test_color_does_not_flicker_on_what_moves() -> None:
    before = flicker(40)
    after = middle(run(pan(1, 40), before))
    assert np.abs(np.diff(after, axis=0)).mean() < np.abs(np.diff(before[:, :, 0, 0], axis=0)).mean() / 8
    assert np.abs(after - [20, -10]).max() < 6


def test_color_goes_with_the_thing_that_it_is_on() -> None:
    count = 20
    planes = pan(2, count)
    predictions = np.zeros((count, 2, SIDE, SIDE), np.float32)
    for t in range(count):  # what is right of the picture's column 60 is red
        predictions[t, 0, :, max(0, 60 - 2 * t) :] = 50
    for t, frame in enumerate(run(planes, predictions)):
        assert np.abs(frame.chroma[:, : max(0, 60 - 2 * t - 6), 0]).max(initial=0) < 5
        assert np.abs(frame.chroma[:, 60 - 2 * t + 6 :, 0] - 50).max(initial=0) < 5


def test_nothing_is_carried_over_a_cut() -> None:
    planes = np.concatenate([pan(3, 13), pan(4, 11)])
    predictions = np.zeros((24, 2, 16, 16), np.float32)
    predictions[:13, 0], predictions[13:, 0] = 40, -40
    frames = run(planes, predictions)
    for frame, expected in zip(frames, predictions[:, 0, 0, 0], strict=True):
        assert np.abs(frame.chroma[..., 0] - expected).max() < 1e-3
    assert [frame.frame for frame in frames if frame.starts_scene] == [0, 13]


def test_what_was_hidden_starts_anew() -> None:
    """A dark door slides away from a bright wall: the wall takes no color from the door."""
    count = 16
    wall, door = texture(5) // 3 + 150, texture(6) // 4
    planes = np.broadcast_to(wall[:SIDE, :SIDE], (count, SIDE, SIDE)).copy()
    predictions = np.zeros((count, 2, SIDE, SIDE), np.float32)
    for t in range(count):
        planes[t, :, : SIDE - 3 * t] = door[:SIDE, 3 * t : SIDE]
        predictions[t, 0, :, : SIDE - 3 * t] = 60
    for t, frame in enumerate(run(planes, predictions)):
        assert frame.chroma[8:-8, SIDE - 3 * t + 6 :, 0].max(initial=0) < 10


def test_from_the_start_of_any_block_it_goes_on_with_the_memory_alone() -> None:
    planes = np.concatenate([pan(7, 21), pan(8, 30)])
    predictions = flicker(len(planes))
    frames = run(planes, predictions)
    starts = [frame for frame in frames if frame.starts_block]
    assert [frame.frame for frame in starts] == [0, 8, 16, 21, 29, 37, 45]
    for start in starts:
        rest = slice(start.frame, None)
        items = zip(range(start.frame, len(planes)), planes[rest], predictions[rest], strict=True)
        for again, before in zip(cohere(items, start.memory), frames[rest], strict=True):
            assert again.frame == before.frame
            assert np.array_equal(again.chroma, before.chroma)


def test_no_more_frames_are_held_than_two_blocks() -> None:
    taken = 0

    def noted() -> Iterator[tuple[int, Planes, Predictions]]:
        nonlocal taken
        for item in zip(range(64), pan(9, 64), flicker(64), strict=True):
            taken += 1
            yield item

    for frame in cohere(noted()):
        assert taken <= frame.frame + 2 * BLOCK


@pytest.fixture(scope="module")
def shipped() -> Iterator[Server]:
    """A server with the model that the project ships."""
    with (
        EmbeddedServer(Path(__file__).parents[3] / "models") as server,
        Server(Target.parse(server.target), timeout=60) as connected,
    ):
        yield connected


@pytest.fixture(scope="module")
def scores(shipped: Server) -> dict[str, list[tuple[scoring.Score, scoring.Score]]]:
    """Of each kind of clip, from two pairs of photographs: frame by frame, and coherent."""
    pictures = {
        name: np.asarray(Image.fromarray(getattr(skimage.data, name)()).convert("RGB").resize((256, 256)))
        for name in ("astronaut", "coffee", "rocket")
    }
    made: dict[str, list[tuple[scoring.Score, scoring.Score]]] = {}
    for first in ("astronaut", "rocket"):
        for clip in moving_photographs.clips([pictures[first], pictures["coffee"]], seed=1, frames=24):
            made.setdefault(clip.name, []).append(scoring.compare(shipped, clip, size=128))
    return made


@pytest.mark.parametrize("clip", ["pan", "zoom", "object", "cut", "film"])
def test_the_shipped_models_color_flickers_at_most_half_as_much_and_is_no_farther_from_the_truth(
    clip: str, scores: dict[str, list[tuple[scoring.Score, scoring.Score]]]
) -> None:
    for plain, coherent in scores[clip]:
        assert coherent.flicker <= plain.flicker / 2
        assert coherent.rmse <= plain.rmse


def test_psnr_is_no_lower_in_the_mean_of_all_clips(
    scores: dict[str, list[tuple[scoring.Score, scoring.Score]]],
) -> None:
    gains = [coherent.psnr - plain.psnr for pairs in scores.values() for plain, coherent in pairs]
    assert np.mean(gains) >= 0
