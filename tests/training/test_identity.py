"""A folder holds one run, and one process at a time."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from photochrom_training import identity
from photochrom_training.checkpoints import Progress
from photochrom_training.identity import RunMismatchError
from photochrom_training.photographs import Photograph
from tests.training import tiny_configuration

CONFIGURATION = tiny_configuration.configuration(3)


def a_run(folder: Path, size: int = 1, **choices: Any) -> dict[str, Any]:
    chosen = {"seed": 0, "precision": "float32", "start_from": None, "keep_last": False, **choices}
    found = [Photograph(folder, 0, size, "one.png"), Photograph(folder, 0, 2, "other.png")]
    return identity.of_run(CONFIGURATION, found, chosen.pop("seed"), **chosen)


def begin(output: Path, wanted: dict[str, Any]) -> None:
    with identity.claimed(output, CONFIGURATION, wanted):
        checkpoints = output / "checkpoints"
        checkpoints.mkdir()
        (checkpoints / "progress.json").write_text('{"epoch": 1, "weights": "progress-1.weights.h5"}')


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"seed": 1}, "with seed 0 and not 1"),
        ({"precision": "mixed_float16"}, "with precision float32 and not mixed_float16"),
        ({"start_from": Path("runs/decoder")}, "with start_from None and not decoder"),
        ({"keep_last": True}, "with keep_last False and not True"),
        ({"size": 3}, "with found "),
    ],
    ids=str,
)
def test_a_run_is_known_by_what_it_learns_from_and_how(
    other: dict[str, Any], message: str, tmp_path: Path
) -> None:
    begin(tmp_path, a_run(tmp_path))

    with (
        pytest.raises(RunMismatchError, match=f"{message}.*: give the choices that it was made with"),
        identity.claimed(tmp_path, CONFIGURATION, a_run(tmp_path, **other)),
    ):
        pass


def test_what_began_it_stays_on_record(tmp_path: Path) -> None:
    begin(tmp_path, a_run(tmp_path))
    record = (tmp_path / "run.json").read_text()

    other_code = dataclasses.replace(CONFIGURATION, vividness=1.0)
    with identity.claimed(tmp_path, other_code, a_run(tmp_path)) as made_by:
        assert made_by["vividness"] == CONFIGURATION.vividness
    assert (tmp_path / "run.json").read_text() == record


def test_a_folder_with_no_epoch_finished_goes_to_whoever_wants_it(tmp_path: Path) -> None:
    with identity.claimed(tmp_path, CONFIGURATION, a_run(tmp_path)):
        (tmp_path / "checkpoints").mkdir()
        (tmp_path / "checkpoints" / "best.json").write_text('{"epoch": 1, "val_loss": 0.0}')

    with identity.claimed(tmp_path, CONFIGURATION, a_run(tmp_path, seed=1)):
        assert not (tmp_path / "checkpoints").exists()  # nor counts what the other one had found


def test_checkpoints_of_no_known_run_are_left_alone(tmp_path: Path) -> None:
    published = tmp_path / "checkpoints" / "best.weights.h5"
    published.parent.mkdir()
    published.write_bytes(b"weights")

    with (
        pytest.raises(RunMismatchError, match="holds checkpoints of a run that it does not tell of: choose"),
        identity.claimed(tmp_path, CONFIGURATION, a_run(tmp_path)),
    ):
        pass
    assert published.read_bytes() == b"weights"


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        identity.claimed(tmp_path, CONFIGURATION, a_run(tmp_path)),
        pytest.raises(RunMismatchError, match=r"another process is at work in .*: wait for it, or choose"),
        identity.claimed(tmp_path, CONFIGURATION, a_run(tmp_path)),
    ):
        pass
    with identity.claimed(tmp_path, CONFIGURATION, a_run(tmp_path)):
        assert Progress(tmp_path / "checkpoints").epochs == 0
