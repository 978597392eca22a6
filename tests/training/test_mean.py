"""The mean of runs: their weights added up, as a run that others start from and as a SavedModel."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from photochrom_contract.description import Description
from photochrom_training import identity, saved_model
from photochrom_training.checkpoints import Best, WeightsMismatchError
from photochrom_training.identity import RunMismatchError
from photochrom_training.learner import Learner
from photochrom_training.mean import mean
from tests.training import tiny_configuration

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras

CONFIGURATION = tiny_configuration.configuration(1)


def kept(run: Path) -> list[np.ndarray]:
    network = tiny_configuration.build()
    Best(run / "checkpoints").load(Learner(network, lambda *_: 0.0))
    weights: list[np.ndarray] = network.get_weights()
    return weights


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    for seed, name in enumerate("ab"):
        keras.utils.set_random_seed(seed)
        path = Best(folder / name / "checkpoints").path
        path.parent.mkdir(parents=True)
        network = tiny_configuration.build()
        Learner(network, lambda *_: 0.0).save_weights(path)
        told = {"seed": seed, "photographs": 21}
        saved_model.write(network, Description("tiny", "", (32,), 32, told), folder / name / "saved_model")
    return folder / "a", folder / "b"


def test_a_run_named_twice_counts_twice(runs: tuple[Path, Path], tmp_path: Path) -> None:
    a, b = runs

    mean(CONFIGURATION, [a, b, a], tmp_path)

    for one, other, between in zip(kept(a), kept(b), kept(tmp_path), strict=True):
        np.testing.assert_allclose(between, (2 * one + other) / 3, rtol=1e-6, atol=1e-7)


def test_the_saved_model_has_these_weights_and_says_which_runs_they_are_of(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    import tensorflow as tf

    written = mean(CONFIGURATION, runs, tmp_path)

    network = tiny_configuration.build()
    network.set_weights(kept(tmp_path))
    planes = np.random.default_rng(0).uniform(0, 100, (2, 1, 32, 32)).astype(np.float32)
    predict = tf.saved_model.load(str(written)).signatures["serving_default"]
    vivid = CONFIGURATION.vividness * np.asarray(network(planes))
    assert abs(vivid).max() > 0.01
    np.testing.assert_allclose(predict(lightness=planes)["chroma"], vivid, rtol=1e-4, atol=1e-5)
    told = Description.read(written).provenance
    assert told["mean_of"] == {
        "photographs": 21,
        "times": 1,
        "1": {"run": "a", "seed": 0},
        "2": {"run": "b", "seed": 1},
    }
    assert told["vividness"] == CONFIGURATION.vividness


def test_a_mean_may_be_made_again_and_keeps_its_folder(runs: tuple[Path, Path], tmp_path: Path) -> None:
    for _ in range(2):
        mean(CONFIGURATION, runs, tmp_path)

    with pytest.raises(RunMismatchError, match=r"with mean_of \['a', 'b'\] and not \['a'\]"):
        mean(CONFIGURATION, runs[:1], tmp_path)
    wanted = identity.of_run(CONFIGURATION, [], 0, precision="float32", start_from=None, keep_last=False)
    with (
        pytest.raises(RunMismatchError, match="holds another run"),
        identity.claimed(tmp_path, CONFIGURATION, wanted),
    ):
        pass


def test_runs_of_another_kind_are_refused(runs: tuple[Path, Path], tmp_path: Path) -> None:
    mean(CONFIGURATION, runs, tmp_path / "vivid")
    paler = dataclasses.replace(CONFIGURATION, vividness=1.0)

    with pytest.raises(RunMismatchError, match=r"vivid holds another run, with vividness 2\.0 and not 1\.0"):
        mean(paler, [tmp_path / "vivid"], tmp_path / "pale")
    made = mean(paler, [tmp_path / "vivid"], tmp_path / "pale", vividness=1.0)
    assert Description.read(made).provenance["vividness"] == 1.0


def test_what_cannot_be_averaged_is_named(runs: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere.*no such file"):
        mean(CONFIGURATION, [runs[0], tmp_path / "nowhere"], tmp_path / "mean")

    other = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    path = Best(tmp_path / "other" / "checkpoints").path
    path.parent.mkdir(parents=True)
    Learner(other, lambda *_: 0.0).save_weights(path)
    with pytest.raises(WeightsMismatchError, match="weights of another network"):
        mean(CONFIGURATION, [runs[0], tmp_path / "other"], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
