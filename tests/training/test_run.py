"""A run leaves a SavedModel, its history and its checkpoints, and a kill costs it nothing."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom_contract.description import Description
from photochrom_training import history

PROGRAM = Path(__file__).with_name("tiny_configuration.py")
EPOCHS = 4


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    random = np.random.default_rng(0)
    for number in range(20):
        small = Image.fromarray(random.integers(0, 256, (5, 5, 3), np.uint8))
        small.resize((48, 48), Image.Resampling.BILINEAR).save(folder / f"{number}.png")
    Image.new("L", (48, 48), 90).save(folder / "grey.png")
    return folder


def command(photographs: Path, output: Path) -> list[str]:
    return [sys.executable, str(PROGRAM), str(photographs), str(output), str(EPOCHS)]


@pytest.fixture(scope="module")
def finished(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("run") / "finished"
    subprocess.run(command(photographs, output), check=True, capture_output=True, timeout=300)
    return output


def test_the_history_is_a_table_and_a_picture(finished: Path) -> None:
    rows = history.read(finished / "history.csv")

    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert all(row["loss"] > 0 and row["val_loss"] > 0 and 0 <= row["val_accuracy"] <= 1 for row in rows)
    with Image.open(finished / "history.png") as picture:
        assert picture.width > 600


def test_the_best_epoch_is_kept(finished: Path) -> None:
    losses = [row["val_loss"] for row in history.read(finished / "history.csv")]
    best = json.loads((finished / "checkpoints" / "best.json").read_text())

    assert best["epoch"] == 1 + int(np.argmin(losses))
    assert (finished / "checkpoints" / "best.weights.h5").stat().st_size > 0


@pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None,
    reason="TensorBoard is not installed: pip install tensorboard",
)
def test_tensorboard_shows_the_same_losses(finished: Path) -> None:
    program = (
        "import sys\n"
        "from tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n"
        "from tensorboard.util import tensor_util\n"
        "events = EventAccumulator(sys.argv[1])\n"
        "events.Reload()\n"
        "print(*(float(tensor_util.make_ndarray(e.tensor_proto)) for e in events.Tensors('epoch_loss')))\n"
    )

    shown = [
        subprocess.run(
            [sys.executable, "-c", program, str(finished / "logs" / part)],
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        ).stdout
        for part in ("train", "validation")
    ]

    rows = history.read(finished / "history.csv")
    for line, name in zip(shown, ("loss", "val_loss"), strict=True):
        assert [float(each) for each in line.split()] == pytest.approx([row[name] for row in rows], rel=1e-4)


def test_what_was_skipped_is_listed(photographs: Path, finished: Path) -> None:
    assert json.loads((finished / "skipped.json").read_text()) == {
        str(photographs / "grey.png"): "has no color"
    }


def test_the_saved_model_has_the_contracts_signature(finished: Path) -> None:
    program = (
        "import sys, numpy, tensorflow as tf\n"
        "loaded = tf.saved_model.load(sys.argv[1])\n"
        "predict = loaded.signatures['serving_default']\n"
        "for side in (32, 64):\n"
        "    planes = tf.fill((2, 1, side, side), 50.0)\n"
        "    print(tuple(predict(lightness=planes)['chroma'].shape))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program, str(finished / "saved_model")],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert shown.stdout.split("\n")[:2] == ["(2, 2, 8, 8)", "(2, 2, 16, 16)"]
    description = Description.read(finished / "saved_model")
    assert (description.name, description.sizes, description.default_size) == ("tiny", (32, 64), 32)
    assert description.provenance["photographs"] == 21
    assert description.provenance["epochs"] == EPOCHS


def test_the_saved_models_chroma_is_the_networks_made_more_vivid(finished: Path) -> None:
    program = (
        "import sys, keras, numpy, tensorflow as tf\n"
        "from pathlib import Path\n"
        "from tests.training import tiny_configuration\n"
        "from photochrom_training.checkpoints import Best\n"
        "from photochrom_training.learner import Learner\n"
        "network = tiny_configuration.build()\n"
        "Best(Path(sys.argv[1]) / 'checkpoints').load(Learner(network, None))\n"
        "predict = tf.saved_model.load(sys.argv[1] + '/saved_model').signatures['serving_default']\n"
        "planes = tf.random.stateless_uniform((2, 1, 32, 32), (0, 0), 0.0, 100.0)\n"
        "chroma, plain = predict(lightness=planes)['chroma'].numpy(), network(planes).numpy()\n"
        "assert abs(plain).max() > 0.01\n"
        "numpy.testing.assert_allclose(chroma, numpy.clip(2 * plain, -110, 110), rtol=1e-4, atol=1e-5)\n"
    )

    subprocess.run(
        [sys.executable, "-c", program, str(finished)],
        check=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
    )


def test_a_killed_run_goes_on_to_the_same_history(photographs: Path, finished: Path, tmp_path: Path) -> None:
    killed = subprocess.Popen(
        command(photographs, tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    give_up = time.monotonic() + 300
    while not (tmp_path / "checkpoints" / "progress.json").exists():
        assert killed.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < give_up
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    rows_before = history.read(tmp_path / "history.csv")
    assert len(rows_before) < EPOCHS

    resumed = subprocess.run(
        command(photographs, tmp_path), check=True, capture_output=True, text=True, timeout=300
    )

    assert f"going on after epoch {len(rows_before)} of {EPOCHS}" in resumed.stderr
    rows = history.read(tmp_path / "history.csv")
    assert rows[: len(rows_before)] == rows_before  # not trained again: the seconds are the same, too
    for row, whole in zip(rows, history.read(finished / "history.csv"), strict=True):
        assert row["epoch"] == whole["epoch"]
        assert row["loss"] == pytest.approx(whole["loss"], rel=1e-3)
        assert row["val_loss"] == pytest.approx(whole["val_loss"], rel=1e-3)


def test_a_finished_run_is_not_trained_again(photographs: Path, finished: Path) -> None:
    before = (finished / "history.csv").read_bytes()

    subprocess.run(command(photographs, finished), check=True, capture_output=True, timeout=300)

    assert (finished / "history.csv").read_bytes() == before


def test_a_run_does_not_go_on_from_another_one(photographs: Path, finished: Path) -> None:
    other = [*command(photographs, finished)[:-1], str(EPOCHS + 1)]

    refused = subprocess.run(other, check=False, capture_output=True, text=True, timeout=300)

    assert refused.returncode != 0
    assert f"holds another run, with epochs {EPOCHS} and not {EPOCHS + 1}" in refused.stderr


def test_a_run_starts_from_the_best_weights_of_another(
    photographs: Path, finished: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [*command(photographs, tmp_path), "--start-from", str(finished)],
        check=True,
        capture_output=True,
        timeout=300,
    )

    untrained, trained = (history.read(folder / "history.csv")[0]["loss"] for folder in (finished, tmp_path))
    assert trained < untrained
    assert Description.read(tmp_path / "saved_model").provenance["start_from"] == finished.name


def test_a_run_cannot_start_from_a_folder_without_one(photographs: Path, tmp_path: Path) -> None:
    refused = subprocess.run(
        [*command(photographs, tmp_path / "run"), "--start-from", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert refused.returncode != 0
    assert "best.weights.h5: no such file; a run has one after its first epoch" in refused.stderr


def test_lower_precision_learns_much_the_same_and_leaves_a_float32_model(
    photographs: Path, finished: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [*command(photographs, tmp_path), "--precision", "mixed_bfloat16"],
        check=True,
        capture_output=True,
        timeout=300,
    )

    for row, whole in zip(
        history.read(tmp_path / "history.csv"), history.read(finished / "history.csv"), strict=True
    ):
        assert row["loss"] != whole["loss"]
        assert row["loss"] == pytest.approx(whole["loss"], rel=0.03)
    graph = (tmp_path / "saved_model" / "saved_model.pb").read_bytes()
    assert b"bfloat16" not in graph.lower()


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed: pip install jax")
def test_a_batch_shared_out_over_devices_teaches_what_it_teaches_one(
    photographs: Path, tmp_path: Path
) -> None:
    one, four = tmp_path / "one", tmp_path / "four"
    devices = "--xla_force_host_platform_device_count=4"
    jax = {**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": devices}

    subprocess.run(command(photographs, one), check=True, capture_output=True, timeout=300, env=jax)
    subprocess.run(
        [*command(photographs, four), "--distribute"], check=True, capture_output=True, timeout=300, env=jax
    )

    rows = zip(history.read(one / "history.csv"), history.read(four / "history.csv"), strict=True)
    for alone, shared in rows:
        assert shared["loss"] == pytest.approx(alone["loss"], rel=1e-4)
        assert shared["val_loss"] == pytest.approx(alone["val_loss"], rel=1e-4)
    assert not (four / "saved_model").exists()
    subprocess.run(command(photographs, four), check=True, capture_output=True, timeout=300)
    assert Description.read(four / "saved_model").provenance["epochs"] == EPOCHS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--precision", "float8"],
            "no precision 'float8'; there are: float32, mixed_bfloat16, mixed_float16",
        ),
        (["--distribute"], "Keras distributes a run over devices with its JAX backend alone"),
    ],
)
def test_what_the_machine_cannot_do_is_said(
    options: list[str], message: str, photographs: Path, tmp_path: Path
) -> None:
    refused = subprocess.run(
        [*command(photographs, tmp_path / "run"), *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert refused.returncode != 0
    assert message in refused.stderr
    assert not (tmp_path / "run").exists()
