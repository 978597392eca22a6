"""Processes that learn together: one of them writes, and all go on from what it wrote."""

import importlib.util
from pathlib import Path

import pytest

from photochrom_training.processes import Processes, ProcessesError, joined

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="JAX is not installed: pip install jax"
)


def test_the_first_works_in_the_run_s_folder(tmp_path: Path) -> None:
    with Processes(count=2, number=0).folder(tmp_path) as folder:
        assert folder == tmp_path


def test_another_works_in_a_copy_and_leaves_what_it_skipped(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    for name in ("run.json", "history.csv", "checkpoints/progress.json", "skipped.json"):
        (tmp_path / name).write_text(f"the first's {name}")
    (tmp_path / "skipped-1.json").write_text("before")
    (tmp_path / ".process-1" / "checkpoints").mkdir(parents=True)  # it was killed

    with Processes(count=2, number=1).folder(tmp_path) as folder:
        for name in ("run.json", "history.csv", "checkpoints/progress.json"):
            assert (folder / name).read_text() == f"the first's {name}"
            (folder / name).write_text("its own")
        assert (folder / "skipped.json").read_text() == "before"
        (folder / "skipped.json").write_text("now")

    assert not folder.exists()
    assert (tmp_path / "skipped-1.json").read_text() == "now"
    assert (tmp_path / "history.csv").read_text() == "the first's history.csv"


def test_one_that_knows_of_no_others_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", raising=False)

    assert (joined().count, joined().number) == (1, 0)


def test_one_that_is_not_told_which_it_is_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "trainer-0:7000")
    monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", "two")

    with pytest.raises(ProcessesError, match="JOB_ADDRESSES=trainer-0:7000: "):
        joined()
