"""A run leaves a SavedModel, its history and its checkpoints."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photochrom_contract.description import Description
from photochrom_training import history
from tests.training.tiny_configuration import EPOCHS


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
