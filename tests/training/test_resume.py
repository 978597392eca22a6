"""A kill costs a run nothing, and no run goes on from another."""

import dataclasses
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import keras
import pytest

from photochrom_contract.description import Description
from photochrom_training import history, run
from photochrom_training.checkpoints import Progress
from photochrom_training.photographs import PhotographsError, index, split
from tests.training import tiny_configuration
from tests.training.tiny_configuration import EPOCHS, command


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


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras
def test_a_run_goes_on_with_the_very_batches_in_their_order(photographs: Path, tmp_path: Path) -> None:
    stepping_far = dataclasses.replace(
        tiny_configuration.configuration(4),
        averaged=False,
        optimizer=lambda _: keras.optimizers.RMSprop(0.05),
    )

    def stop(epoch: int, _: object) -> None:
        if epoch == 2:
            raise InterruptedError

    stopped = dataclasses.replace(
        stepping_far, callbacks=lambda _: [keras.callbacks.LambdaCallback(on_epoch_end=stop)]
    )

    run.train(stepping_far, [photographs], tmp_path / "whole")
    with pytest.raises(InterruptedError):
        run.train(stopped, [photographs], tmp_path / "stopped")
    run.train(stepping_far, [photographs], tmp_path / "stopped")

    whole, resumed = (history.read(tmp_path / name / "history.csv") for name in ("whole", "stopped"))
    for name in ("loss", "val_loss"):
        assert [row[name] for row in resumed] == pytest.approx([row[name] for row in whole], rel=1e-4)


@pytest.mark.parametrize("seed", [0, 1])
def test_kills_at_any_moment_cost_nothing(
    seed: int, photographs: Path, finished: Path, tmp_path: Path
) -> None:
    draw = random.Random(seed)
    began, ended = ((finished / name).stat().st_mtime for name in ("run.json", "history.csv"))
    for _ in range(3):
        going = subprocess.Popen(
            command(photographs, tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        (tmp_path / ".run.lock").unlink(missing_ok=True)  # it is there again as soon as the run begins
        give_up = time.monotonic() + 300
        while not (tmp_path / ".run.lock").exists() and time.monotonic() < give_up:
            time.sleep(0.02)
        time.sleep(draw.uniform(0, ended - began))
        going.kill()
        going.wait()

    subprocess.run(command(photographs, tmp_path), check=True, capture_output=True, timeout=300)

    rows, whole = (history.read(folder / "history.csv") for folder in (tmp_path, finished))
    assert [row["epoch"] for row in rows] == [row["epoch"] for row in whole]
    for name in ("loss", "val_loss"):
        assert [row[name] for row in rows] == pytest.approx([row[name] for row in whole], rel=1e-3)
    assert Description.read(tmp_path / "saved_model").provenance["epochs"] == EPOCHS


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


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras
def test_a_run_whose_photographs_vanish_ends_and_says_so(photographs: Path, tmp_path: Path) -> None:
    vanishing = tmp_path / "photographs"
    shutil.copytree(photographs, vanishing)
    chosen = dataclasses.replace(
        tiny_configuration.configuration(50),
        callbacks=lambda _: [
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda *_: shutil.rmtree(vanishing, ignore_errors=True)
            )
        ],
    )

    with pytest.raises(PhotographsError, match="no photograph can be learned from any more"):
        run.train(chosen, [vanishing], tmp_path / "run")

    assert Progress(tmp_path / "run" / "checkpoints").epochs >= 1


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras
def test_a_run_goes_on_once_a_held_out_photograph_is_there_again(photographs: Path, tmp_path: Path) -> None:
    place, away = tmp_path / "photographs", tmp_path / "away.png"
    shutil.copytree(photographs, place)
    held_out = split(index([place]), tiny_configuration.configuration(2).validation_share)[1][0].file
    chosen = dataclasses.replace(
        tiny_configuration.configuration(2),
        callbacks=lambda _: [
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda *_: held_out.exists() and held_out.rename(away)
            )
        ],
    )

    with pytest.raises(PhotographsError, match=f"held out cannot be read any more.*{held_out.name}"):
        run.train(chosen, [place], tmp_path / "run")
    away.rename(held_out)

    run.train(tiny_configuration.configuration(2), [place], tmp_path / "run")
    assert len(history.read(tmp_path / "run" / "history.csv")) == 2


def test_a_run_that_holds_out_grey_alone_says_so(photographs: Path, tmp_path: Path) -> None:
    chosen = dataclasses.replace(tiny_configuration.configuration(1), validation_share=0)
    place = tmp_path / "photographs"
    shutil.copytree(photographs, place)
    (one,) = split(index([place]), chosen.validation_share)[1]
    shutil.copyfile(photographs / "grey.png", one.file)

    with pytest.raises(
        PhotographsError, match=f"of 1 photographs held out none will do, as .*{one.name}: has no"
    ):
        run.train(chosen, [place], tmp_path / "run")


def test_a_run_among_its_own_photographs_could_not_go_on(photographs: Path) -> None:
    with pytest.raises(PhotographsError, match=r"run lies in .*: choose another --output"):
        run.train(tiny_configuration.configuration(2), [photographs], photographs / "run")
    assert not (photographs / "run").exists()
