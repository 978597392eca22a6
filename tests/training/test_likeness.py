"""What photochrom's last stage minimizes is what the evaluation measures: PSNR, colorfulness, LPIPS."""

import numpy as np
import numpy.typing as npt
import pytest

from photochrom_contract.tensors import CHROMA
from photochrom_training import perceptual
from photochrom_training.evaluation import metrics
from photochrom_training.evaluation.lpips import Lpips
from photochrom_training.likeness import Likeness

Planes = npt.NDArray[np.float32]


@pytest.fixture
def batch() -> tuple[Planes, Planes, Planes]:
    """Lightness and true chroma of four photographs, and a guess."""
    random = np.random.default_rng(1)
    lightness = random.uniform(30, 70, (4, 1, 64, 64)).astype(np.float32)
    truth, chroma = random.normal(0, 12, (2, 4, 2, 16, 16)).astype(np.float32)
    return lightness, truth, chroma


def bytes_of(lightness: Planes, chroma: Planes) -> npt.NDArray[np.uint8]:
    """The pictures, 8-bit."""
    return np.asarray(np.rint(255 * np.asarray(perceptual.recombine(lightness, chroma))), np.uint8)


def test_the_loss_is_what_the_evaluation_measures(
    batch: tuple[Planes, Planes, Planes], random_lpips: Lpips
) -> None:
    lightness, truth, chroma = batch
    objective = Likeness(4, colorfulness=0.1, lpips=random_lpips, distance=50.0, looked_at=2)

    loss = float(objective(lightness, truth, {CHROMA: chroma}))

    small = lightness.reshape(4, 1, 16, 4, 16, 4).mean((3, 5))
    ours, theirs = bytes_of(small, chroma), bytes_of(small, truth)
    psnr = np.mean([metrics.psnr(metrics.rgb_square_error(*pair)) for pair in zip(ours, theirs, strict=True)])
    color = np.mean([metrics.colorfulness(picture) for picture in ours])
    large = (bytes_of(lightness[:2], planes[:2]) for planes in (chroma, truth))
    distance = random_lpips.distance(*(random_lpips.features(pictures) for pictures in large)).mean()
    # The PSNR but for its constant, and for what its floor takes where the error is small.
    assert loss == pytest.approx(50 * distance - (psnr - 20 * np.log10(255)) - 0.1 * color, abs=0.3)
    assert psnr < 25
    assert distance > 0.01


def test_what_is_alike_need_not_become_more_alike(
    batch: tuple[Planes, Planes, Planes], random_lpips: Lpips
) -> None:
    lightness, truth, _ = batch
    objective = Likeness(4, colorfulness=0.0, lpips=random_lpips, distance=0.0, looked_at=1)

    same, nearly = (float(objective(lightness, truth, {CHROMA: truth + shift})) for shift in (0, 0.5))

    assert same < nearly < same + 0.5


def test_color_is_worth_something_where_nothing_is_known_of_it(random_lpips: Lpips) -> None:
    """Of a guess at what could as well be red as green, likeness has no slope, and color has one."""
    import tensorflow as tf

    lightness = np.full((2, 1, 64, 64), 50, np.float32)
    truth = np.zeros((2, 2, 16, 16), np.float32)
    truth[0, 0], truth[1, 0] = 20, -20
    guess = tf.fill((1, 2, 16, 16), 0.5)

    def slope(colorfulness: float) -> float:
        objective = Likeness(4, colorfulness, random_lpips, distance=0.0, looked_at=1)
        with tf.GradientTape() as tape:
            tape.watch(guess)
            loss = objective(lightness, truth, {CHROMA: tf.repeat(guess, 2, axis=0)})
        return float(np.asarray(tape.gradient(loss, guess)).sum())

    assert slope(1.0) < slope(0.0)


def test_a_black_picture_has_a_slope(random_lpips: Lpips) -> None:
    import tensorflow as tf

    objective = Likeness(4, colorfulness=0.1, lpips=random_lpips, distance=20.0, looked_at=1)
    black = np.zeros((1, 1, 64, 64), np.float32)
    chroma = tf.zeros((1, 2, 16, 16))
    with tf.GradientTape() as tape:
        tape.watch(chroma)
        loss = objective(black, np.zeros((1, 2, 16, 16), np.float32), {CHROMA: chroma})
    assert np.isfinite(np.asarray(tape.gradient(loss, chroma))).all()
