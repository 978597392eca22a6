"""The perceptual loss sees recombined pictures, and what it is to AlexNet that they differ."""

import keras
import numpy as np
import pytest

from photochrom_contract import lab
from photochrom_contract.tensors import CHROMA
from photochrom_training import objectives, perceptual
from photochrom_training.evaluation.lpips import Lpips


def test_a_recombined_picture_is_the_picture() -> None:
    rgb = np.repeat(np.repeat(np.random.default_rng(0).uniform(0.3, 0.7, (1, 2, 2, 3)), 16, 1), 16, 2)
    planes = lab.rgb_to_lab(rgb.astype(np.float32))

    picture = np.asarray(
        perceptual.recombine(planes[..., 0][:, None], planes[:, ::4, ::4, 1:].transpose(0, 3, 1, 2))
    )

    assert picture.shape == rgb.shape
    inside = picture[:, 4:12, 4:12]  # away from the edges of a patch, over which chroma is stretched
    np.testing.assert_allclose(inside, rgb[:, 4:12, 4:12], atol=2e-3)


def test_the_loss_is_the_chromas_and_the_measure_of_the_evaluation(random_lpips: Lpips) -> None:
    random = np.random.default_rng(1)
    lightness = random.uniform(20, 80, (2, 1, 64, 64)).astype(np.float32)
    truth, chroma = random.normal(0, 20, (2, 2, 2, 16, 16)).astype(np.float32)
    huber = objectives.huber(10.0)
    objective = perceptual.PerceptualRegression(huber, random_lpips, 100.0, gain=1.25)

    loss = float(objective(lightness, truth, {CHROMA: chroma}))

    ours, theirs = (
        np.rint(255 * np.asarray(perceptual.recombine(lightness, planes))).astype(np.uint8)
        for planes in (chroma, truth)
    )
    measured = random_lpips.distance(random_lpips.features(ours), random_lpips.features(theirs)).mean()
    assert measured > 0.01
    assert loss == pytest.approx(float(huber(1.25 * truth, chroma)) + 100 * measured, rel=1e-2)


def test_a_network_learns_color_from_the_distance_alone(random_lpips: Lpips) -> None:
    import tensorflow as tf

    objective = perceptual.PerceptualRegression(keras.losses.MeanSquaredError(), random_lpips, weight=1e6)
    truth = np.full((1, 2, 16, 16), 30, np.float32)
    lightness = np.full((1, 1, 64, 64), 60, np.float32)
    grey = tf.zeros_like(truth)

    with tf.GradientTape() as tape:
        tape.watch(grey)
        loss = objective(lightness, truth, {CHROMA: grey})
    step = -np.asarray(tape.gradient(loss, grey))

    assert float(objective(lightness, truth, {CHROMA: 10 * step / np.abs(step).max()})) < float(loss)
    assert float(objective(lightness, truth, {CHROMA: truth})) == 0


def test_a_picture_without_anything_in_it_has_a_slope(random_lpips: Lpips) -> None:
    import tensorflow as tf

    objective = perceptual.PerceptualRegression(objectives.huber(10.0), random_lpips, weight=1.0)
    black = np.zeros((1, 1, 64, 64), np.float32)
    chroma = tf.zeros((1, 2, 16, 16))
    with tf.GradientTape() as tape:
        tape.watch(chroma)
        loss = objective(black, np.zeros((1, 2, 16, 16), np.float32), {CHROMA: chroma})
    assert np.isfinite(np.asarray(tape.gradient(loss, chroma))).all()
