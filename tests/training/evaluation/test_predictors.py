"""Models from each kind of place, and the controls."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from photochrom_contract import lab, photograph, tensors
from photochrom_contract.description import Description
from photochrom_contract.manifest import ManifestError
from photochrom_training import saved_model
from photochrom_training.evaluation import predictors
from photochrom_training.evaluation.evaluation import batches, merged, stretched
from photochrom_training.evaluation.predictors import ConstantChroma, ModelError, TruthReduced
from photochrom_training.evaluation.test_set import TestSet
from tests import model_factory


@pytest.fixture
def version(model_repository: Path) -> Path:
    return model_repository / "photochrom" / "1"


def test_a_version_folder_is_run_at_its_default_size(version: Path, shard: Path) -> None:
    model = predictors.load(version)
    assert (model.name, model.size, model.chroma_size) == ("photochrom/1 (64 px)", 64, (32, 32))
    photographs = list(TestSet.open(shard))
    for one, plane in zip(photographs, model.predict(photographs), strict=True):
        seen = photograph.reduce_lightness(one.lightness, 64)
        assert plane == pytest.approx(model_factory.expected_chroma(seen), abs=1e-3)


def test_a_bare_onnx_file_and_another_size(version: Path, tmp_path: Path) -> None:
    bare = Path(shutil.copy(version / "model.onnx", tmp_path / "trial.onnx"))
    assert predictors.load(bare).size == predictors.FREE_SIZE
    assert predictors.load(bare, 32).chroma_size == (16, 16)
    assert predictors.load(version / "model.onnx").size == 64  # its manifest lies beside it


def test_a_saved_model_gives_what_it_computes(tmp_path: Path, shard: Path) -> None:
    import tensorflow

    class Tint(tensorflow.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.tint = tensorflow.Variable([[[[7.0]], [[-3.0]]]])

        @tensorflow.function(  # type: ignore[untyped-decorator]
            input_signature=[tensorflow.TensorSpec((None, 1, None, None), name=tensors.LIGHTNESS)]
        )
        def __call__(self, lightness: object) -> dict[str, object]:
            return {tensors.CHROMA: tensorflow.zeros_like(lightness) + self.tint}

    tint = Tint()
    tensorflow.saved_model.save(tint, str(tmp_path / "tint"), signatures=tint.__call__)
    Description("tint", "Adds one tint", (32, 48), 48).write(tmp_path / "tint")
    model = predictors.load(tmp_path / "tint")
    assert (model.name, model.size) == ("tint (48 px)", 48)
    (plane,) = model.predict([next(iter(TestSet.open(shard)))])
    assert plane.tolist() == np.broadcast_to(np.reshape([7.0, -3.0], (2, 1, 1)), (2, 48, 48)).tolist()


def test_a_saved_model_with_a_temperature_is_run_at_its_own(tmp_path: Path, shard: Path) -> None:
    import keras

    inputs = {
        tensors.LIGHTNESS: keras.Input((1, None, None), name=tensors.LIGHTNESS),
        tensors.TEMPERATURE: keras.Input(batch_shape=(), name=tensors.TEMPERATURE),
    }
    both = keras.ops.concatenate([inputs[tensors.LIGHTNESS]] * 2, axis=1)
    network = keras.Model(inputs, {tensors.CHROMA: both * inputs[tensors.TEMPERATURE]})
    description = Description("annealed", "Doubles", (32,), 32, temperature=0.5)
    saved_model.write(network, description, tmp_path / "annealed")
    one = next(iter(TestSet.open(shard)))
    (plane,) = predictors.load(tmp_path / "annealed").predict([one])
    seen = photograph.reduce_lightness(one.lightness, 32).astype(np.float32) * (100 / 255)
    assert plane == pytest.approx(np.stack([seen, seen]) / 2, abs=1e-3)


def test_what_is_no_model_is_refused_by_name(version: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing: not an ONNX file"):
        predictors.load(tmp_path / "missing")
    (tmp_path / "broken.onnx").write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"broken\.onnx: cannot be loaded"):
        predictors.load(tmp_path / "broken.onnx")
    onnx.save(model_factory.build_model(input_name="grey"), tmp_path / "other.onnx")
    with pytest.raises(ModelError, match="must be lightness and chroma"):
        predictors.load(tmp_path / "other.onnx")
    with (version / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ManifestError, match="SHA-256"):
        predictors.load(version)


@pytest.mark.parametrize("size", [32, 56, 200])
def test_the_chroma_that_is_measured_is_the_chroma_that_is_merged(shard: Path, size: int) -> None:
    """Of planes smaller than the photographs, larger on one axis, and on both."""
    for one in TestSet.open(shard):
        (plane,) = TruthReduced(size, size).predict([one])
        plane = plane * np.float32(0.5)  # well within sRGB: at its edge a table's step is much chroma
        chroma = stretched(one, plane)
        recombined = lab.lab_to_rgb(lab.desaturate_to_gamut(np.stack([one.lightness, *chroma], axis=-1)))
        difference = merged(one, plane) - recombined * 255
        assert np.abs(difference).max() < 0.6  # rounded to 8 bits; the merge's way is by table


def test_a_model_that_fails_on_more_than_one_photograph_is_refused_at_once(tmp_path: Path) -> None:
    model = model_factory.build_model()
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, tmp_path / "one.onnx")
    with pytest.raises(ModelError, match=r"one\.onnx: fails on 2 inputs of 256 px: "):
        predictors.load(tmp_path / "one.onnx")


def test_a_model_that_fails_in_the_middle_is_named(version: Path, shard: Path) -> None:
    def fail(lightness: np.ndarray) -> np.ndarray:
        raise RuntimeError(f"no memory for {lightness.shape}\nand more")

    model = dataclasses.replace(predictors.load(version), run=fail)
    with pytest.raises(ModelError, match=r"^photochrom/1 \(64 px\): fails on 5 inputs of 64 px: no memory"):
        model.predict(list(TestSet.open(shard)))
    half = dataclasses.replace(predictors.load(version), chroma_size=(16, 16))
    with pytest.raises(ModelError, match=r"chroma must be \(5, 2, 16, 16\) for 5 inputs"):
        half.predict(list(TestSet.open(shard)))


def test_a_saved_model_whose_description_is_damaged_is_not_taken_for_one_without(tmp_path: Path) -> None:
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "saved_model.pb").touch()
    (tmp_path / "assets.extra" / "photochrom.json").write_text("{")
    with pytest.raises(ModelError, match=r"photochrom\.json: not a readable description"):
        predictors.load(tmp_path)


def test_truth_at_its_own_resolution_is_the_truth_and_at_one_pixel_its_mean(shard: Path) -> None:
    one = next(iter(TestSet.open(shard)))
    (full,) = TruthReduced(*one.lightness.shape).predict([one])
    assert full == pytest.approx(one.chroma, abs=1e-4)
    (mean,) = TruthReduced(1, 1).predict([one])
    assert mean[:, 0, 0] == pytest.approx(one.chroma.mean(axis=(1, 2)), abs=1e-2)


def test_a_constant_is_the_same_for_all(shard: Path) -> None:
    planes = ConstantChroma("green", (-30, 20)).predict(list(TestSet.open(shard)))
    assert [plane.ravel().tolist() for plane in planes] == [[-30, 20]] * 5


def test_batches_hold_photographs_of_one_size_in_order(shard: Path) -> None:
    sizes = [[one.picture.size for one in batch] for batch in batches(TestSet.open(shard))]
    assert sizes == [[(64, 64)] * 3, [(48, 64)] * 2]
    many = TestSet(TestSet.open(shard, limit=1).entries * 40)
    assert [len(batch) for batch in batches(many)] == [16, 16, 8]
